using System.Text;

namespace Hotplug.Engine.Explain;

/// <summary>An explanation as text.</summary>
public static class ExplanationText
{
    private const string Indent = "          ";

    /// <summary>
    /// Prints it, as lines of a failure's report: what matters, what could be anything, where the machine leaves the
    /// rules and what that step changed.
    /// </summary>
    public static string Print(Explanation explanation)
    {
        var text = new StringBuilder();
        var label = "  why     ";
        foreach (var weight in explanation.Operations)
        {
            text.Append(label).Append(weight.Operation).Append(": ").Append(Says(weight)).Append('\n');
            label = Indent;
        }

        text.Append("  parts   ").Append(PartsAt(explanation)).Append('\n');
        label = "  changed ";
        foreach (var line in explanation.Changes.DefaultIfEmpty("nothing that can be seen"))
        {
            // Before and after one below the other: what differs meets the eye.
            text.Append(label).Append(line.Replace(" -> ", "\n" + Indent + "-> ", StringComparison.Ordinal)).Append('\n');
            label = Indent;
        }

        return text.Append("  checked each of these claims, in ").Append(explanation.Executions).Append(" runs\n").ToString();
    }

    private static string PartsAt(Explanation explanation) => explanation.PartsAt < 0
        ? "from the rules before any operation"
        : explanation.PartsAt == 0
            ? $"from the rules in its first operation, {explanation.Operations[0].Operation}"
            : $"from the rules in {explanation.Operations[explanation.PartsAt].Operation}: every step before it was "
                + "judged and conforms";

    private static string Says(OperationWeight weight)
    {
        var words = new List<string>
        {
            !weight.IsNeeded ? "could be left out"
                : weight.Without.Length == 0 ? "needed" : $"needed (without it: {weight.Without})",
        };
        words.AddRange(weight.Arguments.Select(Says));
        return string.Join("; ", words);
    }

    private static string Says(ArgumentWeight argument) => argument.IsFree
        ? $"{argument.Key} could be anything ({string.Join(", ", argument.StillFails)} tried)"
        : argument.StillFails.IsEmpty
            ? $"{argument.Key} must be {argument.Value} ({string.Join(", ", argument.Conforms)} tried)"
            : $"{argument.Key} could be {string.Join(", ", argument.StillFails)}, not {string.Join(", ", argument.Conforms)}";
}
