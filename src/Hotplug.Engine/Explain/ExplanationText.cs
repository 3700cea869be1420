using System.Text;

namespace Hotplug.Engine.Explain;

/// <summary>An explanation as text.</summary>
public static class ExplanationText
{
    /// <summary>Prints it: what matters, what could be anything, and what the failing operation changed.</summary>
    public static string Print(Explanation explanation)
    {
        var text = new StringBuilder("why\n");
        foreach (var weight in explanation.Operations)
        {
            text.Append("  ").Append(weight.Operation).Append(": ")
                .Append(weight.IsNeeded ? "needed" : "could be left out").Append('\n');
            foreach (var argument in weight.Arguments.Where(static a => a.Tried.Length > 0))
                text.Append("    ").Append(argument.Key).Append('=').Append(argument.Value).Append(Says(argument)).Append('\n');
        }

        var last = explanation.Operations.Length > 0 ? explanation.Operations[^1].Operation.ToString() : "the start";
        text.Append("what ").Append(last).Append(" changed\n");
        foreach (var line in explanation.Changes)
            text.Append("  ").Append(line).Append('\n');
        if (explanation.Changes.IsEmpty)
            text.Append("  nothing that can be seen\n");
        return text.Append("verified by ").Append(explanation.Executions).Append(" runs\n").ToString();
    }

    private static string Says(ArgumentWeight argument) => argument.IsFree
        ? $" could be anything ({argument.Tried.Length} others tried)"
        : argument.StillFails.IsEmpty
            ? $" matters ({argument.Tried.Length} others tried, none breaks the rule)"
            : " could be otherwise: " + string.Join("; ", argument.StillFails);
}
