using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Schedules;

/// <summary>
/// What runs under a schedule: operations one after the other, and then some on several CPUs at once, each CPU's in its
/// order. Names that one CPU binds are known to that CPU only; those of the prefix are known to all.
/// </summary>
/// <param name="Spec">The machine.</param>
/// <param name="Prefix">What comes first, sequentially.</param>
/// <param name="Cpus">For each CPU, from 0, what it does; 2 to 4 CPUs.</param>
public sealed record Race(
    MachineSpec Spec, ImmutableArray<Operation> Prefix, ImmutableArray<ImmutableArray<Operation>> Cpus)
{
    /// <summary>Operations in all, those of the prefix included.</summary>
    public int Operations => Prefix.Length + Cpus.Sum(static c => c.Length);
}

/// <summary>An operation of a race as it was seen from outside.</summary>
/// <param name="Cpu">Who did it.</param>
/// <param name="Operation">What.</param>
/// <param name="Target">Where its names pointed when it was invoked.</param>
/// <param name="Invoked">Its place among all invocations and responses of the race, from 0.</param>
/// <param name="Returned">The place of its response; −1: it never returned.</param>
/// <param name="Outcome">The answer and the witness; of an operation that never returned what it had done so far.</param>
public sealed record RaceCall(int Cpu, Operation Operation, Target Target, int Invoked, int Returned, OutcomeRecord Outcome)
{
    /// <summary>True if this one had returned before the other was invoked: real time orders them.</summary>
    public bool IsBefore(RaceCall other) => Returned >= 0 && Returned < other.Invoked;
}
