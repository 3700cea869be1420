using System.Globalization;
using System.Text;
using Hotplug.Cli.Input;
using Hotplug.Cli.Targets;
using Hotplug.Contract;
using Hotplug.Engine.Schedules.Search;

namespace Hotplug.Cli.Reports;

/// <summary>A fault of overlapping operations, and what came of looking for it.</summary>
/// <param name="Fault">The fault.</param>
/// <param name="Finding">What came of it.</param>
internal sealed record TriedRaceFault(SeededRaceFault Fault, RaceFaultFinding Finding)
{
    /// <summary>The rule that found it; else those that should have.</summary>
    internal string Rule => Finding.Found?.Violation.Rule ?? string.Join(" or ", Fault.KilledBy);

    /// <summary>A rule found it that is named for it.</summary>
    internal bool IsKilled => Finding.Found is { } found && Fault.KilledBy.Contains(found.Violation.Rule);

    /// <summary>It is as it should be: killed, or left alive where it breaks no rule.</summary>
    internal bool IsRight => Fault.KilledBy.IsEmpty ? Finding.Found is null : IsKilled;

    /// <summary>What is not as it should be.</summary>
    internal string Complaint => IsRight ? "" : Finding.Found is null ? "ALIVE" : "OTHER RULE";
}

/// <summary>The part of docs/RACES.md that is measured: every fault of overlapping operations.</summary>
internal static class RacesDocument
{
    private const string Begin = "<!-- faults: written by hotplug race --all-faults --markdown docs/RACES.md -->\n";
    private const string End = "<!-- end of faults -->";

    /// <summary>What every row begins with: all that does not depend on how it was measured.</summary>
    internal static string FixedPart(SeededRaceFault fault) =>
        $"| `{fault.Id}` | {fault.Summary} | {string.Join(", ", fault.KilledBy.Select(static r => $"`{r}`"))} |";

    /// <summary>Puts the table into the document, in place of the one that is there.</summary>
    internal static void Update(Surroundings surroundings, string file, IReadOnlyList<TriedRaceFault> trials)
    {
        var text = Readable.Open(file, () => File.ReadAllText(surroundings.Resolve(file)));
        var begin = text.IndexOf(Begin, StringComparison.Ordinal);
        var end = text.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
            throw new UsageException($"{file}: has no place for the table; it stands between '{Begin.Trim()}' and '{End}'");
        WholeFile.Write(surroundings, file, text[..(begin + Begin.Length)] + Print(trials) + text[end..]);
    }

    private static string Print(IReadOnlyList<TriedRaceFault> trials)
    {
        var text = new StringBuilder();
        foreach (var family in trials.GroupBy(static t => t.Fault.Family).OrderBy(static g => g.Key))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n### {Words.Of(family.Key)}\n\n");
            text.Append("| Fault | What goes wrong | Killed by | Found after | In | Operations | Preemptions |\n");
            text.Append("|---|---|---|---|---|---|---|\n");
            foreach (var trial in family)
                text.Append(FixedPart(trial.Fault)).Append(CultureInfo.InvariantCulture,
                    $" {trial.Finding.Schedules} | {trial.Finding.Family} | {trial.Finding.Minimal?.Race.Operations} | {trial.Finding.Minimal?.Result.Run.Preemptions} |\n");
        }

        return text.Append('\n').ToString();
    }
}
