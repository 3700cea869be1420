using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Reference counts.</summary>
public static class References
{
    /// <summary>Catches a CANCEL_OFFLINE that forgets to take the references back, and references that leak.</summary>
    public static readonly Invariant OfflinePageIsOne = new(
        "references.offline-page-is-one", Family.References,
        "At rest a PageOffline page of an online memory block has exactly the one reference of its owner (none "
        + "in source document 003), beside what get takes.",
        "A CANCEL_OFFLINE that forgets to take the references back, or a reference that leaks.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_fake_offline_cancel_offline"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes | Visibility.References, CheckOfflinePages)
    {
        When = When.BlocksChange,
        OnlyAtStart = true,   // Somebody may have taken a reference.
    };

    /// <summary>Catches a page that is freed while somebody still holds it.</summary>
    public static readonly Invariant FreePageIsZero = new(
        "references.free-page-is-zero", Family.References,
        "A page in the buddy has no references.",
        "A page that is freed while somebody still holds it: it will be handed out twice.",
        new Citation("v6.12", "mm/page_alloc.c", "page_expected_state"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes | Visibility.References, CheckFreePages)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches a vmemmap page that can be freed like an ordinary one.</summary>
    public static readonly Invariant VmemmapPageIsOne = new(
        "references.vmemmap-page-is-one", Family.References,
        "A self-hosted vmemmap page of an online memory block has exactly one reference; the head of a group has "
        + "others, where heads are counted.",
        "Page descriptors whose own page can be freed, or that never can be given up.",
        new Citation("v6.12", "mm/memory_hotplug.c", "mhp_init_memmap_on_memory"),
        Levels.MemmapOnMemory, Visibility.Blocks | Visibility.PageTypes | Visibility.References, CheckVmemmapPages)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches a count that was dropped once too often.</summary>
    public static readonly Invariant NeverNegative = new(
        "references.never-negative", Family.References,
        "No page of an online memory block has fewer than 0 references.",
        "A reference that was dropped twice.",
        new Citation("v6.12", "include/linux/page_ref.h", "page_ref_dec_and_test"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes | Visibility.References, CheckNegative)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches a pin that is not counted, or counted on the wrong page.</summary>
    public static readonly Invariant GetAddsOne = new(
        "references.get-adds-one", Family.References,
        "Taking a reference raises the count of the named page by exactly 1.",
        "A pin that is not counted: the page is migrated or freed under its user.",
        new Citation("v6.12", "include/linux/page_ref.h", "page_ref_inc"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes | Visibility.References | Visibility.Placement, CheckGet)
    {
        When = Occasion.Of(OperationKind.Get),
    };

    /// <summary>Catches a put that frees too early or not at all.</summary>
    public static readonly Invariant PutDropsOne = new(
        "references.put-drops-one", Family.References,
        "Dropping a reference lowers the count of the named page by exactly 1; the page is freed at 0 and not before.",
        "A page that is freed while it is referenced, or that leaks when the last reference goes.",
        new Citation("v6.12", "include/linux/mm.h", "put_page"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes | Visibility.References | Visibility.Placement, CheckPut)
    {
        When = Occasion.Of(OperationKind.Put),
    };

    /// <summary>Catches an owner that gives its references up for an offline that does not happen.</summary>
    public static readonly Invariant TakenBack = new(
        "references.taken-back", Family.References,
        "References that an owner drops for GOING_OFFLINE are taken back unless the memory block goes offline.",
        "PageOffline pages without a reference in an online block: the next isolation skips them as free.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_fake_offline_going_offline"),
        Levels.Effects, Visibility.Blocks, CheckTakenBack)
    {
        When = Occasion.Of(EffectKind.ReferencesDropped),
        Steps = EffectKinds.Of(EffectKind.ReferencesDropped, EffectKind.ReferencesTaken),
    };

    private static Violation? CheckOfflinePages(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
            if (change.After is { State: BlockState.Online } block && block.Pages.Offline > 0
                && FirstUnexpected(seen, change, block) is { } run && !StandBack.ForPagesAfter(seen, change.Block))
                return Evidence.AgainstPages(OfflinePageIsOne, seen, change.Block, run.Start, run.Count,
                    $"references {AtRest(seen, run.State)}", run.State.ToString());
        return null;
    }

    private static PageRun? FirstUnexpected(Transition seen, in BlockChange change, BlockObservation block)
    {
        foreach (ref readonly var run in block.Pages.Runs)
            if (run.State.Has(PageFlags.Offline) && run.State.References != AtRest(seen, run.State)
                && run.State.References != PageState.Unknown && !AreSomebodyElses(seen, change, run)
                && !MayBeMigrating(seen, run.State) && !ArePredicted(seen, block.Block, run))
                return run;
        return null;
    }

    // In source document 003 what may be skipped by offlining has none: that is a device memory's unplugged pages.
    private static int AtRest(Transition seen, in PageState page) => page.Owner < PageState.BalloonOwner
        && !page.HasAny(PageFlags.Movable | PageFlags.Unbacked) && seen.Spec.Dialect.Has(DialectItem.OfflineUnreferencedAtRest) ? 0 : 1;

    // get takes a reference of a PageOffline page, and put drops it; between them it stays.
    private static bool AreSomebodyElses(Transition seen, in BlockChange change, in PageRun run)
    {
        if (run.State.References < AtRest(seen, run.State) || change.Before is not { IsOnline: true } before)
            return false;
        var isNamed = seen.Operation.Kind is OperationKind.Get or OperationKind.Put && seen.Answer.IsOk;
        var named = isNamed ? seen.Target.Range.Start - seen.Spec.PagesOf(change.Block).Start : -1;
        for (var offset = run.Start; offset < run.End;)
        {
            var was = before.Pages.RunAt(offset);
            if (offset != named
                && (!was.State.Has(PageFlags.Offline) || was.State.References != run.State.References))
                return false;
            offset = offset == named ? offset + 1 : was.End <= named || offset > named ? was.End : (int)named;
        }

        return true;
    }

    // A page of a balloon has a second reference while it is migrated: device memory that is being unplugged migrates
    // such pages out of its own blocks, to anywhere. balloon_page_isolate().
    private static bool MayBeMigrating(Transition seen, in PageState page) =>
        page.Owner == 0 && !page.Has(PageFlags.NeverOnlined) && !seen.Spec.Balloons.IsEmpty
            && StandBack.AnythingAfter(seen);

    private static bool ArePredicted(Transition seen, int block, in PageRun run)
    {
        for (var offset = run.Start; offset < run.End; offset++)
            if (!seen.Deviations.MayBeUnreferenced(block, offset))
                return false;
        return true;
    }

    private static Violation? CheckFreePages(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
            if (change.After is { IsOnline: true } block && block.Pages.Buddy > 0
                && FirstOther(block.Pages, PageFlags.Buddy, 0) is { } run
                    && !StandBack.ForPagesAfter(seen, change.Block))
                return Evidence.AgainstPages(FreePageIsZero, seen, change.Block, run.Start, run.Count,
                    "references 0", run.State.ToString());
        return null;
    }

    private static Violation? CheckVmemmapPages(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
            if (change.After is { IsOnline: true } block && block.Pages.Vmemmap > 0
                && FirstOther(block.Pages, PageFlags.Vmemmap, 1, IsHead(seen, block)) is { } run
                    && !StandBack.ForPagesAfter(seen, change.Block))
                return Evidence.AgainstPages(VmemmapPageIsOne, seen, change.Block, run.Start, run.Count,
                    "references 1", run.State.ToString());
        return null;
    }

    // The first page of a block, where a vmemmap head counts sections, is judged by its own rule.
    private static int IsHead(Transition seen, BlockObservation block) =>
        seen.Spec.Dialect.Has(DialectItem.MemmapGroups) && block.Pages.Runs[0].Count == 1 ? 1 : 0;

    private static PageRun? FirstOther(PageRuns pages, PageFlags kind, int references, int first = 0)
    {
        foreach (ref readonly var run in pages.Runs)
            if (run.Start >= first && run.State.Has(kind) && run.State.References != references && run.State.References != PageState.Unknown)
                return run;
        return null;
    }

    private static Violation? CheckNegative(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is not { IsOnline: true } block)
                continue;
            foreach (ref readonly var run in block.Pages.Runs)
                if (run.State.References is < 0 and not PageState.Unknown
                    && !StandBack.ForPagesAfter(seen, change.Block))
                    return Evidence.AgainstPages(NeverNegative, seen, change.Block, run.Start, run.Count,
                        "references 0 or more", run.State.ToString());
        }

        return null;
    }

    private static Violation? CheckGet(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.Get || !seen.Answer.IsOk || seen.IsStart)
            return null;
        var pfn = seen.Target.Range.Start;
        var (before, after) = (seen.PageBefore(pfn), seen.PageAfter(pfn));
        return IsUnknown(before, after) || after.References == before.References + 1
            ? null
            : Evidence.Against(GetAddsOne, $"page {pfn}", $"references {before.References + 1L}",
                after.ToString(), new PageRange(pfn, 1));
    }

