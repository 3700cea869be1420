using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Engine.Explore;

/// <summary>
/// A machine small enough, and a set of operations small enough, that everything they can come to can be visited.
/// </summary>
/// <param name="Name">A word.</param>
/// <param name="Covers">What it is for, in one sentence.</param>
/// <param name="Spec">The machine.</param>
/// <param name="Alphabet">
/// The operations that are tried in every state: closed under renaming of devices and of allocations.
/// </param>
public sealed record Scope(string Name, string Covers, MachineSpec Spec, ImmutableArray<Operation> Alphabet)
{
    /// <summary>Extra references that an allocation may have: <c>get</c> is not tried beyond.</summary>
    public int MostExtraReferences { get; init; } = 1;

    /// <summary>
    /// Longest sequences that are tried: for machines that count something up for ever.
    /// </summary>
    public int MostOperations { get; init; } = int.MaxValue;

    /// <summary>Virtual seconds that may pass in all: <c>tick</c> is not tried beyond.</summary>
    public long MostSeconds { get; init; }

    /// <summary>The levels that its operations and its machine need.</summary>
    public Levels Needs => Alphabet.Aggregate(
        (Spec.Nodes > 1 ? Levels.Numa : Levels.None) | (Spec.Balloons.IsEmpty ? Levels.None : Levels.Balloon)
        | (Spec.DeviceMemories.IsEmpty ? Levels.None : Levels.DeviceMemory)
        | (Spec.MemmapOnMemory == MemmapOnMemory.Off ? Levels.None : Levels.MemmapOnMemory),
        static (levels, operation) => levels | OperationTable.Of(operation.Kind).Level);
}
