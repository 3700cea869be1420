using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Balloons.</summary>
public static class Balloons
{
    /// <summary>Catches a balloon that loses count of its pages.</summary>
    public static readonly Invariant SizeIsItsPages = new(
        "balloon.size-is-its-pages", Family.Balloon,
        "The size of the balloons is the number of PageOffline pages that they hold.",
        "A page that the balloon forgets when it is migrated: it is never given back.",
        new Citation("v6.12", "mm/balloon_compaction.c", "balloon_page_enqueue_one"),
        Levels.Balloon, Visibility.PageTypes | Visibility.Owners | Visibility.Balloons | Visibility.BootPages,
            CheckSize);

    /// <summary>Catches a balloon that grows by more than it was asked to.</summary>
    public static readonly Invariant GrowsByWhatItTook = new(
        "balloon.grows-by-what-it-took", Family.Balloon,
        "A balloon grows by the pages that it took, never by more than it was asked to.",
        "Pages that are taken twice, or taken and not kept.",
        new Citation("v6.12", "drivers/virtio/virtio_balloon.c", "fill_balloon"),
        Levels.Balloon, Visibility.Balloons | Visibility.Placement, CheckInflate)
    {
        When = Occasion.Of(OperationKind.Inflate),
    };

    /// <summary>Catches a deflation that gives back too little or too much.</summary>
    public static readonly Invariant ShrinksByWhatItGave = new(
        "balloon.shrinks-by-what-it-gave", Family.Balloon,
        "A deflating balloon gives back exactly what it was asked for, or all that it has.",
        "Pages that are given back and still held, or that nobody gets.",
        new Citation("v6.12", "drivers/virtio/virtio_balloon.c", "leak_balloon"),
        Levels.Balloon, Visibility.Balloons | Visibility.Placement, CheckDeflate)
    {
        When = Occasion.Of(OperationKind.Deflate),
    };

    /// <summary>Catches a balloon that changes by itself.</summary>
    public static readonly Invariant SizeByRequest = new(
        "balloon.size-by-request", Family.Balloon,
        "The size of a balloon changes only when that is asked of it: migration, offlining and removal leave it "
        + "as it is.",
        "Balloon pages that are dropped when their memory block goes offline.",
        new Citation("v6.12", "drivers/virtio/virtio_balloon.c", "virtballoon_migratepage"),
        Levels.Balloon, Visibility.Balloons, CheckRequest);

    /// <summary>Catches a balloon that forgets to tell the zone.</summary>
    public static readonly Invariant ManagedFollows = new(
        "balloon.managed-follows", Family.Balloon,
        "When a balloon grows or shrinks, managed pages fall or rise by as much; not at all if it deflates on OOM.",
        "Watermarks computed from memory that the balloon has taken away.",
        new Citation("v6.12", "drivers/virtio/virtio_balloon.c", "fill_balloon"),
        Levels.Balloon, Visibility.Balloons | Visibility.Zones, CheckManaged)
    {
        When = Occasion.Of(OperationKind.Inflate, OperationKind.Deflate, OperationKind.BalloonTarget),
    };

    /// <summary>Catches a balloon that takes what is not free.</summary>
    public static readonly Invariant TakesFreePages = new(
        "balloon.takes-free-pages", Family.Balloon,
        "A balloon takes only pages that were free, and they are PageOffline afterwards.",
        "A balloon page without PG_offline: dumps and hibernation read memory that is not there.",
        new Citation("v6.12", "include/linux/balloon_compaction.h", "balloon_page_insert"),
        Levels.Balloon, Visibility.PageTypes | Visibility.Placement, CheckTaken)
    {
        When = Occasion.Of(OperationKind.Inflate, OperationKind.BalloonTarget),
    };

