using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Contiguous allocation: alloc_contig_range() and free_contig_range().</summary>
public static class Contigs
{
    /// <summary>Catches an allocation that takes what isolation may skip for offlining only.</summary>
    public static readonly Invariant TakesNoPageOffline = new(
        "contig.takes-no-page-offline", Family.Contig,
        "A contiguous allocation over a PageOffline page that cannot be migrated is refused, whatever its references "
        + "(source document 003).",
        "A page without memory behind it is handed out, because offlining may skip it.",
        new Citation("v6.12", "mm/page_isolation.c", "__test_page_isolated_in_pageblock"),
        Levels.Contig, Visibility.Blocks | Visibility.PageTypes, CheckPageOffline)
    {
        When = Occasion.Of(OperationKind.Contig),
    };

    /// <summary>Catches an allocation that migrates a whole range before it finds out that it cannot have it.</summary>
    public static readonly Invariant StopsEarly = new(
        "contig.stops-early", Family.Contig,
        "In a kernel zone a contiguous allocation over a PageOffline page that cannot be migrated stops at isolation: "
        + "nothing is migrated (source document 003).",
        "Pages that are moved for an allocation that cannot succeed.",
        new Citation("v6.12", "mm/page_isolation.c", "has_unmovable_pages"),
        Levels.Contig | Levels.Effects, Visibility.Blocks | Visibility.PageTypes, CheckStopsEarly)
    {
        When = Occasion.Of(OperationKind.Contig),
    };

    /// <summary>Catches an allocation that takes poisoned or pinned pages.</summary>
    public static readonly Invariant TakesFreeOrMovedPages = new(
        "contig.takes-free-or-moved-pages", Family.Contig,
        "Every page that a contiguous allocation takes was free, or was migrated away; none is poisoned.",
        "A page that is handed out while somebody uses it.",
        new Citation("v6.12", "mm/page_isolation.c", "test_pages_isolated"),
        Levels.Contig, Visibility.Blocks | Visibility.PageTypes | Visibility.Placement, CheckTakes)
    {
        When = Occasion.Of(OperationKind.Contig),
    };

    /// <summary>Catches an allocation that is short, or that keeps what it isolated around the range.</summary>
    public static readonly Invariant TakesExactlyTheRange = new(
        "contig.takes-exactly-the-range", Family.Contig,
        "A contiguous allocation takes exactly its range, each page in use with one reference; a refused one takes "
        + "nothing.",
        "Pages at both ends that were isolated with the range and are never given back, or a range with gaps.",
        new Citation("v6.12", "mm/page_alloc.c", "alloc_contig_range"),
        Levels.Contig, Visibility.Blocks | Visibility.PageTypes | Visibility.Placement, CheckRange)
    {
        When = Occasion.Of(OperationKind.Contig),
    };

    /// <summary>Catches pageblocks that stay isolated.</summary>
    public static readonly Invariant IsolationUndone = new(
        "contig.isolation-undone", Family.Contig,
        "What a contiguous allocation isolates it gives back before it returns, on success and on failure.",
        "Free pages that nobody can allocate any more.",
        new Citation("v6.12", "mm/page_isolation.c", "undo_isolate_page_range"),
        Levels.Contig | Levels.Effects, Visibility.Blocks, CheckUndone)
    {
        When = Occasion.Of(OperationKind.Contig),
    };

    /// <summary>Catches an allocation that is taken for memory that is gone.</summary>
    public static readonly Invariant KeepsCounters = new(
        "contig.keeps-counters", Family.Contig,
        "A contiguous allocation changes neither present pages nor the sum of managed pages.",
        "Memory that is counted as gone although it is only allocated.",
        new Citation("v6.12", "mm/page_alloc.c", "alloc_contig_range"),
        Levels.Contig, Visibility.Blocks | Visibility.Zones, CheckCounters)
    {
        When = Occasion.Of(OperationKind.Contig, OperationKind.ContigFree),
    };

    private static Violation? CheckPageOffline(Transition seen)
    {
        if (!IsContig(seen) || !seen.Answer.IsOk || FirstPageOffline(seen) is not { } page)
            return null;
        return Evidence.Against(TakesNoPageOffline, $"pages {page.Range}", "EBUSY, as they are PageOffline",
            $"taken: {seen.PageAfter(page.Range.Start)}", page.Range);
    }

