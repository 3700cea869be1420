using System.Collections.Immutable;
using System.Text;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;
using Hotplug.Contract.Traces;

namespace Hotplug.Engine.Schedules;

/// <summary>
/// The text form of races: a trace without its first line, which is the prefix, and then for each CPU a line
/// <c>cpu</c> and its operations.
/// </summary>
public static class RaceText
{
    private const string Cpu = "cpu";

    /// <summary>Prints the text form.</summary>
    public static string Print(Race race)
    {
        var text = new StringBuilder();
        var spec = SpecText.Print(race.Spec);
        if (spec.Length > 0)
            text.Append("spec ").Append(spec).Append('\n');
        Append(text, race.Prefix);
        foreach (var operations in race.Cpus)
        {
            text.Append(Cpu).Append('\n');
            Append(text, operations);
        }

        return text.ToString();
    }

    /// <summary>Reads what <see cref="Print"/> writes. False: <paramref name="error"/> says where and why.</summary>
    public static bool TryParse(string text, out Race race, out TextError? error)
    {
        race = new Race(new MachineSpec(), [], []);
        var parts = new List<List<string>> { new() };
        foreach (var line in text.Split('\n'))
        {
            if (line.Trim() == Cpu)
                parts.Add([]);
            else
                parts[^1].Add(line);
        }

        if (!TryParse(parts[0], 0, out var prefix, out error))
            return false;
        var cpus = ImmutableArray.CreateBuilder<ImmutableArray<Operation>>();
        var line0 = parts[0].Count + 1;
        foreach (var part in parts.Skip(1))
        {
            if (!TryParse(part, line0, out var operations, out error))
                return false;
            cpus.Add(operations.Operations);
            line0 += part.Count + 1;
        }

        race = new Race(prefix.Spec, prefix.Operations, cpus.ToImmutable());
        return true;
    }

    private static void Append(StringBuilder text, ImmutableArray<Operation> operations)
    {
        foreach (var operation in operations)
            text.Append(operation.ToString()).Append('\n');
    }

    // The first line is line 1; the header that traces have stands before it.
    private static bool TryParse(List<string> lines, int before, out Trace trace, out TextError? error)
    {
        var parsed = TraceText.TryParse(string.Join('\n', [TraceText.Header, .. lines]), out trace, out error);
        if (error is not null)
            error = error with { Line = error.Line - 1 + before };
        return parsed;
    }
}
