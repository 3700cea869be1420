using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>The smallest range of pages that holds every online block of a zone, read from the block list.</summary>
internal static class ZoneHull
{
    /// <summary>The hull in an observation; empty when the zone has no online block.</summary>
    internal static PageRange Of(Observation observation, ZoneId zone, int pagesPerBlock)
    {
        var blocks = observation.Blocks;
        var first = 0;
        while (first < blocks.Length && !Counts(blocks[first], zone))
            first++;
        if (first == blocks.Length)
            return default;
        var last = blocks.Length - 1;
        while (!Counts(blocks[last], zone))
            last--;
        var start = (long)blocks[first].Block * pagesPerBlock;
        return new PageRange(start, ((blocks[last].Block + 1L) * pagesPerBlock) - start);
    }

    /// <summary>True if some block joined the zone or left it.</summary>
    internal static bool Changed(Transition seen, ZoneId zone)
    {
        foreach (ref readonly var change in seen.Changed)
            if (Counts(change.Before, zone) != Counts(change.After, zone))
                return true;
        return false;
    }

    private static bool Counts(BlockObservation? block, ZoneId zone) =>
        block is { IsOnline: true } && block.Zone == zone.Kind && block.Node == zone.Node;
}