    private static Violation? CheckStopsEarly(Transition seen)
    {
        if (!IsContig(seen) || FirstPageOffline(seen) is not { } page
            || seen.Before.Find(seen.Spec.BlockOf(page.Range.Start)) is not { CountedIn.IsKernel: true })
            return null;
        foreach (ref readonly var effect in seen.Outcome.Effects)
            if (effect.Kind == EffectKind.Migrated)
                return Evidence.Against(StopsEarly, $"pages {page.Range}", "nothing migrated, as they are PageOffline",
                    $"pages migrated to {effect.Range}", page.Range);
        return null;
    }

    private static Violation? CheckTakes(Transition seen)
    {
        if (!IsContig(seen) || !seen.Answer.IsOk)
            return null;
        var before = new PageWalk(seen.Before, RangeOf(seen), seen.Spec.PagesPerBlock);
        while (before.MoveNext())
            if (before.State.Has(PageFlags.HwPoison)
                || !before.State.HasAny(PageFlags.Buddy | PageFlags.Pcplist | PageFlags.Movable | PageFlags.Unseen))
                return Evidence.Against(TakesFreeOrMovedPages, $"pages {before.Range}", "free or movable before",
                    before.State.ToString(), before.Range);
        return null;
    }

    private static Violation? CheckRange(Transition seen)
    {
        if (!IsContig(seen))
            return null;
        var taken = seen.Outcome.PagesOf(WitnessRole.Taken);
        var expected = seen.Answer.IsOk ? seen.Operation.Amount : 0;
        if (taken != expected)
            return Evidence.Against(TakesExactlyTheRange, seen.Operation.Subject.ToString(),
                Evidence.Count(expected, "page"), Evidence.Surplus(expected, taken));
        if (!seen.Answer.IsOk)
            return null;
        var after = new PageWalk(seen.After, RangeOf(seen), seen.Spec.PagesPerBlock);
        while (after.MoveNext())
            if (!after.State.Has(PageFlags.Unseen)
                && (!after.State.Has(PageFlags.InUse) || after.State.References is not (1 or PageState.Unknown)))
                return Evidence.Against(TakesExactlyTheRange, $"pages {after.Range}", "in use, references 1",
                    after.State.ToString(), after.Range);
        return null;
    }

    private static Violation? CheckUndone(Transition seen)
    {
        if (!IsContig(seen))
            return null;
        var effects = seen.Outcome.Effects;
        for (var i = 0; i < effects.Length; i++)
            if (effects[i].Kind == EffectKind.Isolated && !effects[(i + 1)..].Include(EffectKind.Unisolated, effects[i].Range))
                return Evidence.Against(IsolationUndone, $"pages {effects[i].Range}", "not isolated any more",
                    "isolated still", effects[i].Range);
        return null;
    }

    private static Violation? CheckCounters(Transition seen)
    {
        if (!IsContig(seen) && seen.Operation.Kind != OperationKind.ContigFree)
            return null;
        long managed = 0;
        foreach (ref readonly var zone in seen.After.Zones)
        {
            var was = seen.Before.Zone(zone.Id);
            managed += zone.Managed - was.Managed;
            if (was.Present != zone.Present)
                return Evidence.Miscount(KeepsCounters, zone.Id, "present", was.Present, zone.Present);
        }

        return managed == 0 ? null : Evidence.Against(KeepsCounters, "all zones",
            "as many managed pages as before", $"{managed} more");
    }

    private static bool IsContig(Transition seen) =>
        seen.Operation.Kind == OperationKind.Contig && !seen.IsStart && seen.Target.At >= 0;

    // A request that goes beyond all memory is refused for that; what matters then is what lies before the end.
    private static PageRange RangeOf(Transition seen) => new(seen.Target.At,
        Math.Min(seen.Operation.Amount, seen.Spec.PagesPerBlock * (seen.Before.Blocks.Length + 1L)));

    // The first page of the range that is PageOffline and no page of a balloon that lets them migrate.
    private static (PageRange Range, PageState State)? FirstPageOffline(Transition seen)
    {
        if (seen.Operation.Amount > seen.Spec.PagesPerBlock * (long)seen.Before.Blocks.Length)
            return null;
        var before = new PageWalk(seen.Before, RangeOf(seen), seen.Spec.PagesPerBlock);
        while (before.MoveNext())
            if (before.State.Has(PageFlags.Offline) && !before.State.Has(PageFlags.Movable)
                && before.State.Owner is not (VirtioBalloon or CmmBalloon))
                return (before.Range, before.State);
        return null;
    }

    private const byte VirtioBalloon = PageState.BalloonOwner + (byte)BalloonDriver.Virtio;
    private const byte CmmBalloon = PageState.BalloonOwner + (byte)BalloonDriver.Cmm;
}
