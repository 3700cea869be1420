using System.Collections.Immutable;
using Hotplug.Contract.Rules;

namespace Hotplug.Engine.Schedules;

/// <summary>Sees every step.</summary>
public interface IStepWatch
{
    /// <summary>The CPU went from one position to another; null, or what is broken now.</summary>
    Violation? After(int step, int cpu, Position from, Position to);
}

/// <summary>What runs under a schedule.</summary>
/// <param name="Cpus">How many CPUs.</param>
/// <param name="Body">Everything that a CPU does, on a thread of its own.</param>
/// <param name="Watch">Sees every step.</param>
public sealed record ScheduledWork(int Cpus, Action<int> Body, IStepWatch Watch);

/// <summary>What came of one schedule.</summary>
/// <param name="Violation">The rule that was broken while it ran, or null.</param>
/// <param name="IsGivenUp">The strategy gave it up before its end.</param>
/// <param name="Steps">Steps taken.</param>
/// <param name="Preempted">The steps before which a CPU was interrupted that could have gone on.</param>
/// <param name="Schedule">The schedule, to be run again.</param>
public sealed record ScheduleRun(
    Violation? Violation, bool IsGivenUp, int Steps, ImmutableArray<int> Preempted, Schedule Schedule)
{
    /// <summary>How often a CPU was interrupted that could have gone on.</summary>
    public int Preemptions => Preempted.Length;
}

/// <summary>Unwinds a CPU of a run that is over.</summary>
internal sealed class ScheduleGivenUpException : Exception;