    private static Violation? CheckPut(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.Put || !seen.Answer.IsOk || seen.IsStart)
            return null;
        var pfn = seen.Target.Range.Start;
        var (before, after) = (seen.PageBefore(pfn), seen.PageAfter(pfn));
        var left = before.References - 1L;
        if (IsUnknown(before, after) || (after.References == left && after.Has(PageFlags.InUse) == left > 0))
            return null;

        // The last put of a PageOffline page does not free it either.
        if (before.Has(PageFlags.Offline) && after == before with { References = (int)left })
            return null;

        // A poisoned page is never given back: whatever becomes of its count, it is not free.
        if (before.Has(PageFlags.HwPoison) && !after.IsFree)
            return null;
        return Evidence.Against(PutDropsOne, $"page {pfn}", left > 0 ? $"references {left}, in use" : "free",
            after.ToString(), new PageRange(pfn, 1));
    }

    private static bool IsUnknown(in PageState before, in PageState after) =>
        before.References == PageState.Unknown || after.References == PageState.Unknown;

    private static Violation? CheckTakenBack(Transition seen)
    {
        var effects = seen.Outcome.Effects;
        for (var i = 0; i < effects.Length; i++)
            if (effects[i].Kind == EffectKind.ReferencesDropped && !IsSettled(effects[(i + 1)..], effects[i].Range))
                return Evidence.Against(TakenBack, $"pages {effects[i].Range}",
                    "references taken back, or the sections offline", "neither", effects[i].Range);
        return null;
    }

    private static bool IsSettled(ReadOnlySpan<Effect> later, PageRange dropped)
    {
        foreach (ref readonly var effect in later)
            if ((effect.Kind == EffectKind.ReferencesTaken && effect.Range.Contains(dropped))
                || (effect.Kind == EffectKind.SectionsOffline && effect.Range.Intersects(dropped)))
                return true;
        return false;
    }
}
