using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace ToyHotplug;

/// <summary>What a page is used for.</summary>
internal enum PageUse : byte
{
    Free,
    Movable,
    Kernel,
    Unmigratable,
    Pinned,
    Hole,
}

/// <summary>A memory block: one byte per page. Everything else is counted from those when it is asked for.</summary>
internal sealed class ToyBlock(int number, int device, int pages)
{
    public int Number { get; } = number;

    /// <summary>N of dN; 0 for boot memory.</summary>
    public int Device { get; } = device;

    public PageUse[] Uses { get; } = new PageUse[pages];

    public bool IsOnline { get; set; }

    /// <summary>Its zone while it is online; none for the block that spans two.</summary>
    public ZoneKind Zone { get; set; }

    /// <summary>The online type that a write to an online block leaves behind.</summary>
    public AutoOnline Stale { get; set; }

    /// <summary>Pages that hold its page descriptors.</summary>
    public long[] Memmap { get; init; } = [];

    public long First => (long)Number * Uses.Length;

    public int Existing => Array.IndexOf(Uses, PageUse.Hole) is >= 0 and var hole ? hole : Uses.Length;

    public bool IsFixed => IsOnline && (Zone == ZoneKind.None || Existing < Uses.Length);
}

/// <summary>Memory that was added as a whole.</summary>
internal sealed record ToyDevice(int Id, long Start, long Pages, bool IsStatic, bool IsDynamic);

/// <summary>Pages that <c>alloc</c> took; −1 for one that is gone.</summary>
internal sealed class ToyAllocation(long[] pages)
{
    public long[] Pages { get; } = pages;

    public bool IsFreed { get; set; }
}
