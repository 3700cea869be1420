using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap.Races;

/// <summary>
/// Every point and every lock goes through a scheduler, while there is one: one operation runs at a time. May break one
/// rule, and counts.
/// </summary>
internal readonly struct Scheduled(ScheduleSeat seat, RaceFault? seeded) : IRules
{
    public long TimesBroken => seat.TimesBroken;

    public bool Overlaps => seat.Scheduler is not null;

    public bool Keeps(Fault fault) => true;

    public bool Keeps(RaceFault fault)
    {
        if (fault != seeded || seat.Scheduler is null)
            return true;
        seat.TimesBroken++;
        return false;
    }

    public void At(SchedulePoint point, long page = -1) => seat.Scheduler?.At(point, page);

    public bool AwaitChange(SchedulePoint point, long page = -1) => seat.Scheduler?.AwaitChange(point, page) ?? false;

    public void Acquire(LockName name, int number = 0) => seat.Scheduler?.Acquire(new LockId(name, number));

    public void Release(LockName name, int number = 0) => seat.Scheduler?.Release(new LockId(name, number));

    public void Report(Mishap mishap, long page) => seat.Mishaps.Add((mishap, page));
}

/// <summary>What all copies of <see cref="Scheduled"/> share.</summary>
internal sealed class ScheduleSeat
{
    /// <summary>Who decides which CPU runs; null: one operation at a time.</summary>
    public IScheduler? Scheduler { get; set; }

    /// <summary>How often a rule was broken.</summary>
    public long TimesBroken { get; set; }

    /// <summary>What happened to pages that cannot happen, in order.</summary>
    public List<(Mishap Mishap, long Page)> Mishaps { get; } = [];
}
