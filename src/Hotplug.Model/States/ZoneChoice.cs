using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Model.States;

/// <summary>Which zone a block is onlined into: zone_for_pfn_range(), mm/memory_hotplug.c (kernel-semantics
/// 3.3).</summary>
internal static class ZoneChoice
{
    /// <summary>The zone for this online type.</summary>
    public static ZoneKind For(State state, MachineSpec spec, in Block block, AutoOnline type) => type switch
    {
        AutoOnline.OnlineKernel => Kernel(state, block),
        AutoOnline.OnlineMovable => ZoneKind.Movable,
        _ => state.AutoMovable ? AutoMovable(state, spec, block) : Contiguous(state, block),
    };

    // default_kernel_zone_for_pfn(): the first zone below Normal whose span the range intersects, else Normal.
    private static ZoneKind Kernel(State state, in Block block)
    {
        foreach (var kind in (ReadOnlySpan<ZoneKind>)[ZoneKind.Dma, ZoneKind.Dma32])
            if (state.SpanOf(new ZoneId(block.Node, kind)).Intersects(block.Range))
                return kind;
        return ZoneKind.Normal;
    }

    // default_zone_for_pfn(): inside exactly one of the two spans decides; being next to one does not.
    private static ZoneKind Contiguous(State state, in Block block)
    {
        var kernel = Kernel(state, block);
        var inKernel = state.SpanOf(new ZoneId(block.Node, kernel)).Intersects(block.Range);
        var inMovable = state.SpanOf(new ZoneId(block.Node, ZoneKind.Movable)).Intersects(block.Range);
        return inMovable && !inKernel ? ZoneKind.Movable : kernel;
    }

    // auto_movable_zone_for_pfn(). A device memory is a dynamic group whose unit is the memory block.
    private static ZoneKind AutoMovable(State state, MachineSpec spec, in Block block)
    {
        if (spec.AutoMovableRatio == 0)
            return Kernel(state, block);
        var need = (long)spec.PagesPerBlock;
        if (block.Owner > 0 && state.Device(block.Owner) is { Group: MemoryGroupKind.Static } device)
        {
            var group = GroupOf(state, block.Owner);
            if (group.Kernel > 0)
                return Kernel(state, block);
            need = device.Range.Count - group.Movable;
        }

        return HasRoom(state, spec, block.Owner, need, node: null) && HasRoom(state, spec, block.Owner, need, block.Node)
            ? ZoneKind.Movable
            : Kernel(state, block);
    }

    // auto_movable_can_online_movable(): for all nodes, and for the block's own.
    private static bool HasRoom(State state, MachineSpec spec, int owner, long need, short? node)
    {
        long movable = 0, early = 0, required = 0;
        foreach (var known in state.Bases)
            if (node is null || known.Id.Node == node)
                early += known.EarlyPages;
        foreach (var block in state.Blocks)
        {
            if (!block.Online || (node is not null && block.Node != node))
                continue;
            if (block.Zone == ZoneKind.Movable)
                movable += block.Range.Count;
            else if (block.Owner == 0 && block.Zone != ZoneKind.None)
                early += block.Range.Count;
        }

        foreach (var (other, itsNode) in DynamicGroups(state, spec))
        {
            if (other == owner || (node is not null && itsNode != node))
                continue;
            var group = GroupOf(state, other);
            required += Math.Max(0, (group.Movable * 100 / spec.AutoMovableRatio) - group.Kernel);
            movable -= group.Movable;
        }

        if (early <= required)
            return false;
        early -= required;
        if (DynamicGroups(state, spec).Any(g => g.Owner == owner))
            early += GroupOf(state, owner).Kernel;
        return movable + need <= spec.AutoMovableRatio * early / 100;
    }

    private static IEnumerable<(int Owner, short Node)> DynamicGroups(State state, MachineSpec spec)
    {
        for (var id = 1; id <= state.DeviceMemories.Length; id++)
            yield return (-id, spec.DeviceMemories[id - 1].Node);
        foreach (var device in state.Devices)
            if (device.Group == MemoryGroupKind.Dynamic)
                yield return (device.Id, device.Node);
    }

    private static (long Kernel, long Movable) GroupOf(State state, int owner)
    {
        long kernel = 0, movable = 0;
        foreach (var block in state.Blocks)
            if (block.Owner == owner && block.Online)
            {
                if (block.Zone == ZoneKind.Movable)
                    movable += block.Range.Count;
                else
                    kernel += block.Range.Count;
            }

        return (kernel, movable);
    }
}
