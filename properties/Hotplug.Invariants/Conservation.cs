using System.Numerics;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>No page is lost, none is in two places.</summary>
public static class Conservation
{
    private const PageFlags Places =
        PageFlags.Buddy | PageFlags.Pcplist | PageFlags.InUse | PageFlags.Offline | PageFlags.Vmemmap
        | PageFlags.NoPage;

    /// <summary>Catches a page that is free and used at once.</summary>
    public static readonly Invariant OnePlace = new(
        "conservation.one-place", Family.Conservation,
        "Every page of an online memory block is in one place only: in the buddy, on a per-CPU list, in use, "
        + "PageOffline or vmemmap.",
        "A page that is freed and still used, or that is unplugged and free at once.",
        new Citation("v6.12", "mm/page_alloc.c", "free_page_is_bad"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes, CheckOnePlace)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches a page that is in no place at all.</summary>
    public static readonly Invariant NoneLost = new(
        "conservation.none-lost", Family.Conservation,
        "Where every page can be seen, none of an online memory block is without a place.",
        "A page that leaks: it left the buddy and nobody has it.",
        new Citation("v6.12", "mm/page_alloc.c", "__free_one_page"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes | Visibility.Placement, CheckNoneLost)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches runs of pages that do not add up to the block.</summary>
    public static readonly Invariant PageCount = new(
        "conservation.page-count", Family.Conservation,
        "The pages of an online memory block, whatever their kind, add up to the size of the block.",
        "Pages that are lost or counted twice while a block comes online.",
        new Citation("v6.12", "mm/memory_hotplug.c", "online_pages_range"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes, CheckPageCount)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches an offline that leaves pages on a free list.</summary>
    public static readonly Invariant OfflineBlockHoldsNothing = new(
        "conservation.offline-block-holds-nothing", Family.Conservation,
        "No page of an offline memory block is in the buddy, on a per-CPU list or on the LRU.",
        "A page of memory that is gone is handed out: the next access is a machine check.",
        new Citation("v6.12", "mm/page_alloc.c", "__offline_isolated_pages"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes, CheckOfflineBlock)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches a buddy that splits or merges wrongly.</summary>
    public static readonly Invariant ChunksAligned = new(
        "conservation.chunks-aligned", Family.Conservation,
        "Free chunks of order n start at a multiple of 2^n pages and are whole.",
        "A split or a merge that overlaps a neighbour: the same page is then free twice.",
        new Citation("v6.12", "mm/page_alloc.c", "__free_one_page"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes | Visibility.Placement, CheckChunks)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches an allocation that gets a page that is not to be had.</summary>
    public static readonly Invariant AllocTakesFreePages = new(
        "conservation.alloc-takes-free-pages", Family.Conservation,
        "An allocation takes only pages that were free, and no PageOffline, vmemmap or poisoned one.",
        "A page that belongs to a balloon, to the vmemmap or to somebody else is handed out.",
        new Citation("v6.12", "mm/page_alloc.c", "rmqueue_buddy"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes | Visibility.Placement, CheckAlloc)
    {
        When = When.Allocating,
    };

    /// <summary>Catches an allocation that claims more or less than it took.</summary>
    public static readonly Invariant AllocTakesAll = new(
        "conservation.alloc-takes-all", Family.Conservation,
        "A successful allocation takes all the pages that it was asked for and nothing else; a failed one takes none.",
        "Pages that leak when an allocation fails half way.",
        new Citation("v6.12", "mm/page_alloc.c", "__alloc_pages_noprof"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes | Visibility.Placement, CheckAllocAmount)
    {
        When = When.Allocating,
    };

    /// <summary>Catches kernel pages in movable memory.</summary>
    public static readonly Invariant UnmovableOutsideMovable = new(
        "conservation.unmovable-outside-movable", Family.Conservation,
        "An unmovable or reclaimable allocation takes no page of zone Movable.",
        "Memory that was kept movable can never be unplugged again.",
        new Citation("v6.12", "include/linux/gfp.h", "gfp_zone"),
        Levels.Core, Visibility.Blocks | Visibility.Placement, CheckUnmovable)
    {
        When = When.Allocating,
    };

    /// <summary>Catches a release that frees somebody else's pages, or none.</summary>
    public static readonly Invariant ReleasedIsFree = new(
        "conservation.released-is-free", Family.Conservation,
        "Pages that a free or a deflation released are free afterwards.",
        "Pages that leak when they are given back.",
        new Citation("v6.12", "mm/page_alloc.c", "free_unref_page"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes | Visibility.Placement, CheckReleased)
    {
        When = Occasion.Of(OperationKind.Free, OperationKind.Put, OperationKind.Deflate),
    };

    /// <summary>Catches side effects of operations that touch no page.</summary>
    public static readonly Invariant QuietOperations = new(
        "conservation.quiet-operations", Family.Conservation,
        "Setting a policy, arming a fault or writing a word that the kernel does not know changes no page.",
        "Pages that move or leak where nothing was asked of them.",
        new Citation("v6.12", "drivers/base/memory.c", "auto_online_blocks_store"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes | Visibility.Placement, CheckQuiet)
    {
        When = Occasion.Of(OperationKind.Policy, OperationKind.Veto, OperationKind.NotifierError,
            OperationKind.WriteState)
            .And(When.BlocksChange),
    };

    private static Violation? CheckOnePlace(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is not { IsOnline: true } block)
                continue;
            foreach (ref readonly var run in block.Pages.Runs)
                if (BitOperations.PopCount((uint)(run.State.Flags & Places)) > 1 && !StandBack.ForPages(seen,
                    change.Block))
                    return Evidence.AgainstPages(OnePlace, seen, change.Block, run.Start, run.Count,
                        "in one place", run.State.ToString());
        }

        return null;
    }

    private static Violation? CheckNoneLost(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is not { IsOnline: true } block)
                continue;
            foreach (ref readonly var run in block.Pages.Runs)
                if (!run.State.HasAny(Places | PageFlags.Unseen | PageFlags.HwPoison | PageFlags.Reserved))
                    return Evidence.AgainstPages(NoneLost, seen, change.Block, run.Start, run.Count,
                        "in some place", run.State.ToString());
        }

        return null;
    }

    private static Violation? CheckPageCount(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
            if (change.After is { IsOnline: true } block && block.Pages.Pages != seen.Spec.PagesPerBlock
                && block.Pages.Pages > 0 && !BootMemory.IsPartial(seen, change.Block)
                && !StandBack.ForBlock(seen, change.Block))
                return Evidence.AgainstBlock(PageCount, seen, change.Block,
                    Evidence.Count(seen.Spec.PagesPerBlock, "page"), $"{block.Pages.Pages}");
        return null;
    }

    private static Violation? CheckOfflineBlock(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is not { IsOnline: false } block)
                continue;
            foreach (ref readonly var run in block.Pages.Runs)
                if (run.State.HasAny(PageFlags.Buddy | PageFlags.Pcplist | PageFlags.Movable)
                    && !StandBack.ForPages(seen, change.Block))
                    return Evidence.AgainstPages(OfflineBlockHoldsNothing, seen, change.Block, run.Start, run.Count,
                        "on no list, as the block is offline", run.State.ToString());
        }

        return null;
    }

    private static Violation? CheckChunks(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is not { IsOnline: true, Pages.Buddy: > 0 } block)
                continue;
            foreach (ref readonly var run in block.Pages.Runs)
                if (run.State.Has(PageFlags.Buddy) && run.State.Order > 0
                    && ((run.Start | run.Count) & ((1 << run.State.Order) - 1)) != 0 && !SpansBlocks(seen,
                        run.State.Order))
                    return Evidence.AgainstPages(ChunksAligned, seen, change.Block, run.Start, run.Count,
                        $"whole chunks of order {run.State.Order}",
                            $"{run.Count} pages from offset {run.Start}, {run.State}");
        }

        return null;
    }

    private static bool SpansBlocks(Transition seen, int order) => 1L << order > seen.Spec.PagesPerBlock;

    private static Violation? CheckAlloc(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.Alloc)
            return null;
        foreach (ref readonly var witness in seen.Outcome.Witness)
        {
            if (witness.Role != WitnessRole.Taken)
                continue;
            var before = new PageWalk(seen.Before, witness.Range, seen.Spec.PagesPerBlock);
            while (before.MoveNext())
                if (!before.State.HasAny(PageFlags.Buddy | PageFlags.Pcplist | PageFlags.Unseen)
                    || before.State.Has(PageFlags.HwPoison))
                    return Evidence.Against(AllocTakesFreePages, $"pages {before.Range}", "free before they were taken",
                        before.State.ToString(), before.Range);
        }

        return null;
    }

