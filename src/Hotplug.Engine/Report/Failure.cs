using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Explain;
using Hotplug.Engine.Run;
using Hotplug.Engine.Shrink;

namespace Hotplug.Engine.Report;

/// <summary>A failure as it is reported.</summary>
/// <param name="Machine">Who failed.</param>
/// <param name="Run">The run that shows it: the shrunk one where it was shrunk.</param>
/// <param name="OriginalLength">Operations of the run that found it.</param>
public sealed record Failure(MachineIdentity Machine, RunResult Run, int OriginalLength)
{
    /// <summary>The rule that was broken, or why nothing is known.</summary>
    public Violation Violation => Run.Violation!;

    /// <summary>False if it did not show again when it was repeated.</summary>
    public bool Reproduced { get; init; } = true;

    /// <summary>
    /// What came of the same operations when they were run again and did not fail in the same way; null otherwise.
    /// </summary>
    public RunResult? Again { get; init; }

    /// <summary>It showed once and not again: reported with both runs, and never as a failure that is sure.</summary>
    public bool IsFlaky => Again is not null;

    /// <summary>What it comes to: of a flaky failure nothing is known for sure.</summary>
    public Verdict Verdict => IsFlaky ? Verdict.Inconclusive : Run.Verdict;

    /// <summary>Records of the run, and of <see cref="Again"/>, where the machine keeps any.</summary>
    public ImmutableArray<string> Records { get; init; } = [];

    /// <summary>True if everything shorter was tried: <see cref="ShrinkResult.IsProvedMinimal"/>.</summary>
    public bool IsProvedMinimal { get; init; }

    /// <summary>Why it breaks the rule, where that was looked into.</summary>
    public Explanation? Explanation { get; init; }

    /// <summary>Seed of the campaign that found it; null if it came from a trace.</summary>
    public ulong? Seed { get; init; }

    /// <summary>The sequence of that campaign, from 0.</summary>
    public long Sequence { get; init; }

    /// <summary>Where the trace is kept; null if it is not.</summary>
    public string? File { get; init; }

    /// <summary>The trace with notes that say where it came from.</summary>
    public Trace ToTrace()
    {
        var trace = Run.ToTrace().WithNote("machine", Machine.Name).WithNote("rule", Violation.Rule);
        return Seed is { } seed ? trace.WithNote("seed", $"0x{seed:X}").WithNote("sequence", Sequence.ToString()) : trace;
    }
}
