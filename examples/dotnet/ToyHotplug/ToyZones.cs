using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace ToyHotplug;

/// <summary>Zones, counted from the blocks: which parts they have, and which one a block comes online in.</summary>
internal sealed class ToyZones(MachineSpec spec, SortedDictionary<int, ToyBlock> blocks, Dictionary<int, ToyDevice> devices)
{
    public static ReadOnlySpan<ZoneKind> Kinds => [ZoneKind.Dma, ZoneKind.Normal, ZoneKind.Movable];

    /// <summary>online_policy = auto-movable.</summary>
    public bool IsAutoMovable { get; set; } = spec.AutoMovable;

    public ZoneKind Choose(ToyBlock block, AutoOnline type)
    {
        var range = spec.PagesOf(block.Number);
        var kernel = Span(ZoneKind.Dma).Intersects(range) ? ZoneKind.Dma : ZoneKind.Normal;
        return type switch
        {
            AutoOnline.OnlineKernel => kernel,
            AutoOnline.OnlineMovable => ZoneKind.Movable,
            _ when IsAutoMovable => HasMovableRoom(block) ? ZoneKind.Movable : kernel,
            _ => Span(ZoneKind.Movable).Intersects(range) && !Span(kernel).Intersects(range) ? ZoneKind.Movable : kernel,
        };
    }

    /// <summary>Half of the block that spans two zones is in zone DMA.</summary>
    public IEnumerable<(ToyBlock Block, int First, int End)> Parts(ZoneKind zone)
    {
        foreach (var block in blocks.Values)
            if (block.IsOnline && block.Zone == zone)
                yield return (block, 0, block.Existing);
            else if (block.IsOnline && block.Zone == ZoneKind.None && zone != ZoneKind.Movable)
                yield return zone == ZoneKind.Dma
                    ? (block, 0, spec.PagesPerBlock / 2) : (block, spec.PagesPerBlock / 2, block.Existing);
    }

    public PageRange Span(ZoneKind zone)
    {
        long start = -1, end = 0;
        foreach (var (block, first, last) in Parts(zone))
        {
            start = start < 0 ? block.First + first : start;
            end = block.First + last;
        }

        return end == 0 ? default : new PageRange(start, end - start);
    }

    public long Present(ZoneKind zone, bool bootOnly = false)
    {
        long pages = 0;
        foreach (var (block, first, end) in Parts(zone))
            pages += bootOnly && block.Device > 0 ? 0 : end - first;
        return pages;
    }

    public long Free(ZoneKind zone)
    {
        long pages = 0;
        foreach (var (block, first, end) in Parts(zone))
            pages += block.Uses.AsSpan(first..end).Count(PageUse.Free);
        return pages;
    }

    // auto_movable_can_online_movable(): movable memory in a ratio to what was there at boot.
    private bool HasMovableRoom(ToyBlock block)
    {
        var device = devices.GetValueOrDefault(block.Device);
        var (kernel, movable) = PagesOf(block.Device);
        if (spec.AutoMovableRatio == 0 || (device is { IsStatic: true } && kernel > 0))
            return false;
        var present = Present(ZoneKind.Movable) + (device is { IsStatic: true } ? device.Pages - movable : spec.PagesPerBlock);
        var early = Present(ZoneKind.Dma, bootOnly: true) + Present(ZoneKind.Normal, bootOnly: true);
        foreach (var other in devices.Values)
        {
            if (!other.IsDynamic || other.Id == block.Device)
                continue;
            var (otherKernel, otherMovable) = PagesOf(other.Id);
            early -= Math.Max(0, (otherMovable * 100 / spec.AutoMovableRatio) - otherKernel);
            present -= otherMovable;
        }

        return early > 0
            && present <= spec.AutoMovableRatio * (early + (device is { IsDynamic: true } ? kernel : 0)) / 100;
    }

    private (long Kernel, long Movable) PagesOf(int device)
    {
        long kernel = 0, movable = 0;
        foreach (var block in blocks.Values)
            if (block.Device != device || !block.IsOnline)
                continue;
            else if (block.Zone == ZoneKind.Movable)
                movable += spec.PagesPerBlock;
            else
                kernel += spec.PagesPerBlock;
        return (kernel, movable);
    }
}
