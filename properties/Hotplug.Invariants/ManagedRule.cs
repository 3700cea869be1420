using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>How many of a zone's pages the allocator owns or has handed out.</summary>
internal static class ManagedRule
{
    /// <summary>Managed pages of a zone with these sums.</summary>
    internal static long Of(MachineSpec spec, in ZoneTotals totals) =>
        totals.Pages - totals.Vmemmap - totals.Offline + (DeflatesOnOom(spec) ? totals.Ballooned : 0);

    /// <summary>Managed pages of a zone that boot memory shares: what they were, and what its visible blocks gained.</summary>
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
    /// True if the surplus may be pages of a balloon that deflates on OOM, which stay managed but look like unplugged device
    /// memory where the machine does not tell owners.
    /// </summary>
    internal static bool MayBeBallooned(Transition seen, in ZoneObservation zone, long expected)
    {
        if (zone.Managed < expected || !DeflatesOnOom(seen.Spec))
            return false;
        long ambiguous = 0;
        foreach (var block in seen.After.Blocks)
            if (block.CountedIn == zone.Id && block.IsOnline)
                ambiguous += PagesWithoutOwner(block);
        return zone.Managed <= expected + ambiguous;
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
