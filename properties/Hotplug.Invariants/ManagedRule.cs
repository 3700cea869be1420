using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>How many of a zone's pages the allocator owns or has handed out.</summary>
internal static class ManagedRule
{
    /// <summary>Managed pages of a zone with these sums.</summary>
    internal static long Of(MachineSpec spec, in ZoneTotals totals) =>
        totals.Pages - totals.Vmemmap - totals.Offline
        + (totals.Ballooned > 0 && DeflatesOnOom(spec) ? totals.Ballooned : 0);

    /// <summary>
    /// Managed pages of a zone that boot memory shares: what they were, and what its visible blocks gained.
    /// </summary>
    internal static long ByChange(Transition seen, in ZoneObservation zone)
    {
        // Pages of a boot block that spans zones are counted in none: what a balloon takes there is not seen here.
        var spanning = new ZoneId(zone.Id.Node, ZoneKind.None);
        var shared = seen.After.Totals(spanning);
        if (seen.IsStart || shared.Unseen > 0 || seen.Before.Totals(spanning) != shared)
            return zone.Managed;
        var gained = Of(seen.Spec, seen.After.Totals(zone.Id)) - Of(seen.Spec, seen.Before.Totals(zone.Id));
        return seen.Before.Zone(zone.Id).Managed + gained;
    }

    /// <summary>
    /// True if the surplus is pages of a balloon that deflates on OOM, which stay managed. Where the machine does not
    /// tell owners, such pages look like unplugged device memory: then what device memory's blocks hold is judged by
    /// how it changes.
    /// </summary>
    internal static bool IsBallooned(Transition seen, in ZoneObservation zone, long expected)
    {
        if (!DeflatesOnOom(seen.Spec))
            return false;
        long open = 0;
        foreach (var block in seen.After.Blocks)
            if (block.IsOnline && block.CountedIn == zone.Id)
            {
                if (seen.Spec.DeviceMemoryOf(block.Block) > 0)
                    open += PagesWithoutOwner(block);
                else
                    expected += PagesWithoutOwner(block);
            }

        return zone.Managed >= expected && zone.Managed <= expected + open
            && (open == 0 || ChangeOf(seen, zone.Id) is not { } change
                || zone.Managed == seen.Before.Zone(zone.Id).Managed + change);
    }

    // By how many pages managed changed: blocks that came and went. Null where it cannot be told: device memory was
    // resized or lost a block, or before was not at rest.
    private static long? ChangeOf(Transition seen, ZoneId zone)
    {
        if (seen.IsStart || seen.Operation.Kind is OperationKind.Resize or OperationKind.Plug or OperationKind.Unplug
            || StandBack.ForManagedChange(seen, zone))
            return null;
        long pages = 0;
        foreach (var deviation in seen.Deviations.Now)
            if (deviation.Kind == DeviationKind.ManagedPages && deviation.Zone == zone)
                pages += deviation.Amount;
        foreach (ref readonly var change in seen.Changed)
        {
            var was = change.Before is { IsOnline: true } before && before.CountedIn == zone;
            var now = change.After is { IsOnline: true } after && after.CountedIn == zone;
            if (was == now)
                continue;
            if (was && seen.Spec.DeviceMemoryOf(change.Block) > 0)
                return null;
            var block = was ? change.Before! : change.After!;
            pages += (was ? -1 : 1) * ((long)block.Pages.Pages - block.Pages.Vmemmap - NeverOnlined(block));
        }

        return pages;
    }

    private static long NeverOnlined(BlockObservation block)
    {
        long pages = 0;
        foreach (ref readonly var run in block.Pages.Runs)
            if (run.State.Has(PageFlags.Offline | PageFlags.NeverOnlined))
                pages += run.Count;
        return pages;
    }

    private static long PagesWithoutOwner(BlockObservation block)
    {
        long pages = 0;
        foreach (ref readonly var run in block.Pages.Runs)
            if (run.State.Has(PageFlags.Offline) && run.State.Owner == 0 && !run.State.Has(PageFlags.NeverOnlined))
                pages += run.Count;
        return pages;
    }

    private static bool DeflatesOnOom(MachineSpec spec)
    {
        foreach (var balloon in spec.Balloons)
            if (balloon.DeflateOnOom)
                return true;
        return false;
    }
}
