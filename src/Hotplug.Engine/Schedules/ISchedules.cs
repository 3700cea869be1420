using System.Numerics;

namespace Hotplug.Engine.Schedules;

/// <summary>Which CPU takes the next step?</summary>
/// <param name="Step">The number of that step, from 0.</param>
/// <param name="Last">The CPU that took the last one; −1 before the first.</param>
/// <param name="Enabled">The CPUs that can: a bit each, at least one.</param>
/// <param name="Done">What the last step touched.</param>
public readonly record struct Choice(int Step, int Last, uint Enabled, Footprint Done)
{
    /// <summary>True if the CPU can take a step.</summary>
    public bool Can(int cpu) => cpu >= 0 && (Enabled >> cpu & 1) == 1;

    /// <summary>Who goes on where nobody decides otherwise: the same CPU if it can, else the first that can.</summary>
    public int Usual => Can(Last) ? Last : BitOperations.TrailingZeroCount(Enabled);

    /// <summary>Whether it is a preemption that this CPU takes the step: another one could have gone on.</summary>
    public bool Preempts(int cpu) => cpu != Last && Can(Last);
}

/// <summary>A strategy: which schedules are run, one after the other.</summary>
public interface ISchedules
{
    /// <summary>Begins a schedule; false: there is none left.</summary>
    bool TryBegin();

    /// <summary>The CPU that takes the next step; −1: this schedule has nothing new, and is to be given up.</summary>
    int Choose(in Choice choice);

    /// <summary>The schedule ended; what its last step touched.</summary>
    void End(Footprint done);
}
