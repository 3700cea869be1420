using Hotplug.Contract.Traces;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Shrink;

/// <summary>What a failure was shrunk to.</summary>
/// <param name="Minimal">The machine and the operations.</param>
/// <param name="Result">Its run: it breaks the same rule.</param>
/// <param name="OriginalLength">Operations of the failure as it was found.</param>
/// <param name="Executions">Runs that it took.</param>
/// <param name="Reproduced">False if the failure did not show again when it was repeated: then it is as it was
/// found.</param>
/// <param name="IsProvedMinimal">
/// True if every shorter sequence was tried: of the operations of the result, with sizes as they are, as small as they
/// go, and
/// a whole block. Sequences that lead the specification to the same state are tried once.
/// </param>
public sealed record ShrinkResult(Trace Minimal, RunResult Result, int OriginalLength, long Executions, bool Reproduced,
    bool IsProvedMinimal);
