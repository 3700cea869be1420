using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Checks;

/// <summary>
/// Zone counters follow from the blocks and their pages: span, present, managed. For a zone in which a device in flight
/// has blocks nothing is asserted, and of the boot memory of a machine that does not show its pages only what changes.
/// </summary>
internal static class ZoneCheck
{
    private static readonly Citation s_present = new("v6.12", "mm/memory_hotplug.c", "adjust_present_page_count");
    private static readonly Citation s_span = new("v6.12", "mm/memory_hotplug.c", "shrink_zone_span");
    private static readonly Citation s_free = new("v6.12", "mm/page_alloc.c", "__mod_zone_freepage_state");
    private static readonly Citation s_managed = new("v6.12", "mm/page_alloc.c", "adjust_managed_page_count");

    public static Violation? Check(State next, Transition seen, in JudgedBefore judged)
    {
        if (!seen.After.Sees(Visibility.Zones))
            return null;
        return CheckZones(next, seen, judged) ?? CheckTotal(seen);
    }

    private static Violation? CheckZones(State next, Transition seen, in JudgedBefore judged)
    {
        if (judged.Zones)
            return null;
        foreach (ref readonly var zone in seen.After.Zones)
            if (!judged.Zone(zone) && CheckZone(next, seen, zone) is { } violation)
                return violation;
        if (judged.Structure && seen.Before.Zones.Length == seen.After.Zones.Length)
            return null;
        foreach (var block in next.Blocks)
            if (block.Online && block.Zone != ZoneKind.None && seen.After.Zone(block.ZoneId).Present == 0 && !InFlight.LagsOn(seen, block.Node))
                return new("zone.present", block.ZoneId.ToString(), $"{next.PresentOf(block.ZoneId)} present pages", "0", s_present);
        return null;
    }

    private static Violation? CheckTotal(Transition seen)
    {
        long managed = 0;
        foreach (ref readonly var zone in seen.After.Zones)
            managed += zone.Managed;
        managed -= seen.After.Loans?.Pages ?? 0;   // What is on loan is missing from the total, and still managed by its zone.
        return seen.After.ManagedTotal >= 0 && seen.After.Sees(Visibility.BootPages) && managed != seen.After.ManagedTotal
            ? new("zone.managed-total", "all zones", $"{managed} managed pages", $"{seen.After.ManagedTotal}", s_managed)
            : null;
    }

    private static Violation? CheckZone(State next, Transition seen, in ZoneObservation zone)
    {
        if (InFlight.LagsOn(seen, zone.Id.Node))
            return null;
        var present = next.PresentOf(zone.Id);
        if (zone.Present != present)
            return new("zone.present", zone.Id.ToString(), $"{present} present pages", $"{zone.Present}", s_present);
        var partlyBoot = !seen.After.Sees(Visibility.BootPages | Visibility.ZoneStart) && HasBoot(next, zone.Id);
        var span = next.SpanOf(zone.Id);
        if (!partlyBoot && zone.Spanned != span.Count)
            return new("zone.span", zone.Id.ToString(), $"{span.Count} pages spanned, {span}", $"{zone.Spanned}, {zone.Span}", s_span);
        if (!partlyBoot && seen.After.Sees(Visibility.ZoneStart) && zone.Start != span.Start)
            return new("zone.span", zone.Id.ToString(), $"start {span.Start}", $"{zone.Start}", s_span);
        if (!partlyBoot && seen.After.Sees(Visibility.ZoneFree | Visibility.BootPages)
            && seen.After.Totals(zone.Id) is { Unseen: 0 } totals && zone.Free != totals.Buddy + InBase(next, seen, zone.Id, PageFlags.Buddy))
            return new("zone.free", zone.Id.ToString(), $"{totals.Buddy + InBase(next, seen, zone.Id, PageFlags.Buddy)} free pages", $"{zone.Free}", s_free);
        if (partlyBoot || Managed(next, seen, zone.Id, present) is not { } managed)
            return null;
        return zone.Managed == managed ? null
            : new("zone.managed", zone.Id.ToString(), $"{managed} managed pages", $"{zone.Managed}", s_managed);
    }

    /// <summary>What managed must be; null when not enough can be seen.</summary>
    private static long? Managed(State next, Transition seen, ZoneId zone, long present)
    {
        var totals = seen.After.Totals(zone);
        if (totals.Unseen > 0 || !seen.After.Sees(Visibility.PageTypes) || seen.BalloonInFlight)
            return null;
        var offline = totals.Offline;
        if (seen.Spec.Balloons.Any(static b => b is { Driver: BalloonDriver.Virtio, DeflateOnOom: true }))
        {
            if (seen.After.Sees(Visibility.Owners))
                offline -= totals.Ballooned;
            else if (UnpluggedIn(next, seen, zone) is { } unplugged)
                offline = unplugged;
            else
                return null;
        }

        return present - totals.Vmemmap - offline - OfflineInBase(next, seen, zone) + seen.Deviations.ManagedOf(zone);
    }

    // PageOffline pages of a boot block that spans zones are in no zone's sums.
    private static long OfflineInBase(State next, Transition seen, ZoneId zone) =>
        seen.Spec.Balloons.Any(static b => b is { Driver: BalloonDriver.Virtio, DeflateOnOom: true })
            ? 0
            : InBase(next, seen, zone, PageFlags.Offline);

    private static long InBase(State next, Transition seen, ZoneId zone, PageFlags flags)
    {
        var range = next.BaseOf(zone).Range;
        if (range.Count == 0 || !seen.After.Sees(Visibility.BootPages)
            || seen.After.Find(seen.Spec.BlockOf(range.Start)) is not { } block)
            return 0;
        var start = seen.Spec.PagesOf(block.Block).Start;
        long pages = 0;
        foreach (ref readonly var run in block.Pages.Runs)
            if (run.State.Has(flags))
                pages += Math.Max(0, Math.Min(start + run.End, range.End) - Math.Max(start + run.Start, range.Start));
        return pages;
    }

    // With deflate-on-oom and no owners in sight, a ballooned page looks like an unplugged one: count sub-blocks
    // instead. Their device still counts a page as unplugged that a declared defect took out of PageOffline.
    private static long? UnpluggedIn(State next, Transition seen, ZoneId zone)
    {
        long unplugged = 0;
        foreach (var memory in next.DeviceMemories)
        {
            int here = 0, elsewhere = 0;
            long lost = 0;
            foreach (var block in next.Blocks)
                if (block.Owner == -memory.Id)
                {
                    if (block.ZoneId != zone)
                    {
                        elsewhere++;
                        continue;
                    }

                    here++;
                    lost += seen.Deviations.OfflineLostOf(block.Number);
                }

            if (here > 0 && elsewhere > 0)
                return null;
            if (here > 0)
                unplugged += ((long)here * seen.Spec.PagesPerBlock)
                    - (memory.Plugged * seen.Spec.DeviceMemories[memory.Id - 1].SubBlockPages) - lost;
        }

        return unplugged;
    }

    private static bool HasBoot(State next, ZoneId zone)
    {
        if (next.BaseOf(zone).Present != 0)
            return true;
        foreach (var block in next.Blocks)
            if (block.Owner == 0 && block.ZoneId == zone)
                return true;
        return false;
    }
}
