using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace Hotplug.Adapters.Kernel;

/// <summary>
/// The zone that a plain online takes for a hot block, as the kernel finds it: zone_for_pfn_range(),
/// mm/memory_hotplug.c. Stated here for itself, so that what a defect predicts does not rest on the model that judges
/// it.
/// </summary>
internal sealed class DefaultZone
{
    private readonly SortedDictionary<int, (short Node, ZoneKind Zone)> _online = [];
    private readonly MachineSpec _spec;
    private readonly Observation _seen;
    private readonly bool _autoMovable;

    /// <summary>Starts from the blocks that are online in an observation.</summary>
    public DefaultZone(MachineSpec spec, Observation seen, bool autoMovable)
    {
        (_spec, _seen, _autoMovable) = (spec, seen, autoMovable);
        foreach (var block in seen.Blocks)
            if (block.IsOnline && block.Zone != ZoneKind.None)
                _online[block.Block] = (block.Node, block.Zone);
    }

    /// <summary>A block leaves its zone.</summary>
    public void Offline(int block) => _online.Remove(block);

    /// <summary>A block joins a zone.</summary>
    public void Online(int block, short node, ZoneKind zone) => _online[block] = (node, zone);

    /// <summary>The zone for a block above 4 GiB, where the only kernel zone is Normal.</summary>
    public ZoneKind Of(int block, short node)
    {
        if (_autoMovable)
            return MayBeMovable(block, node) ? ZoneKind.Movable : ZoneKind.Normal;
        return IsInside(block, node, ZoneKind.Movable) && !IsInside(block, node, ZoneKind.Normal)
            ? ZoneKind.Movable
            : ZoneKind.Normal;
    }

    // default_zone_for_pfn() asks whether the block lies inside the span, not whether it is next to it.
    private bool IsInside(int block, short node, ZoneKind zone)
    {
        bool below = false, above = false;
        foreach (var (other, place) in _online)
            if (place == (node, zone))
                (below, above) = (below | other <= block, above | other >= block);
        return below && above;
    }

    // auto_movable_zone_for_pfn(): a DIMM is a static group, device memory a dynamic one with the memory block as its
    // unit.
    private bool MayBeMovable(int block, short node)
    {
        if (_spec.AutoMovableRatio == 0)
            return false;
        long need = _spec.PagesPerBlock;
        if (_spec.DeviceMemoryOf(block) == 0 && DeviceOf(block) is { } device)
        {
            var (kernel, movable) = PagesIn(device.Range);
            if (kernel > 0)
                return false;
            need = device.PluggedPages - movable;
        }

        return HasRoom(block, need, null) && HasRoom(block, need, node);
    }

    // auto_movable_can_online_movable(): present Movable pages against those that kernel zones have had since boot.
    private bool HasRoom(int block, long need, short? node)
    {
        long movable = 0, early = 0;
        foreach (ref readonly var zone in _seen.Zones)
            if (zone.Id.Kind is ZoneKind.Dma or ZoneKind.Dma32 && (node is null || zone.Id.Node == node))
                early += zone.Present;
        foreach (var (_, place) in _online)
            if (place.Zone == ZoneKind.Movable && (node is null || place.Node == node))
                movable += _spec.PagesPerBlock;
        for (var id = 1; id <= _spec.DeviceMemories.Length; id++)
        {
            if (node is not null && _spec.DeviceMemories[id - 1].Node != node)
                continue;
            var group = PagesIn(_spec.RegionOf(id));
            if (_spec.DeviceMemoryOf(block) == id)
            {
                early += group.Kernel;
                continue;
            }

            movable -= group.Movable;
            early -= Math.Max(0, (group.Movable * 100 / _spec.AutoMovableRatio) - group.Kernel);
        }

        return early > 0 && movable + need <= _spec.AutoMovableRatio * early / 100;
    }

    private (long Kernel, long Movable) PagesIn(PageRange range)
    {
        long kernel = 0, movable = 0;
        foreach (var (block, place) in _online)
            if (range.Contains(_spec.PagesOf(block)))
                _ = place.Zone == ZoneKind.Movable ? movable += _spec.PagesPerBlock : kernel += _spec.PagesPerBlock;
        return (kernel, movable);
    }

    private DeviceObservation? DeviceOf(int block)
    {
        foreach (ref readonly var device in _seen.Devices)
            if (device.Range.Contains(_spec.PagesOf(block)))
                return device;
        return null;
    }
}
