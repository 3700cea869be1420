using Hotplug.Contract.Machines;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Traces;
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

    /// <summary>True if everything shorter was tried: <see cref="ShrinkResult.IsProvedMinimal"/>.</summary>
    public bool IsProvedMinimal { get; init; }

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
