using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Zones: their spans and their counters.</summary>
public static class Zones
{
    /// <summary>
    /// Catches accounting that drifts when onlining fails half way, or that forgets the altmap's pages.
    /// </summary>
    public static readonly Invariant PresentPages = new(
        "zone.present-pages", Family.Zones,
        "A zone's present pages are those of its online memory blocks: self-hosted vmemmap and PageOffline pages "
        + "included, holes excluded.",
        "Accounting that drifts when onlining fails half way, or that forgets the altmap's pages.",
        new Citation("v6.12", "mm/memory_hotplug.c", "adjust_present_page_count"),
        Levels.Core, Visibility.Blocks | Visibility.Zones, CheckPresent)
    {
        When = When.ZonesChange,
    };

    /// <summary>
    /// Catches vmemmap or unplugged pages that are counted as the allocator's, and drift after a vetoed offline.
    /// </summary>
    public static readonly Invariant ManagedPages = new(
        "zone.managed-pages", Family.Zones,
        "A zone's managed pages are its present pages without self-hosted vmemmap and PageOffline pages; those "
        + "of a balloon that deflates on OOM stay managed.",
        "Vmemmap or unplugged pages counted as the allocator's, and managed pages that drift after a vetoed offline.",
        new Citation("v6.12", "mm/page_alloc.c", "adjust_managed_page_count"),
        Levels.Core, Visibility.Blocks | Visibility.Zones | Visibility.PageTypes, CheckManaged)
    {
        When = When.ZonesChange,
    };

    /// <summary>Catches a counter that underflows.</summary>
    public static readonly Invariant CountersOrdered = new(
        "zone.counters-ordered", Family.Zones,
        "In every zone, managed pages are at least 0 and at most the present ones, and present pages at most the "
        + "spanned ones.",
        "A counter that is lowered twice and falls below zero, or is raised twice and exceeds what exists.",
        new Citation("v6.12", "mm/memory_hotplug.c", "offline_pages"),
        Levels.Core, Visibility.Zones, CheckOrdered)
    {
        When = When.ZonesChange,
    };

    /// <summary>Catches onlining that does not grow the span.</summary>
    public static readonly Invariant SpanContainsOnlineBlocks = new(
        "zone.span-contains-online-blocks", Family.Zones,
        "A zone's span contains every online memory block of the zone.",
        "Onlining below or above the span without growing it: walkers of the zone then miss the block.",
        new Citation("v6.12", "mm/memory_hotplug.c", "resize_zone_range"),
        Levels.Core, Visibility.Blocks | Visibility.Zones, CheckSpanContains)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches a span that is not shrunk, or is shrunk over a block that is still online.</summary>
    public static readonly Invariant SpanTight = new(
        "zone.span-tight", Family.Zones,
        "A zone's span starts with its first online memory block and ends with its last one: holes stay inside, "
        + "never at an edge.",
        "A span that is not shrunk when an edge block goes offline, that stops at a hole, or that is shrunk too far.",
        new Citation("v6.12", "mm/memory_hotplug.c", "shrink_zone_span"),
        Levels.Core, Visibility.Blocks | Visibility.Zones, CheckSpanTight)
    {
        When = When.ZonesChange,
    };

    private static Violation? CheckPresent(Transition seen)
    {
        foreach (ref readonly var zone in seen.After.Zones)
        {
            var expected = (long)seen.After.Totals(zone.Id).Blocks * seen.Spec.PagesPerBlock;
            if (zone.Present == expected)
                continue;
            expected = BootMemory.IsPartialIn(seen, zone.Id)
                ? PresentByChange(seen, zone)
                : expected - LeavingVmemmap(seen.After, zone.Id);
            if (zone.Present != expected && !StandBack.ForZone(seen, zone.Id))
                return Evidence.Miscount(PresentPages, zone.Id, "present_pages", expected, zone.Present);
        }

        return null;
    }

    private static long PresentByChange(Transition seen, in ZoneObservation zone)
    {
        if (seen.IsStart)
            return zone.Present;
        var blocks = (long)seen.After.Totals(zone.Id).Blocks - seen.Before.Totals(zone.Id).Blocks;
        return seen.Before.Zone(zone.Id).Present + (blocks * seen.Spec.PagesPerBlock);
    }

