using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Memory that is added without backing, and backed page by page: source document 004.</summary>
public static class Backings
{
    /// <summary>Catches memory that is handed out although nothing is behind it.</summary>
    public static readonly Invariant UnbackedStaysOut = new(
        "callback.unbacked-stays-out", Family.Callback,
        "A page that the hypervisor has not backed is PageOffline, and neither free nor in use.",
        "Somebody is given a page without memory behind it: what is written there is lost, or the guest is killed.",
        new Citation("v6.12", "drivers/xen/balloon.c", "xen_online_page"),
        Levels.OnlineCallback, Visibility.Blocks | Visibility.PageTypes, CheckUnbacked)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches backing that comes or goes by itself.</summary>
    public static readonly Invariant BackedByRequest = new(
        "callback.backed-by-request", Family.Callback,
        "In a memory block that stays online, a page is backed only by an operation that backs it, and never unbacked.",
        "The page after a partial chunk is handed out with it.",
        new Citation("v6.12", "drivers/hv/hv_balloon.c", "hv_bring_pgs_online"),
        Levels.OnlineCallback, Visibility.Blocks | Visibility.PageTypes | Visibility.Placement, CheckRequest)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches pages that are backed and stay out.</summary>
    public static readonly Invariant BackedIsFree = new(
        "callback.backed-is-free", Family.Callback,
        "Pages that were backed are in the buddy at once where their memory block is online, and managed rises by as "
        + "many.",
        "The hypervisor gives memory, and the guest never uses it.",
        new Citation("v6.12", "drivers/xen/balloon.c", "increase_reservation"),
        Levels.OnlineCallback, Visibility.Blocks | Visibility.PageTypes | Visibility.Zones | Visibility.Placement,
        CheckBacked)
    {
        When = Occasion.Of(OperationKind.Back),
    };

    /// <summary>Catches pages of a driver's memory that are usable although nothing is behind them.</summary>
    public static readonly Invariant UsableWithinBacked = new(
        "callback.usable-within-backed", Family.Callback,
        "Of the memory that a balloon driver added no more pages are usable than the hypervisor has backed.",
        "A gap, or the tail of a chunk, that is given to the buddy with the rest when a block comes online.",
        new Citation("v6.12", "drivers/hv/hv_balloon.c", "has_pfn_is_backed"),
        Levels.OnlineCallback, Visibility.Blocks | Visibility.PageTypes | Visibility.Devices, CheckUsable)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches an offline that goes on although a raw page stands in its way.</summary>
    public static readonly Invariant ReservedStopsIsolation = new(
        "callback.reserved-stops-isolation", Family.Callback,
        "Where pages start as PG_reserved, offlining a block with a page that its driver kept so is refused before "
        + "anybody is told; elsewhere it is refused all the same.",
        "Drivers are asked to give up references for an offline that cannot succeed.",
        new Citation("v6.1", "mm/page_isolation.c", "has_unmovable_pages"),
        Levels.OnlineCallback | Levels.Effects, Visibility.Blocks | Visibility.PageTypes, CheckReserved)
    {
        When = Occasion.Of(OperationKind.Offline),
    };

    /// <summary>Catches a page of an immovable balloon that is lost with its block.</summary>
    public static readonly Invariant ImmovableKeepsOnline = new(
        "balloon.immovable-keeps-online", Family.Balloon,
        "A memory block that holds a page of Hyper-V's or Xen's balloon, or one that nothing backs, does not go "
        + "offline.",
        "A balloon whose pages vanish with their memory: it gives back what is not there any more.",
        new Citation("v6.12", "mm/memory_hotplug.c", "scan_movable_pages"),
        Levels.Balloon, Visibility.Blocks | Visibility.PageTypes | Visibility.Owners, CheckKept)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches the migration of a page that has no way to be migrated.</summary>
    public static readonly Invariant ImmovableStaysInPlace = new(
        "balloon.immovable-stays-in-place", Family.Balloon,
        "Pages of Hyper-V's and Xen's balloon, and pages that nothing backs, are never migrated.",
        "A page that the hypervisor has taken away by its number moves, and the one that it thinks it has is handed "
        + "out.",
        new Citation("v6.12", "drivers/hv/hv_balloon.c", "alloc_balloon_pages"),
        Levels.Balloon, Visibility.Blocks | Visibility.PageTypes | Visibility.Owners, CheckPlace)
    {
        When = Occasion.Of(OperationKind.Offline, OperationKind.WriteOnline, OperationKind.OfflineRemove,
            OperationKind.Eject, OperationKind.Unplug, OperationKind.Resize, OperationKind.SoftOffline,
            OperationKind.Contig),
    };