    /// <summary>Catches a migration that leaves a balloon page behind.</summary>
    public static readonly Invariant MigrationMovesPage = new(
        "balloon.migration-moves-page", Family.Balloon,
        "A balloon page that is migrated is PageOffline at its new place, held by the same balloon, and no "
        + "longer at the old one.",
        "A page that the hypervisor has taken away is handed out, and one that it gave is kept.",
        new Citation("v6.12", "drivers/virtio/virtio_balloon.c", "virtballoon_migratepage"),
        Levels.Balloon, Visibility.PageTypes | Visibility.Placement | Visibility.Owners, CheckMigration)
    {
        When = Occasion.Of(OperationKind.Offline, OperationKind.WriteOnline),
    };

    private static Violation? CheckSize(Transition seen)
    {
        long size = 0;
        foreach (ref readonly var balloon in seen.After.Balloons)
            size += balloon.Pages;
        long held = 0;
        foreach (ref readonly var zone in seen.After.Zones)
            held += seen.After.Totals(zone.Id).Ballooned;
        for (short node = 0; node < seen.Spec.Nodes; node++)
            held += seen.After.Totals(new ZoneId(node, ZoneKind.None)).Ballooned;
        return held == size || StandBack.ForSums(seen) ? null : Evidence.Against(SizeIsItsPages, "balloons",
            Evidence.Count(size, "PageOffline page"), Evidence.Surplus(size, held));
    }

