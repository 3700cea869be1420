using Hotplug.Contract.Operations;

namespace Hotplug.Engine.Faults;

/// <summary>Steps of one kind, inside one operation, that were made to fail.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Point">What failed.</param>
/// <param name="Struck">How many different steps were struck: each the k-th of its operation in its place,
/// once.</param>
/// <param name="Most">The most that one operation had.</param>
public readonly record struct FaultPoints(OperationKind Operation, VetoPoint Point, long Struck, long Most);
