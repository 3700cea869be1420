using System.Globalization;
using System.Text;
using Hotplug.Contract;

namespace Hotplug.Cli.Reports;

/// <summary>docs/FAULTS.md: every seeded fault, with what was measured of it.</summary>
internal static class FaultsDocument
{
    /// <summary>What every row begins with: all that does not depend on how it was measured.</summary>
    internal static string FixedPart(Targets.SeededFault fault) => string.Create(CultureInfo.InvariantCulture,
        $"| `{fault.Id}` | {fault.Catalogue} | {fault.Summary} | `{fault.KilledBy}` | {fault.Shortest} |");

    /// <summary>The whole document.</summary>
    internal static string Print(IReadOnlyList<FaultFinding> findings)
    {
        var starts = findings.Count == 0 ? 0 : findings[0].Starts.Count;
        var text = new StringBuilder($"""
            # Seeded faults

            Written by `hotplug faults --starts {starts} --markdown docs/FAULTS.md`: {findings.Count} rules that the optimised machine can be told to break,
            one at a time. Each is modelled on a historic bug (B-) or a hazard (I-) of the catalogue that the rules started from, and must be
            found by the rule that is named, by random sequences, within the budget of `hotplug faults`.

            *Shortest* is the length of the shortest trace that shows the fault in any of the small scopes of `hotplug explore`: nothing
            shorter does, as a breadth-first search over everything shorter has shown (`hotplug faults --prove` does it again). *Found
            after* are the operations of random sequences until the rule broke, and *executions* the runs of candidates in which the
            shrinker came to its answer; each is the median of {starts} starts from different seeds. *At shortest* says how many of them
            ended in a trace of the shortest length, *answers* how many different traces, machine and all, they ended in.

            The machine of a random sequence is another one than those of the small scopes. Both are comparable because the shrinker knows
            the scopes: it takes failures to those machines, as soon as they show the same rule in no more operations. The search there – on
            average {FaultFinding.AveragePairs(findings):0} pairs of a state and an operation for a fault – does not depend on the start, and is made once for all of them.

            All together: {string.Join("; ", FaultFinding.Sums(findings))}.

            """);
        foreach (var family in findings.GroupBy(static f => f.Fault.Family))
        {
            text.Append('\n').Append(CultureInfo.InvariantCulture,
                $"## {(family.Key is { } named ? Words.Of(named) : "others")}\n\n");
            text.Append("| Fault | Like | What goes wrong | Killed by | Shortest | Found after | At shortest | Answers | Executions |\n");
            text.Append("|---|---|---|---|---|---|---|---|---|\n");
            foreach (var finding in family)
                text.Append(FixedPart(finding.Fault)).Append(CultureInfo.InvariantCulture,
                    $" {finding.MedianOperations} | {finding.AtShortest} of {finding.Starts.Count} | {finding.Answers} | {finding.MedianExecutions} |\n");
        }

        return text.ToString();
    }
}
