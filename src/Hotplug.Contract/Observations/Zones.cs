namespace Hotplug.Contract.Observations;

/// <summary>The kernel's zones (include/linux/mmzone.h).</summary>
public enum ZoneKind : byte
{
    /// <summary>No zone, or more than one.</summary>
    None,
    /// <summary>ZONE_DMA.</summary>
    Dma,
    /// <summary>ZONE_DMA32.</summary>
    Dma32,
    /// <summary>ZONE_NORMAL.</summary>
    Normal,
    /// <summary>ZONE_MOVABLE.</summary>
    Movable,
}

/// <summary>A zone of a node. <c>default</c> is no zone of node 0.</summary>
/// <param name="Node">NUMA node.</param>
/// <param name="Kind">Which zone.</param>
public readonly record struct ZoneId(short Node, ZoneKind Kind)
{
    /// <summary>True for a zone that the kernel allocates its own memory from.</summary>
    public bool IsKernel => Kind is ZoneKind.Dma or ZoneKind.Dma32 or ZoneKind.Normal;

    /// <summary>Prints <c>zone Normal of node 1</c>.</summary>
    public override string ToString() => $"zone {Kind} of node {Node}";
}

/// <summary>The counters of one zone, in pages, as /proc/zoneinfo shows them.</summary>
/// <param name="Id">Which zone.</param>
/// <param name="Start">First page frame of the span; 0 when empty.</param>
/// <param name="Spanned">Pages of the span, holes included.</param>
/// <param name="Present">Pages that exist in the zone.</param>
/// <param name="Managed">Pages given to the buddy, free or handed out; signed, because a kernel has shown less than
/// 0.</param>
/// <param name="Free">Free pages, isolated ones excluded.</param>
/// <param name="IsolatedPageblocks">Pageblocks that are ISOLATE; −1 where it cannot be seen.</param>
public readonly record struct ZoneObservation(
    ZoneId Id, long Start, long Spanned, long Present, long Managed, long Free, long IsolatedPageblocks)
{
    /// <summary>The span, half-open.</summary>
    public PageRange Span => new(Start, Spanned);
}

/// <summary>Sums over the visible online blocks of one zone, kept while an observation is written.</summary>
/// <param name="Blocks">Online (or going-offline) blocks.</param>
/// <param name="Pages">Their pages.</param>
/// <param name="Vmemmap">Their self-hosted vmemmap pages.</param>
/// <param name="Offline">Their PageOffline pages.</param>
/// <param name="Ballooned">Those that a balloon is known to hold.</param>
/// <param name="Buddy">Their free pages.</param>
/// <param name="Unseen">Blocks of which some page was not observed.</param>
/// <param name="Listed">Their pages on per-CPU lists.</param>
public readonly record struct ZoneTotals(
    int Blocks, long Pages, long Vmemmap, long Offline, long Ballooned, long Buddy, int Unseen, long Listed = 0);
