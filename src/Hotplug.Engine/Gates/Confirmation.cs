using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Gates;

/// <summary>A run that did not conform, and what came of running it again.</summary>
/// <param name="Run">As it was found.</param>
internal sealed record Finding(RunResult Run)
{
    /// <summary>Of a failure that did not show again: the last run of the same operations. Null: it showed again, or
    /// was
    /// not tried.</summary>
    internal RunResult? Again { get; init; }

    /// <summary>Records of the run and of <see cref="Again"/>, where the machine keeps any.</summary>
    internal ImmutableArray<string> Records { get; init; } = [];

    /// <summary>The sequence of the campaign.</summary>
    internal long Sequence { get; init; }

    /// <summary>The harness failed once, and not when the same was tried again: nothing is known to be wrong.</summary>
    internal bool Passed { get; init; }
}

/// <summary>
/// Runs again what did not conform. A live kernel may answer differently: what it fails at once and not again is told
/// as flaky, never as a failure; and where the harness failed by bad luck a second try decides.
/// </summary>
internal static class Confirmation
{
    internal static Finding Of(Runner runner, RunResult found, int reruns)
    {
        var finding = new Finding(found) { Records = Record(runner, []) };
        for (var left = reruns; left > 0; left--)
        {
            var next = runner.Run(found.Spec, new TraceSource(found.Executed), found.Executed.Length);
            var records = Record(runner, finding.Records);
            if (finding.Run.Verdict == Verdict.Inconclusive)
            {
                if (next.Verdict == Verdict.Inconclusive)
                    return finding;
                if (next.Verdict == Verdict.Conforms)
                    return finding with { Passed = true };
                finding = new Finding(next) { Records = Record(runner, []) };
            }
            else if (next.Violation?.Rule == finding.Run.Violation!.Rule)
            {
                return finding with { Again = null };
            }
            else
            {
                finding = finding with { Again = next, Records = records };
            }
        }

        return finding;
    }

    // The first record stays, a later one takes the second place.
    private static ImmutableArray<string> Record(Runner runner, ImmutableArray<string> before) =>
        runner.Machine is not IKeepsRecord keeper ? before
        : before.IsEmpty ? [keeper.Record]
        : [before[0], keeper.Record];
}
