using Hotplug.Contract;
using Hotplug.Contract.Observations;

namespace Hotplug.Model.Histories;

/// <summary>What kept an operation from succeeding at some moment since it began.</summary>
[Flags]
internal enum Hindrance : byte
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>A page that isolation or the scan refuses: EBUSY.</summary>
    Refused = 1 << 0,
    /// <summary>A page that never leaves by itself: it does not finish.</summary>
    Stuck = 1 << 1,
    /// <summary>No free page outside of the range for one of its pages.</summary>
    NoRoom = 1 << 2,
    /// <summary>Somebody else has isolated some of it.</summary>
    Isolated = 1 << 3,
}

/// <summary>An operation that has begun and not ended. Compares by value.</summary>
/// <param name="Call">Which: where it was invoked.</param>
internal readonly record struct Ongoing(int Call)
{
    /// <summary>It holds device_hotplug_lock.</summary>
    public bool HoldsHotplugLock { get; init; }

    /// <summary>Pages whose pageblocks it has isolated; empty for none.</summary>
    public PageRange Isolated { get; init; }

    /// <summary>Of what is isolated the pages that it wants; the rest shares their pageblocks.</summary>
    public PageRange Wanted { get; init; }

    /// <summary>It empties the range to take all of it itself: alloc_contig_range().</summary>
    public bool IsContig { get; init; }

    /// <summary>The allocation that it frees; 0 for none.</summary>
    public int Frees { get; init; }

    /// <summary>The device memory that it resizes; 0 for none.</summary>
    public int Resizes { get; init; }

    /// <summary>CMM is halted by it.</summary>
    public bool HaltsLoaning { get; init; }

    /// <summary>It loaned a page though CMM is halted: the one for which the look came before.</summary>
    public bool LoanedSinceHalt { get; init; }

    /// <summary>Auto-movable policy when it began: what it brings online goes by that.</summary>
    public bool AutoMovable { get; init; }

    /// <summary>It will be refused: what hinders it is watched.</summary>
    public bool IsWatched { get; init; }

    /// <summary>What hindered it so far, where it is watched.</summary>
    public Hindrance Hindered { get; init; }

    /// <summary>Pages that it moved so far; of a request for device memory, sub-blocks plugged when it began.</summary>
    public long Pages { get; init; }
}
