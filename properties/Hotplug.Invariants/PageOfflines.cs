using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>PageOffline: pages that are logically not there.</summary>
public static class PageOfflines
{
    /// <summary>Catches a driver, or a rollback, that lets PageOffline pages slip back to the allocator.</summary>
    public static readonly Invariant SurvivesUntilOffline = new(
        "page-offline.survives-until-offline", Family.PageOffline,
        "A PageOffline page stays PageOffline until its owner takes it back, it is migrated, or its memory block "
        + "leaves online.",
        "PG_offline cleared in GOING_OFFLINE and not set again in CANCEL_OFFLINE, or an unplugged page handed to "
        + "the allocator.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_fake_offline_cancel_offline"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes, CheckSurvives)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches a re-online that hands unplugged pages to the buddy.</summary>
    public static readonly Invariant OwnerUnplugged = new(
        "page-offline.owner-unplugged", Family.PageOffline,
        "In the online memory blocks of device memory, unplugged sub-blocks are PageOffline, each as a whole: no "
        + "more pages are usable than are plugged.",
        "A re-online that hands unplugged pages to the buddy: the hypervisor has no memory behind them.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_online_page"),
        Levels.DeviceMemory, Visibility.Blocks | Visibility.PageTypes | Visibility.Devices, CheckUnplugged);

    /// <summary>Catches a re-online that forgets that the block's unplugged pages were never given out.</summary>
    public static readonly Invariant RecreatedAsFresh = new(
        "page-offline.recreated-as-fresh", Family.PageOffline,
        "When a memory block of device memory comes online, its PageOffline pages are marked as never onlined.",
        "Plugging later frees a page to the allocator that never was initialised as one of its own.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_set_fake_offline"),
        Levels.DeviceMemory, Visibility.Blocks | Visibility.PageTypes, CheckFresh)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches a mark that says never onlined of a page that was.</summary>
    public static readonly Invariant FreshOnlyFromOnlining = new(
        "page-offline.fresh-only-from-onlining", Family.PageOffline,
        "A page is marked as never onlined only while its memory block comes online.",
        "A page that the allocator had is later given back by the path for fresh pages, with a stale state.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_fake_offline"),
        Levels.DeviceMemory, Visibility.Blocks | Visibility.PageTypes, CheckOnlyFresh)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches pages that are taken out of use by nobody.</summary>
    public static readonly Invariant AppearsByRequest = new(
        "page-offline.appears-by-request", Family.PageOffline,
        "In a memory block that stays online, pages become PageOffline only when a balloon inflates, device "
        + "memory is unplugged, or a balloon's pages move.",
        "Memory that silently goes missing: nobody asked for it, nobody will give it back.",
        new Citation("v6.12", "include/linux/page-flags.h", "PageOffline"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes | Visibility.Placement, CheckAppears)
    {
        When = When.BlocksChange,
    };

    private static Violation? CheckSurvives(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.Before is not { IsOnline: true } before || change.After is not { IsOnline: true }
                || before.Pages.Offline == 0)
                continue;
            foreach (var page in new PageDiff(change.Before, change.After))
                if (page.Before.Has(PageFlags.Offline) && !page.After.HasAny(PageFlags.Offline | PageFlags.Unseen)
                    && !MayLeave(seen, change.Block, page) && !StandBack.ForPages(seen, change.Block))
                    return Evidence.AgainstChange(SurvivesUntilOffline, seen, change.Block, page);
        }

        return null;
    }

    private static bool MayLeave(Transition seen, int block, in PageChange page)
    {
        if (seen.Deviations.For(DeviationKind.OfflineLost, block) is { } lost
            && lost.Amount >= page.Start && lost.Amount < page.End)
            return true;
        if (page.Before.Has(PageFlags.Unbacked))
            return seen.Operation.Kind is OperationKind.Back or OperationKind.Deflate or OperationKind.BalloonTarget;
        if (IsUnplugged(page.Before))
            return seen.Operation.Kind is OperationKind.Plug or OperationKind.Resize or OperationKind.Unplug
                or OperationKind.Back or OperationKind.Tick;

        // A balloon's page may be migrated: by offlining and unplugging, and by a real kernel's compaction at any time.
        return MayBeBallooned(seen, block, page.Before)
            && (!seen.Sees(Visibility.Placement) || MovesBalloonPages(seen.Operation.Kind));
    }

    private static bool IsUnplugged(in PageState page) =>
        page.Has(PageFlags.NeverOnlined) || page.Owner is > 0 and < PageState.BalloonOwner;

    private static bool MayBeBallooned(Transition seen, int block, in PageState page) =>
        page.Owner >= PageState.BalloonOwner
        || (page.Owner == 0 && (!seen.Spec.Balloons.IsEmpty || seen.Spec.DeviceMemoryOf(block) > 0));

    private static bool MovesBalloonPages(OperationKind kind) => kind switch
    {
        OperationKind.Inflate or OperationKind.Deflate or OperationKind.BalloonTarget => true,
        OperationKind.Oom or OperationKind.LoanTarget or OperationKind.Tick => true,
        OperationKind.Offline or OperationKind.WriteOnline or OperationKind.Eject or OperationKind.OfflineRemove =>
            true,
        OperationKind.Unplug or OperationKind.Resize or OperationKind.Plug or OperationKind.Contig => true,
        OperationKind.SoftOffline => true,
        _ => false,
    };

    private static Violation? CheckUnplugged(Transition seen)
    {
        foreach (ref readonly var device in seen.After.Devices)
        {
            if (device.Name.Kind != NameKind.DeviceMemory || !DeviceMemoryPages.AreTouched(seen, device))
                continue;
            var (low, _) = DeviceMemoryPages.Usable(seen, device.Name.Id);
            if (device.PluggedPages + DeviceMemoryPages.Tolerance(seen, device.Name.Id) >= low
                || seen.InFlight(device.Name) || seen.BalloonInFlight)
                continue;
            return Evidence.Against(OwnerUnplugged, $"device memory {device.Name}",
                $"at most the {device.PluggedPages} plugged pages usable", $"{low} usable", device.Range);
        }

        return CheckWholeSubBlocks(seen);
    }

    // Where owners are not told, only pages that were never onlined are certain to be unplugged ones.
    private static Violation? CheckWholeSubBlocks(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            var memory = seen.Spec.DeviceMemoryOf(change.Block);
            if (memory == 0 || change.After is not { IsOnline: true } block || block.Pages.Offline == 0)
                continue;
            var size = seen.Spec.DeviceMemories[memory - 1].SubBlockPages;
            foreach (ref readonly var run in block.Pages.Runs)
            {
                if (!run.State.Has(PageFlags.Offline) || !IsUnplugged(run.State)
                    || FirstHandedOut(seen, block, run.Start / size * size,
                        ((run.End - 1) / size * size) + size) is not { } page
                    || StandBack.ForPages(seen, change.Block))
                    continue;
                return Evidence.AgainstPages(OwnerUnplugged, seen, change.Block, page.Start, page.Count,
                    $"PageOffline, as the sub-block of {size} pages is unplugged", page.State.ToString());
            }
        }

        return null;
    }

    // A declared defect gave it away, alone: its neighbours are PageOffline still.
    private static bool IsDeclaredLost(Transition seen, int block, in PageRun run) =>
        run.End == run.Start + 1 && seen.Deviations.IsOfflineLost(block, run.Start);

    private static PageRun? FirstHandedOut(Transition seen, BlockObservation block, int start, int end)
    {
        foreach (ref readonly var run in block.Pages.Runs)
        {
            if (run.Start >= end)
                return null;
            if (run.End > start && !run.State.HasAny(PageFlags.Offline | PageFlags.Unseen)
                && !IsDeclaredLost(seen, block.Block, run))
                return run;
        }

        return null;
    }

    private static Violation? CheckFresh(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is not { IsOnline: true } block || change.Before is { IsOnline: true } || seen.IsStart
                || block.Pages.Offline == 0 || seen.Spec.DeviceMemoryOf(change.Block) == 0)
                continue;
            foreach (ref readonly var run in block.Pages.Runs)
                if (run.State.Has(PageFlags.Offline) && !run.State.Has(PageFlags.NeverOnlined)
                    && run.State.Owner < PageState.BalloonOwner && !MayBeUnpluggedAgain(seen)
                    && !StandBack.ForPages(seen, change.Block))
                    return Evidence.AgainstPages(RecreatedAsFresh, seen, change.Block, run.Start, run.Count,
                        "PageOffline and never onlined", run.State.ToString());
        }

        return null;
    }

    // A resize may add a block, online it by policy and unplug from it again, all in one.
    private static bool MayBeUnpluggedAgain(Transition seen) =>
        seen.Operation.Kind is OperationKind.Resize or OperationKind.Unplug or OperationKind.Tick;

    private static Violation? CheckOnlyFresh(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.Before is not { IsOnline: true } || change.After is not { IsOnline: true } after
                || after.Pages.Offline == 0 || seen.Spec.DeviceMemoryOf(change.Block) == 0)
                continue;
            foreach (var page in new PageDiff(change.Before, change.After))
                if (page.After.Has(PageFlags.NeverOnlined | PageFlags.Offline)
                    && !page.Before.HasAny(PageFlags.NeverOnlined | PageFlags.Unseen)
                    && !StandBack.ForPages(seen, change.Block))
                    return Evidence.AgainstChange(FreshOnlyFromOnlining, seen, change.Block, page);
        }

        return null;
    }

    private static Violation? CheckAppears(Transition seen)
    {
        if (MovesBalloonPages(seen.Operation.Kind) || seen.IsStart)
            return null;
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.Before is not { IsOnline: true } || change.After is not { IsOnline: true } after
                || after.Pages.Offline == 0)
                continue;
            foreach (var page in new PageDiff(change.Before, change.After))
                if (page.After.Has(PageFlags.Offline) && !page.Before.HasAny(PageFlags.Offline | PageFlags.Unseen)
                    && !StandBack.ForPages(seen, change.Block))
                    return Evidence.AgainstChange(AppearsByRequest, seen, change.Block, page);
        }

        return null;
    }
}
