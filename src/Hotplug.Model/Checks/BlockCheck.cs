using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Checks;

/// <summary>The memory blocks that are seen are the model's: same set, state, node and zones.</summary>
internal static class BlockCheck
{
    private static readonly Citation s_set = new("v6.12", "drivers/base/memory.c", "create_memory_block_devices");
    private static readonly Citation s_state = new("v6.12", "drivers/base/memory.c", "state_store");
    private static readonly Citation s_zone = new("v6.12", "mm/memory_hotplug.c", "zone_for_pfn_range");

    public static Violation? Check(State next, Transition seen, in JudgedBefore judged)
    {
        if (!seen.After.Sees(Visibility.Blocks))
            return null;
        return judged.Structure ? CheckChanged(next, seen) : CheckAll(next, seen);
    }

    private static Violation? CheckChanged(State next, Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            var known = next.Find(change.Block);
            if (known is null && change.After is null)
                continue;
            if (known is not { } block)
                return Unknown(change.Block);
            if (change.After is not { } shown)
                return Missing(block);
            if (CheckBlock(next, seen, block, shown) is { } violation)
                return violation;
        }

        return null;
    }

    private static Violation? CheckAll(State next, Transition seen)
    {
        var blocks = seen.After.Blocks;
        var i = 0;
        foreach (ref readonly var known in next.Blocks.AsSpan())
        {
            if (i < blocks.Length && blocks[i].Block < known.Number)
                break;
            if (i == blocks.Length || blocks[i].Block > known.Number)
                return Missing(known);
            if (CheckBlock(next, seen, known, blocks[i]) is { } violation)
                return violation;
            i++;
        }

        return i == blocks.Length ? null : Unknown(blocks[i].Block);
    }

    private static Violation Missing(in Block known) =>
        new("blocks.set", $"block {known.Number}", "it exists", "no such memory block", s_set);

    private static Violation Unknown(int block) =>
        new("blocks.set", $"block {block}", "no such memory block", "it exists", s_set);

    private static Violation? CheckBlock(State next, Transition seen, in Block known, BlockObservation block)
    {
        var subject = known.Number;
        if (block.Node != known.Node)
            return new("blocks.node", $"block {subject}", $"node {known.Node}", $"node {block.Node}", s_set);
        if (block.IsRegistered == known.Hidden)
            return new("blocks.registered", $"block {subject}", known.Hidden ? "not registered" : "registered",
                block.IsRegistered ? "registered" : "not registered", s_set);
        var goingOffline = block.State == BlockState.GoingOffline && seen.InFlight(known.Number);
        if (block.IsOnline != known.Online || (block.State == BlockState.GoingOffline && !goingOffline))
            return new("blocks.state", $"block {subject}", known.Online ? "online" : "offline",
                Contract.Words.Of(block.State), s_state);
        if (known.Online)
            return block.Zone == known.Zone ? null
                : new("online.zone", $"block {subject}", $"zone {known.Zone}", $"zone {block.Zone}", s_zone);

        // Spans that decide the default zone may lag behind while a device is still worked on.
        var preferred = ZoneChoice.For(next, seen.Spec, known, AutoOnline.Online);
        if (block.Zone != ZoneKind.None && block.Zone != preferred && !seen.InFlight(known.Number) && !seen.After.DeviceInFlight)
            return new("blocks.valid-zones", $"block {subject}", $"zone {preferred} first", $"zone {block.Zone} first", s_zone);

        // valid_zones_show(): the other kind of zone comes second.
        var second = block.Zone == ZoneKind.Movable
            ? ZoneChoice.For(next, seen.Spec, known, AutoOnline.OnlineKernel) : ZoneKind.Movable;
        if (block.Zone != ZoneKind.None && block.OtherZone != second && !seen.InFlight(known.Number) && !seen.After.DeviceInFlight)
            return new("blocks.valid-zones", $"block {subject}", $"zone {second} second", $"zone {block.OtherZone} second", s_zone);
        return null;
    }
}
