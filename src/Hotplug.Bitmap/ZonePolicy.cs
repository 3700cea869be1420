using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace Hotplug.Bitmap;

/// <summary>
/// Which zone a block is onlined into: zone_for_pfn_range(), mm/memory_hotplug.c (kernel-semantics 3.3).
/// </summary>
internal sealed class ZonePolicy<TRules>(MachineState state, TRules rules)
    where TRules : struct, IRules
{
    public ZoneKind For(MemoryBlock block, AutoOnline type) => type switch
    {
        AutoOnline.OnlineKernel => Kernel(block),
        AutoOnline.OnlineMovable => ZoneKind.Movable,
        _ => state.AutoMovable ? AutoMovable(block) : Contiguous(block),
    };

    /// <summary>The zone that plain online does not choose.</summary>
    public ZoneKind Other(MemoryBlock block, ZoneKind chosen) =>
        chosen == ZoneKind.Movable ? Kernel(block) : ZoneKind.Movable;

    // default_kernel_zone_for_pfn(): the first zone below Normal whose span the range intersects, else Normal.
    private ZoneKind Kernel(MemoryBlock block) => IsInSpan(block, ZoneKind.Dma) ? ZoneKind.Dma : ZoneKind.Normal;

    // default_zone_for_pfn(): inside exactly one of the two spans decides; being next to one does not.
    private ZoneKind Contiguous(MemoryBlock block)
    {
        var kernel = Kernel(block);
        return IsInSpan(block, ZoneKind.Movable) && !IsInSpan(block, kernel) ? ZoneKind.Movable : kernel;
    }

    // auto_movable_zone_for_pfn()
    private ZoneKind AutoMovable(MemoryBlock block)
    {
        if (state.Spec.AutoMovableRatio == 0)
            return Kernel(block);
        var need = (long)state.Layout.PagesPerBlock;
        if (block.Group > 0 && !state.Groups[block.Group].IsDynamic)
        {
            ref var group = ref state.Groups[block.Group];
            if (group.PresentKernel > 0)
                return Kernel(block);
            need = group.MostPages - group.PresentMovable;
        }

        return CanOnlineMovable(-1, block.Group, need) && CanOnlineMovable(block.Node, block.Group, need)
            ? ZoneKind.Movable
            : Kernel(block);
    }

    // auto_movable_can_online_movable(): over all nodes (−1) or one.
    private bool CanOnlineMovable(int node, int group, long need)
    {
        long movable = 0, early = 0, required = 0;
        for (var n = Math.Max(node, 0); n < (node < 0 ? state.Zones.Nodes : node + 1); n++)
        {
            movable += state.Zones.Find(n, ZoneKind.Movable)?.Present ?? 0;
            early += (state.Zones.Find(n, ZoneKind.Dma)?.PresentEarly ?? 0)
                + (state.Zones.Find(n, ZoneKind.Normal)?.PresentEarly ?? 0);
        }

        // Kernel memory of a dynamic group allows for more movable memory in the same group only.
        for (var other = 1; other <= state.Groups.Count; other++)
        {
            ref var stats = ref state.Groups[other];
            if (!stats.IsLive || !stats.IsDynamic || other == group || (node >= 0 && stats.Node != node))
                continue;
            required += Math.Max(0, (stats.PresentMovable * 100 / state.Spec.AutoMovableRatio) - stats.PresentKernel);
            movable -= stats.PresentMovable;
        }

        if (early <= required)
            return false;
        early -= required;
        if (group > 0 && state.Groups[group].IsDynamic)
            early += state.Groups[group].PresentKernel;
        return movable + need <= state.Spec.AutoMovableRatio * early / 100;
    }

    private bool IsInSpan(MemoryBlock block, ZoneKind kind) => state.Zones.Find(block.Node, kind) is { } zone
        && new PageRange(zone.Start, zone.End - zone.Start + Beyond).Intersects(state.RangeOf(block))
        && zone.End > zone.Start;

    // Seeded, a span reaches one page further than it does.
    private int Beyond => rules.Keeps(Fault.NextToSpanTakenForInside) ? 0 : 1;
}