    private static Violation? CheckAllocAmount(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.Alloc || seen.IsStart)
            return null;
        var chunk = 1L << seen.Operation.Order;
        var expected = seen.Answer.IsOk ? (seen.Operation.Amount + chunk - 1) / chunk * chunk : 0;
        var taken = seen.Outcome.PagesOf(WitnessRole.Taken);
        return taken == expected ? null : Evidence.Against(AllocTakesAll, seen.Operation.Subject.ToString(),
            Evidence.Count(expected, "page"), Evidence.Surplus(expected, taken));
    }

    private static Violation? CheckUnmovable(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.Alloc
            || (AllocationKind)seen.Operation.Choice is not (AllocationKind.Unmovable or AllocationKind.Reclaimable))
            return null;
        foreach (ref readonly var witness in seen.Outcome.Witness)
            if (witness.Role == WitnessRole.Taken
                && seen.After.Find(seen.Spec.BlockOf(witness.Range.Start)) is { } block
                && block.IsOnline && block.Zone == ZoneKind.Movable)
                return Evidence.Against(UnmovableOutsideMovable, $"block {block.Block}", "pages of a kernel zone",
                    block.CountedIn.ToString(), witness.Range);
        return null;
    }

    private static Violation? CheckReleased(Transition seen)
    {
        if (seen.Operation.Kind is not (OperationKind.Free or OperationKind.Put or OperationKind.Deflate))
            return null;
        foreach (ref readonly var witness in seen.Outcome.Witness)
        {
            if (witness.Role != WitnessRole.Released)
                continue;
            var after = new PageWalk(seen.After, witness.Range, seen.Spec.PagesPerBlock);
            while (after.MoveNext())
                if (!after.State.HasAny(PageFlags.Buddy | PageFlags.Pcplist | PageFlags.Unseen | PageFlags.HwPoison)
                    && !(after.State.Has(PageFlags.Kernel) && AddsMemmap(seen)))
                    return Evidence.Against(ReleasedIsFree, $"pages {after.Range}", "free after they were released",
                        after.State.ToString(), after.Range);
        }

        return null;
    }

    // What Xen's balloon adds for itself takes its memmap from what was just released.
    private static bool AddsMemmap(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
            if (BlockSteps.AddsForItself(seen.Operation, change))
                return true;
        return false;
    }

    private static Violation? CheckQuiet(Transition seen)
    {
        if (seen.IsStart || seen.Operation.Kind is not (OperationKind.Policy or OperationKind.Veto
            or OperationKind.NotifierError or OperationKind.WriteState))
            return null;
        foreach (ref readonly var change in seen.Changed)
            foreach (var page in new PageDiff(change.Before, change.After))
                if (!StandBack.ForPages(seen, change.Block))
                    return Evidence.AgainstChange(QuietOperations, seen, change.Block, page);
        return null;
    }
}