    private static Violation? CheckInflate(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.Inflate || seen.IsStart)
            return null;
        var grown = Grown(seen, (BalloonDriver)seen.Operation.Choice);
        var taken = seen.Outcome.PagesOf(WitnessRole.Taken);
        return grown == taken && grown >= 0 && grown <= seen.Operation.Amount ? null
            : Evidence.Against(GrowsByWhatItTook, $"balloon {(BalloonDriver)seen.Operation.Choice}",
                $"grown by the {Evidence.Count(taken, "page")} that it took, at most {seen.Operation.Amount}",
                    $"grown by {grown}");
    }

    private static Violation? CheckDeflate(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.Deflate || seen.IsStart)
            return null;
        var driver = (BalloonDriver)seen.Operation.Choice;
        var expected = Math.Min(seen.Operation.Amount, seen.Before.Balloon(driver)?.Pages ?? 0);
        var shrunk = -Grown(seen, driver);
        var given = seen.Outcome.PagesOf(WitnessRole.Released);

        // Xen's adds memory for itself when it is asked for more than it holds: as much comes into the balloon first.
        if (AddedFor(seen, driver) is > 0 and var added)
        {
            shrunk += added;
            expected = Math.Min(seen.Operation.Amount, (seen.Before.Balloon(driver)?.Pages ?? 0) + added);
        }

        return (shrunk == expected || !seen.Answer.IsOk) && shrunk == given ? null
            : Evidence.Against(ShrinksByWhatItGave, $"balloon {driver}",
                $"shrunk by {Evidence.Count(expected, "page")}",
                $"shrunk by {shrunk}, {Evidence.Count(given, "page")} given back");
    }

    private static long AddedFor(Transition seen, BalloonDriver driver)
    {
        long pages = 0;
        foreach (ref readonly var change in seen.Changed)
            if (driver == BalloonDriver.Xen && BlockSteps.AddsForItself(seen.Operation, change))
                pages += seen.Spec.PagesPerBlock;
        return pages;
    }

    private static long Grown(Transition seen, BalloonDriver driver) =>
        (seen.After.Balloon(driver)?.Pages ?? 0) - (seen.Before.Balloon(driver)?.Pages ?? 0);

    private static Violation? CheckRequest(Transition seen)
    {
        if (seen.IsStart || Changes(seen.Operation.Kind))
            return null;
        foreach (ref readonly var balloon in seen.After.Balloons)
        {
            var was = seen.Before.Balloon(balloon.Driver)?.Pages ?? 0;
            if (balloon.Pages != was && balloon.Driver == BalloonDriver.Xen)
                was += BackedPages.Gained(seen);

            // A balloon that deflates on OOM may shrink whenever memory is short.
            if (balloon.Pages != was && !seen.BalloonInFlight && (balloon.Pages > was || !DeflatesOnOom(seen,
                balloon.Driver)))
                return Evidence.Against(SizeByRequest, $"balloon {balloon.Driver}",
                    $"{was} pages, as before {Evidence.Word(seen)}",
                    $"{balloon.Pages}");
        }

        return null;
    }

    private static bool Changes(OperationKind kind) => kind is OperationKind.Inflate or OperationKind.Deflate
        or OperationKind.BalloonTarget or OperationKind.LoanTarget or OperationKind.Oom or OperationKind.Tick;

    private static bool DeflatesOnOom(Transition seen, BalloonDriver driver)
    {
        foreach (var balloon in seen.Spec.Balloons)
            if (balloon.Driver == driver && balloon.DeflateOnOom)
                return true;
        return false;
    }

    private static Violation? CheckManaged(Transition seen)
    {
        if (seen.IsStart
            || seen.Operation.Kind is not (OperationKind.Inflate or OperationKind.Deflate
                or OperationKind.BalloonTarget))
            return null;
        long expected = 0, gained = 0;
        foreach (ref readonly var balloon in seen.After.Balloons)
            if (!DeflatesOnOom(seen, balloon.Driver))
                expected -= balloon.Pages - (seen.Before.Balloon(balloon.Driver)?.Pages ?? 0)
                    - AddedFor(seen, balloon.Driver);
        foreach (ref readonly var zone in seen.After.Zones)
            gained += zone.Managed - seen.Before.Zone(zone.Id).Managed;
        return gained == expected || StandBack.ForSums(seen) ? null : Evidence.Against(ManagedFollows, "all zones",
            $"managed pages changed by {expected}", $"changed by {gained}");
    }

    private static Violation? CheckTaken(Transition seen)
    {
        if (seen.Operation.Kind is not (OperationKind.Inflate or OperationKind.BalloonTarget))
            return null;
        foreach (ref readonly var witness in seen.Outcome.Witness)
        {
            if (witness.Role != WitnessRole.Taken)
                continue;
            var before = new PageWalk(seen.Before, witness.Range, seen.Spec.PagesPerBlock);
            while (before.MoveNext())
                if (!before.State.HasAny(PageFlags.Buddy | PageFlags.Pcplist | PageFlags.Unseen)
                    || before.State.Has(PageFlags.HwPoison))
                    return Evidence.Against(TakesFreePages, $"pages {before.Range}", "free before they were taken",
                        before.State.ToString(), before.Range);
            var after = new PageWalk(seen.After, witness.Range, seen.Spec.PagesPerBlock);
            while (after.MoveNext())
                if (!after.State.HasAny(PageFlags.Offline | PageFlags.Unseen))
                    return Evidence.Against(TakesFreePages, $"pages {after.Range}", "PageOffline after they were taken",
                        after.State.ToString(), after.Range);
        }

        return null;
    }

    // One block at a time: an operation over several blocks may move a page more than once.
    private static Violation? CheckMigration(Transition seen)
    {
        if (seen.IsStart || seen.Operation.Kind is not (OperationKind.Offline or OperationKind.WriteOnline))
            return null;
        foreach (ref readonly var witness in seen.Outcome.Witness)
        {
            if (witness.Role != WitnessRole.Migrated)
                continue;
            var to = new PageWalk(seen.After, witness.Range, seen.Spec.PagesPerBlock);
            while (to.MoveNext())
            {
                var pages = new PageRange(witness.From + to.Range.Start - witness.Range.Start, to.Range.Count);
                var from = new PageWalk(seen.Before, pages, seen.Spec.PagesPerBlock);
                while (from.MoveNext())
                    if (!from.State.Has(PageFlags.Unseen) && !to.State.Has(PageFlags.Unseen)
                        && (from.State.Has(PageFlags.Offline) != to.State.Has(PageFlags.Offline)
                            || from.State.Owner != to.State.Owner))
                        return Evidence.Against(MigrationMovesPage, $"pages {from.Range} migrated to {to.Range}",
                            from.State.ToString(), to.State.ToString(), to.Range);
            }
        }

        return null;
    }
}
