using Hotplug.Contract.Traces;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Shrink;

/// <summary>What a failure was shrunk to.</summary>
/// <param name="Minimal">The machine and the operations.</param>
/// <param name="Result">Its run: it breaks the same rule.</param>
/// <param name="OriginalLength">Operations of the failure as it was found.</param>
/// <param name="Executions">Runs of candidates that it took; the searches that prove and find come on top.</param>
/// <param name="Reproduced">False if the failure did not show again when it was repeated: then it is as it was
/// found.</param>
/// <param name="IsProvedMinimal">
/// True if every shorter sequence was tried: of the operations of the result, with sizes as they are, as small as they
/// go, and a whole block. Sequences that lead the specification to the same state are tried once.
/// </param>
public sealed record ShrinkResult(Trace Minimal, RunResult Result, int OriginalLength, long Executions, bool Reproduced,
    bool IsProvedMinimal)
{
    /// <summary>
    /// (State, operation) pairs that were tried on the smallest machines: for a rule once, however many of its failures
    /// one shrinker shrinks.
    /// </summary>
    public long PairsTried { get; init; }

    /// <summary>Operations of the longest sequences of which the smallest machines carried out all and conform.</summary>
    public int ConformingLength { get; init; }
}