    // memory_block_offline() takes the self-hosted vmemmap out of present before offline_pages() starts.
    private static long LeavingVmemmap(Observation observation, ZoneId zone)
    {
        long pages = 0;
        foreach (var block in observation.Blocks)
            if (block.State == BlockState.GoingOffline && block.CountedIn == zone)
                pages += block.Pages.Vmemmap;
        return pages;
    }

    private static Violation? CheckManaged(Transition seen)
    {
        foreach (ref readonly var zone in seen.After.Zones)
        {
            var totals = seen.After.Totals(zone.Id);
            if (totals.Unseen > 0)
                continue;
            var expected = ManagedRule.Of(seen.Spec, totals) + seen.Deviations.ManagedOf(zone.Id);
            if (zone.Managed == expected)
                continue;
            if (BootMemory.IsPartialIn(seen, zone.Id))
                expected = ManagedRule.ByChange(seen, zone);
            if (zone.Managed == expected || ManagedRule.IsBallooned(seen, zone, expected)
                || StandBack.ForManaged(seen, zone.Id))
                continue;
            return Evidence.Miscount(ManagedPages, zone.Id, "managed_pages", expected, zone.Managed);
        }

        return null;
    }

    private static Violation? CheckOrdered(Transition seen)
    {
        foreach (ref readonly var zone in seen.After.Zones)
        {
            var low = Math.Min(0, seen.Deviations.ManagedOf(zone.Id));
            if (zone.Managed >= low && zone.Managed <= zone.Present && zone.Present <= zone.Spanned)
                continue;
            if (!StandBack.ForManaged(seen, zone.Id))
                return Evidence.Against(CountersOrdered, zone.Id.ToString(), $"{low} <= managed <= present <= spanned",
                    $"managed {zone.Managed}, present {zone.Present}, spanned {zone.Spanned}");
        }

        return null;
    }

    private static Violation? CheckSpanContains(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is not { IsOnline: true } block || block.Zone == ZoneKind.None)
                continue;
            var zone = seen.After.Zone(block.CountedIn);
            var pages = seen.Spec.PagesOf(change.Block);
            var inside = seen.After.Sees(Visibility.ZoneStart) ? zone.Span.Contains(pages)
                : zone.Spanned >= pages.Count;
            if (inside || BootMemory.IsPartial(seen, change.Block) || StandBack.ForZone(seen, zone.Id))
                continue;
            return Evidence.Against(SpanContainsOnlineBlocks, zone.Id.ToString(),
                $"a span that contains block {change.Block}, pages {pages}", $"span {zone.Span}", pages);
        }

        return null;
    }

    private static Violation? CheckSpanTight(Transition seen)
    {
        foreach (ref readonly var zone in seen.After.Zones)
        {
            var was = seen.Before.Zone(zone.Id);
            if (!seen.IsStart && was.Start == zone.Start && was.Spanned == zone.Spanned && !ZoneHull.Changed(seen,
                zone.Id))
                continue;
            var hull = ZoneHull.Of(seen.After, zone.Id, seen.Spec.PagesPerBlock);
            if (BootMemory.IsPartialIn(seen, zone.Id) ? EndsWithin(seen, zone, hull) : IsTight(seen, zone, hull))
                continue;
            if (!StandBack.ForZone(seen, zone.Id))
                return Evidence.Against(SpanTight, zone.Id.ToString(), $"spanned {hull.Count} from page {hull.Start}",
                    $"spanned {zone.Spanned} from page {zone.Start}", hull);
        }

        return null;
    }

    private static bool IsTight(Transition seen, in ZoneObservation zone, PageRange hull) =>
        zone.Spanned == hull.Count
        && (zone.Start == hull.Start || hull.Count == 0 || !seen.After.Sees(Visibility.ZoneStart));

    // Where boot memory begins and ends inside a block is its own affair; beyond it the span ends with the last block.
    private static bool EndsWithin(Transition seen, in ZoneObservation zone, PageRange hull)
    {
        if (hull.Count == 0 || !seen.After.Sees(Visibility.ZoneStart))
            return true;
        var slack = BootMemory.IsPartial(seen, seen.Spec.BlockOf(hull.End - 1)) ? seen.Spec.PagesPerBlock : 1;
        return zone.Span.End <= hull.End && zone.Span.End > hull.End - slack;
    }
}
