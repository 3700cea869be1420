using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Failure leaves things as they were.</summary>
public static class Rollback
{
    /// <summary>Catches an operation that fails half way and leaves blocks behind in another state.</summary>
    public static readonly Invariant BlocksUnchanged = new(
        "rollback.blocks-unchanged", Family.Rollback,
        "An operation that failed leaves every memory block in the state and the zone that it had.",
        "A failed online, offline, add or remove that leaves blocks behind half done.",
        new Citation("v6.12", "mm/memory_hotplug.c", "online_pages"),
        Levels.Core, Visibility.Blocks, CheckBlocks);

    /// <summary>Catches a rollback that forgets a counter or does not shrink the span again.</summary>
    public static readonly Invariant ZonesUnchanged = new(
        "rollback.zones-unchanged", Family.Rollback,
        "An operation that failed leaves span and present pages of every zone as they were, and managed pages but for what migrated.",
        "A vetoed online that leaves the zone grown, or a failed offline that does not give back what it had subtracted.",
        new Citation("v6.12", "mm/memory_hotplug.c", "offline_pages"),
        Levels.Core, Visibility.Blocks | Visibility.Zones, CheckZones);

    private static Violation? CheckBlocks(Transition seen)
    {
        if (!Failure.IsAtomic(seen) || Failure.ReonlinesBlocks(seen.Operation.Kind))
            return null;
        foreach (ref readonly var change in seen.Changed)
        {
            if (SameState(change.Before, change.After) || StandBack.ForBlock(seen, change.Block))
                continue;
            return Evidence.Against(BlocksUnchanged, $"block {change.Block}",
                $"{Evidence.Print(change.Before)}, as before {seen.Answer}", Evidence.Print(change.After),
                seen.Spec.PagesOf(change.Block));
        }

        return null;
    }

    private static Violation? CheckZones(Transition seen)
    {
        if (!Failure.IsAtomic(seen))
            return null;
        foreach (ref readonly var zone in seen.After.Zones)
        {
            var was = seen.Before.Zone(zone.Id);
            if (was.Start == zone.Start && was.Spanned == zone.Spanned && was.Present == zone.Present
                && (was.Managed == zone.Managed || MayMigrateBetweenZones(seen)))
                continue;
            if (AnyBlockMoved(seen) || StandBack.ForManagedChange(seen, zone.Id))
                continue;
            return Evidence.Against(ZonesUnchanged, zone.Id.ToString(),
                $"span {was.Span}, present {was.Present}, managed {was.Managed}, as before {seen.Answer}",
                $"span {zone.Span}, present {zone.Present}, managed {zone.Managed}");
        }

        return null;
    }

    // balloon_page_migrate() takes a page's managed count along when the zones differ, also in an offline that fails later.
    private static bool MayMigrateBetweenZones(Transition seen) => !seen.Spec.Balloons.IsEmpty;

    private static bool AnyBlockMoved(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
            if (!SameState(change.Before, change.After))
                return true;
        return false;
    }

    private static bool SameState(BlockObservation? before, BlockObservation? after) =>
        before?.State == after?.State && (after is not { IsOnline: true } || before!.CountedIn == after.CountedIn);
}
