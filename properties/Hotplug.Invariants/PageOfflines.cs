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
        "A PageOffline page stays PageOffline until its owner takes it back, it is migrated, or its memory block leaves online.",
        "PG_offline cleared in GOING_OFFLINE and not set again in CANCEL_OFFLINE, or an unplugged page handed to the allocator.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_fake_offline_cancel_offline"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes, CheckSurvives);

    private static Violation? CheckSurvives(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.Before is not { IsOnline: true } before || change.After is not { IsOnline: true } after
                || before.Pages.Offline == 0)
                continue;
            foreach (var page in new PageDiff(before.Pages, after.Pages))
            {
                if (!page.Before.Has(PageFlags.Offline) || page.After.HasAny(PageFlags.Offline | PageFlags.Unseen)
                    || MayLeave(seen, change.Block, page) || StandBack.ForPages(seen, change.Block))
                    continue;
                return Evidence.Against(SurvivesUntilOffline, seen.Spec, change.Block, page.Start, page.Count,
                    page.Before.ToString(), page.After.ToString());
            }
        }

        return null;
    }

    private static bool MayLeave(Transition seen, int block, in PageChange page)
    {
        if (seen.Deviations.For(DeviationKind.OfflineLost, block) is { } lost
            && lost.Amount >= page.Start && lost.Amount < page.Start + page.Count)
            return true;
        var isUnplugged = page.Before.Has(PageFlags.NeverOnlined)
            || (page.Before.Owner > 0 && page.Before.Owner < PageState.BalloonOwner);
        if (isUnplugged)
            return seen.Operation.Kind is OperationKind.Plug or OperationKind.Resize or OperationKind.Unplug
                or OperationKind.Back or OperationKind.Tick;

        // A balloon's page may be migrated: by offlining and unplugging, and by a real kernel's compaction at any time.
        return MayHaveBalloonPages(seen, block, page.Before) && (!seen.Sees(Visibility.Placement) || MovesBalloonPages(seen));
    }

    private static bool MayHaveBalloonPages(Transition seen, int block, in PageState page) =>
        page.Owner >= PageState.BalloonOwner
        || (page.Owner == 0 && (seen.Spec.Balloons.Length > 0 || seen.Spec.DeviceMemoryOf(block) == 0));

    private static bool MovesBalloonPages(Transition seen) => seen.Operation.Kind switch
    {
        OperationKind.Deflate or OperationKind.BalloonTarget or OperationKind.Oom or OperationKind.LoanTarget => true,
        OperationKind.Offline or OperationKind.WriteOnline or OperationKind.Eject or OperationKind.OfflineRemove => true,
        OperationKind.Unplug or OperationKind.Resize or OperationKind.Plug or OperationKind.Contig => true,
        OperationKind.SoftOffline or OperationKind.Tick => true,
        _ => false,
    };
}
