using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>
/// What the machine asks where a seeded fault could make it go wrong, and where other CPUs may come between. One
/// implementation for each way to run it; of those that never overlap nothing is left in the compiled code.
/// </summary>
internal interface IRules
{
    /// <summary>How often a rule was broken.</summary>
    long TimesBroken { get; }

    /// <summary>Operations may overlap: several pages at once are taken and given one by one.</summary>
    bool Overlaps { get; }

    /// <summary>True if the rule that the fault breaks is kept.</summary>
    bool Keeps(Fault fault);

    /// <summary>True if the rule that the fault breaks when operations overlap is kept.</summary>
    bool Keeps(RaceFault fault);

    /// <summary>Others may come between here.</summary>
    void At(SchedulePoint point, long page = -1);

    /// <summary>Nothing can be done until somebody else did something: false if nobody will.</summary>
    bool AwaitChange(SchedulePoint point, long page = -1);

    /// <summary>Waits for the lock.</summary>
    void Acquire(LockName name, int number = 0);

    /// <summary>Gives the lock back.</summary>
    void Release(LockName name, int number = 0);

    /// <summary>A page met what cannot be while all rules are kept: it was freed twice, or is in two hands.</summary>
    void Report(Mishap mishap, long page);
}

/// <summary>What only a race that was lost can do to a page.</summary>
internal enum Mishap : byte
{
    /// <summary>A free page was freed.</summary>
    FreedTwice,
    /// <summary>A page that somebody has was given to somebody else.</summary>
    TakenTwice,
    /// <summary>A page of an offline block was given to a free list.</summary>
    FreedOffline,
    /// <summary>CMM loaned a second page since a removal began.</summary>
    LoanedLate,
    /// <summary>CMM loaned a page of a block that is being removed.</summary>
    LoanedFromRange,
    /// <summary>A reference was dropped that nobody had.</summary>
    ReferencesBelowZero,
}

/// <summary>Keeps every rule: each question is a constant, and the compiler removes it.</summary>
internal readonly struct Faithful : IRules
{
    public long TimesBroken => 0;

    public bool Overlaps => false;

    public bool Keeps(Fault fault) => true;

    public bool Keeps(RaceFault fault) => true;

    public void At(SchedulePoint point, long page = -1)
    {
    }

    public bool AwaitChange(SchedulePoint point, long page = -1) => false;

    public void Acquire(LockName name, int number = 0)
    {
    }

    public void Release(LockName name, int number = 0)
    {
    }

    public void Report(Mishap mishap, long page)
    {
    }
}

/// <summary>Breaks one rule, and counts.</summary>
internal readonly struct Seeded(Fault seeded) : IRules
{
    // One count for all copies of the rules that a machine's parts have.
    private readonly long[] _broken = new long[1];

    public long TimesBroken => _broken[0];

    public bool Overlaps => false;

    public bool Keeps(Fault fault)
    {
        if (fault != seeded)
            return true;
        _broken[0]++;
        return false;
    }

    public bool Keeps(RaceFault fault) => true;

    public void At(SchedulePoint point, long page = -1)
    {
    }

    public bool AwaitChange(SchedulePoint point, long page = -1) => false;

    public void Acquire(LockName name, int number = 0)
    {
    }

    public void Release(LockName name, int number = 0)
    {
    }

    public void Report(Mishap mishap, long page)
    {
    }
}
