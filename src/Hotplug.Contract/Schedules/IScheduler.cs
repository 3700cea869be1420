using Hotplug.Contract.Machines;

namespace Hotplug.Contract.Schedules;

/// <summary>
/// Who decides which CPU runs: told by a machine under a schedule, on the thread of the operation at hand. Each call
/// returns when that operation may go on.
/// </summary>
public interface IScheduler
{
    /// <summary>
    /// The operation stands between two atomic steps. <paramref name="page"/> is the page frame that may be raced for;
    /// −1 where there is no single one.
    /// </summary>
    void At(SchedulePoint point, long page);

    /// <summary>
    /// The operation can do nothing until another one has taken a step: true when one has, false if none is left that
    /// could.
    /// </summary>
    bool AwaitChange(SchedulePoint point, long page);

    /// <summary>Waits until the lock is free, and takes it.</summary>
    void Acquire(LockId taken);

    /// <summary>Gives the lock back.</summary>
    void Release(LockId held);
}

/// <summary>
/// A machine that several threads use at once: only <see cref="IMachine.Reset"/> and what is asked at rest need it for
/// themselves.
/// </summary>
public interface IThreadedMachine : IMachine
{
    /// <summary>Looks for what must hold between any two steps, as <see cref="IScheduledMachine.FindBrokenAlways"/>.</summary>
    Rules.Violation? FindBrokenAlways();
}

/// <summary>A machine whose operations may overlap.</summary>
public interface IScheduledMachine : IMachine, ISnapshots
{
    /// <summary>
    /// Who decides which CPU runs, while operations overlap; null: one operation at a time, each without a pause.
    /// </summary>
    IScheduler? Scheduler { get; set; }

    /// <summary>
    /// Looks for what must hold between any two steps: no page on two lists, no page of an offline block on any, no
    /// count of references below zero. What is broken, or null.
    /// </summary>
    Rules.Violation? FindBrokenAlways();

    /// <summary>The page as it is now, between two steps, in the words of <see cref="Observations.PageState"/> and where
    /// it is listed: for pictures.</summary>
    string DescribePage(long page);
}
