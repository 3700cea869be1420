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

    public static Violation? Check(State next, Transition seen)
    {
        if (!seen.After.Sees(Visibility.Blocks))
            return null;
        var blocks = seen.After.Blocks;
        var i = 0;
        foreach (ref readonly var known in next.Blocks.AsSpan())
        {
            if (i < blocks.Length && blocks[i].Block < known.Number)
                break;
            if (i == blocks.Length || blocks[i].Block > known.Number)
                return new("blocks.set", $"block {known.Number}", "it exists", "no such memory block", s_set);
            if (CheckBlock(next, seen, known, blocks[i]) is { } violation)
                return violation;
            i++;
        }

        return i == blocks.Length ? null
            : new("blocks.set", $"block {blocks[i].Block}", "no such memory block", "it exists", s_set);
    }

    private static Violation? CheckBlock(State next, Transition seen, in Block known, BlockObservation block)
    {
        var subject = known.Number;
        if (block.Node != known.Node)
            return new("blocks.node", $"block {subject}", $"node {known.Node}", $"node {block.Node}", s_set);
        var goingOffline = block.State == BlockState.GoingOffline && seen.InFlight(known.Number);
        if (block.IsOnline != known.Online || (block.State == BlockState.GoingOffline && !goingOffline))
            return new("blocks.state", $"block {subject}", known.Online ? "online" : "offline",
                Contract.Words.Of(block.State), s_state);
        if (known.Online)
            return block.Zone == known.Zone ? null
                : new("online.zone", $"block {subject}", $"zone {known.Zone}", $"zone {block.Zone}", s_zone);

        // Spans that decide the default zone may lag behind while a device is still worked on.
        var preferred = ZoneChoice.For(next, seen.Spec, known, AutoOnline.Online);
        if (block.Zone != ZoneKind.None && block.Zone != preferred && !seen.InFlight(known.Number) && !InFlight.Any(seen))
            return new("blocks.valid-zones", $"block {subject}", $"zone {preferred} first", $"zone {block.Zone} first", s_zone);
        return null;
    }
}
