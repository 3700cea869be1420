using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap.Races;

/// <summary>Real threads and real locks: nothing is planned, what may come between does so by itself.</summary>
internal readonly struct Threaded(MachineLocks locks) : IRules
{
    public long TimesBroken => 0;

    public bool Overlaps => true;

    public bool Keeps(Fault fault) => true;

    public bool Keeps(RaceFault fault) => true;

    public void At(SchedulePoint point, long page = -1) => locks.LetOthersIn();

    public bool AwaitChange(SchedulePoint point, long page = -1) => locks.AwaitChange();

    public void Acquire(LockName name, int number = 0) => locks.Acquire(new LockId(name, number));

    public void Release(LockName name, int number = 0) => locks.Release(new LockId(name, number));

    public void Report(Mishap mishap, long page) => locks.Mishaps.Add((mishap, page));
}