    /// <summary>Catches a balloon that makes removable memory unremovable.</summary>
    public static readonly Invariant ImmovableOutsideMovable = new(
        "balloon.immovable-outside-movable", Family.Balloon,
        "Hyper-V's and Xen's balloon take no page of zone Movable.",
        "Memory that was to stay removable is held by pages that never move.",
        new Citation("v6.12", "drivers/xen/balloon.c", "decrease_reservation"),
        Levels.Balloon, Visibility.Blocks, CheckZone)
    {
        When = Occasion.Of(OperationKind.Inflate, OperationKind.BalloonTarget),
    };

    private static Violation? CheckUnbacked(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is not { } block)
                continue;
            foreach (ref readonly var run in block.Pages.Runs)
                if (run.State.Has(PageFlags.Unbacked)
                    && (!run.State.Has(PageFlags.Offline)
                        || run.State.HasAny(PageFlags.Buddy | PageFlags.Pcplist | PageFlags.InUse)))
                    return Evidence.AgainstPages(UnbackedStaysOut, seen, change.Block, run.Start, run.Count,
                        "PageOffline, as nothing backs it", run.State.ToString());
        }

        return null;
    }

    private static Violation? CheckRequest(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.Before is not { IsOnline: true } before || change.After is not { IsOnline: true } after
                || (!BackedPages.AnyUnbacked(before) && !BackedPages.AnyUnbacked(after)))
                continue;
            foreach (var page in new PageDiff(before, after))
                if (page.Before.Has(PageFlags.Unbacked) != page.After.Has(PageFlags.Unbacked)
                    && !(page.Before.Has(PageFlags.Unbacked) && Backs(seen, change.Block, page)))
                    return Evidence.AgainstChange(BackedByRequest, seen, change.Block, page);
        }

        return null;
    }

    private static bool Backs(Transition seen, int block, in PageChange page)
    {
        var pages = new PageRange(seen.Spec.PagesOf(block).Start + page.Start, page.Count);
        if (seen.Operation.Kind == OperationKind.Back)
            return (seen.Target.Range with { Count = seen.Operation.Amount }).Contains(pages);
        foreach (ref readonly var witness in seen.Outcome.Witness)
            if (witness.Role == WitnessRole.Released && witness.Range.Intersects(pages))
                return true;
        return false;
    }

    private static Violation? CheckBacked(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.Back || seen.IsStart || !seen.Answer.IsOk
            || seen.Before.Find(seen.Spec.BlockOf(seen.Target.Range.Start)) is not { IsOnline: true } block)
            return null;
        var named = seen.Target.Range with { Count = seen.Operation.Amount };
        var walk = new PageWalk(seen.After, named, seen.Spec.PagesPerBlock);
        while (walk.MoveNext())
            if (!walk.State.HasAny(PageFlags.Buddy | PageFlags.HwPoison | PageFlags.Unseen)
                || walk.State.Has(PageFlags.Unbacked))
                return Evidence.Against(BackedIsFree, $"pages {walk.Range}", "free, as they were backed",
                    walk.State.ToString(), walk.Range);
        var gained = seen.After.Zone(block.CountedIn).Managed - seen.Before.Zone(block.CountedIn).Managed;
        return gained == named.Count ? null : Evidence.Against(BackedIsFree, block.CountedIn.ToString(),
            $"managed pages rise by {named.Count}", $"by {gained}");
    }

    private static Violation? CheckUsable(Transition seen)
    {
        foreach (ref readonly var device in seen.After.Devices)
        {
            if (device.Owner == CallbackOwner.Generic)
                continue;
            long usable = 0;
            for (var pfn = device.Range.Start; pfn < device.Range.End; pfn += seen.Spec.PagesPerBlock)
                if (seen.After.Find(seen.Spec.BlockOf(pfn)) is { IsOnline: true } block
                    && IsOnlyIn(seen.After, device.Range, seen.Spec.PagesOf(block.Block)))
                    usable += block.Pages.Pages - block.Pages.Offline;
            if (usable > device.PluggedPages)
                return Evidence.Against(UsableWithinBacked, device.Name.ToString(),
                    $"at most the {Evidence.Count(device.PluggedPages, "backed page")} usable", $"{usable}",
                    device.Range);
        }

        return null;
    }

    // Part of a device's range may have been removed and added again by another.
    private static bool IsOnlyIn(Observation observation, PageRange range, PageRange block)
    {
        foreach (ref readonly var other in observation.Devices)
            if (other.Range != range && other.Range.Contains(block))
                return false;
        return observation.Find((int)(block.Start / block.Count)) is { IsRegistered: true };
    }

    private static Violation? CheckReserved(Transition seen)
    {
        var number = seen.Spec.BlockOf(seen.Target.Range.Start);
        if (seen.Operation.Kind != OperationKind.Offline || !seen.Spec.Dialect.Has(DialectItem.RawPagesReserved)
            || seen.Before.Find(number) is not { IsOnline: true } block
            || !BackedPages.AnyUnbacked(block))
            return null;
        foreach (ref readonly var effect in seen.Outcome.Effects)
            if (effect.Kind == EffectKind.Notified)
                return Evidence.AgainstBlock(ReservedStopsIsolation, seen, number,
                    "refused at isolation, without a notification", Words.Of(effect.Notification));
        return null;
    }

    private static Violation? CheckKept(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.Before is not { IsOnline: true } before || change.After is { IsOnline: true }
                || before.Pages.Offline == 0)
                continue;
            foreach (ref readonly var run in before.Pages.Runs)
                if (BackedPages.IsImmovable(run.State))
                    return Evidence.AgainstPages(ImmovableKeepsOnline, seen, change.Block, run.Start, run.Count,
                        "online still", $"{Evidence.Print(change.After)}, with {run.State}");
        }

        return null;
    }

    private static Violation? CheckPlace(Transition seen)
    {
        foreach (ref readonly var witness in seen.Outcome.Witness)
        {
            if (witness.Role != WitnessRole.Migrated)
                continue;
            var from = new PageRange(witness.From, witness.Range.Count);
            var walk = new PageWalk(seen.Before, from, seen.Spec.PagesPerBlock);
            while (walk.MoveNext())
                if (BackedPages.IsImmovable(walk.State))
                    return Evidence.Against(ImmovableStaysInPlace, $"pages {walk.Range}",
                        $"{walk.State}, where they are", $"migrated to {witness.Range}", walk.Range);
        }

        return null;
    }

    private static Violation? CheckZone(Transition seen)
    {
        if (seen.Operation.Kind is not (OperationKind.Inflate or OperationKind.BalloonTarget)
            || (BalloonDriver)seen.Operation.Choice is not (BalloonDriver.HyperV or BalloonDriver.Xen))
            return null;
        foreach (ref readonly var witness in seen.Outcome.Witness)
            if (witness.Role == WitnessRole.Taken
                && seen.Before.Find(seen.Spec.BlockOf(witness.Range.Start))
                    is { IsOnline: true, Zone: ZoneKind.Movable })
                return Evidence.Against(ImmovableOutsideMovable, $"pages {witness.Range}", "of a kernel zone",
                    "of zone Movable", witness.Range);
        return null;
    }
}
