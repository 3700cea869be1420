using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Memory failure.</summary>
public static class Poison
{
    /// <summary>Catches a broken page that is handed out again.</summary>
    public static readonly Invariant NeverInBuddy = new(
        "poison.never-in-buddy", Family.Poison,
        "A poisoned page is on no free list.",
        "A broken page that is handed out again.",
        new Citation("v6.12", "mm/page_alloc.c", "take_page_off_buddy"),
        Levels.Hwpoison, Visibility.Blocks | Visibility.PageTypes, CheckBuddy)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches poison that gets lost.</summary>
    public static readonly Invariant Persists = new(
        "poison.persists", Family.Poison,
        "A poisoned page stays poisoned until it is unpoisoned or its memory block leaves online.",
        "A broken page that looks whole after a failed offline, a migration or a free.",
        new Citation("v6.12", "mm/memory-failure.c", "unpoison_memory"),
        Levels.Hwpoison, Visibility.Blocks | Visibility.PageTypes, CheckPersists)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches poison that hits the wrong page.</summary>
    public static readonly Invariant OnlyNamed = new(
        "poison.only-named", Family.Poison,
        "A page becomes poisoned only by an operation that names it.",
        "The whole chunk is poisoned instead of one page of it, or a neighbour.",
        new Citation("v6.12", "mm/memory-failure.c", "memory_failure"),
        Levels.Hwpoison, Visibility.Blocks | Visibility.PageTypes, CheckOnlyNamed)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches a failure that is reported as handled, but whose page is not marked.</summary>
    public static readonly Invariant SuccessMarks = new(
        "poison.success-marks", Family.Poison,
        "After a successful poisoning the page is poisoned, after a successful unpoisoning it is not.",
        "A failure that is reported as handled while the broken page stays in use.",
        new Citation("v6.12", "mm/memory-failure.c", "action_result"),
        Levels.Hwpoison, Visibility.Blocks | Visibility.PageTypes, CheckSuccess)
    {
        When = When.PoisoningOrUnpoisoning,
    };

    /// <summary>Catches a block that brings broken pages back to the allocator.</summary>
    public static readonly Invariant FreshBlockIsClean = new(
        "poison.fresh-block-is-clean", Family.Poison,
        "A memory block that just came online has no poisoned page: 6.12 refuses to online one that has.",
        "Page descriptors that are not initialised when a block comes online.",
        new Citation("v6.12", "mm/mm_init.c", "memmap_init_range"),
        Levels.Hwpoison, Visibility.Blocks | Visibility.PageTypes, CheckFresh)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches a counter that drifts from the flags.</summary>
    public static readonly Invariant Counter = new(
        "poison.counter", Family.Poison,
        "The number of poisoned pages rises and falls with the flags, and otherwise falls only when memory is removed.",
        "HardwareCorrupted that counts a page twice, or forgets one.",
        new Citation("v6.12", "mm/memory-failure.c", "num_poisoned_pages_inc"),
        Levels.Hwpoison, Visibility.Blocks | Visibility.PageTypes | Visibility.Counters, CheckCounter);

    /// <summary>Catches a failure that changes what a zone owns.</summary>
    public static readonly Invariant ZonesUnchanged = new(
        "poison.zones-unchanged", Family.Poison,
        "Poisoning and unpoisoning change neither span nor present nor managed pages of any zone, but for a balloon "
        + "page that a soft offline moves to another zone.",
        "Managed pages that are lowered for a poisoned page now and once more when its block goes offline.",
        new Citation("v6.12", "mm/memory-failure.c", "page_handle_poison"),
        Levels.Hwpoison, Visibility.Zones, CheckZones)
    {
        When = When.PoisoningOrUnpoisoning.And(When.ZonesChange),
    };

    /// <summary>Catches a poison flag written to page descriptors that may not be touched.</summary>
    public static readonly Invariant OfflineRefused = new(
        "poison.offline-refused", Family.Poison,
        "Poisoning a page of an offline memory block is refused with ENXIO, a soft offline or unpoisoning of one "
        + "with EIO.",
        "Page descriptors of offline memory that are written though they mean nothing.",
        new Citation("v6.12", "mm/memory-failure.c", "memory_failure"),
        Levels.Hwpoison, Visibility.Blocks, CheckOffline)
    {
        When = When.PoisoningOrUnpoisoning,
    };

    /// <summary>Catches an unpoisoning that hands an unplugged page to the allocator.</summary>
    public static readonly Invariant UnpoisonRefusesOffline = new(
        "poison.unpoison-refuses-page-offline", Family.Poison,
        "Unpoisoning a PageOffline page is refused (6.12).",
        "The owner's reference is dropped, and an unplugged page goes to the allocator.",
        new Citation("v6.12", "mm/memory-failure.c", "unpoison_memory"),
        Levels.Hwpoison, Visibility.Blocks | Visibility.PageTypes, CheckUnpoison)
    {
        When = Occasion.Of(OperationKind.Unpoison),
    };

    private static bool Poisons(OperationKind kind) =>
        kind is OperationKind.Poison or OperationKind.HardOffline or OperationKind.SoftOffline;

    private static Violation? CheckBuddy(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is not { IsOnline: true, Pages.Poisoned: > 0 } block)
                continue;
            foreach (ref readonly var run in block.Pages.Runs)
            {
                if (!run.State.Has(PageFlags.HwPoison) || !run.State.HasAny(PageFlags.Buddy | PageFlags.Pcplist))
                    continue;
                for (var offset = run.Start; offset < run.End; offset++)
                    if (!seen.Deviations.MayBePoisonedInBuddy(change.Block, offset))
                        return Evidence.AgainstPages(NeverInBuddy, seen, change.Block, offset, 1,
                            "on no free list, as it is poisoned", run.State.ToString());
            }
        }

        return null;
    }

    private static Violation? CheckPersists(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.Before is not { IsOnline: true, Pages.Poisoned: > 0 } || change.After is not { IsOnline: true })
                continue;
            foreach (var page in new PageDiff(change.Before, change.After))
                if (page.Before.Has(PageFlags.HwPoison) && !page.After.HasAny(PageFlags.HwPoison | PageFlags.Unseen)
                    && !(seen.Operation.Kind == OperationKind.Unpoison && IsTarget(seen, change.Block, page))
                    && seen.Deviations.For(DeviationKind.PoisonLost, change.Block) is null
                    && !StandBack.ForBlock(seen, change.Block))
                    return Evidence.AgainstChange(Persists, seen, change.Block, page);
        }

        return null;
    }

    private static Violation? CheckOnlyNamed(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.Before is not { IsOnline: true } || change.After is not { IsOnline: true, Pages.Poisoned: > 0 })
                continue;
            foreach (var page in new PageDiff(change.Before, change.After))
                if (page.After.Has(PageFlags.HwPoison) && !page.Before.HasAny(PageFlags.HwPoison | PageFlags.Unseen)
                    && !(Poisons(seen.Operation.Kind) && IsTarget(seen, change.Block, page)))
                    return Evidence.AgainstChange(OnlyNamed, seen, change.Block, page);
        }

        return null;
    }

    private static bool IsTarget(Transition seen, int block, in PageChange page) =>
        page.Count == 1 && seen.Target.Range.Contains(seen.Spec.PagesOf(block).Start + page.Start);

    private static Violation? CheckSuccess(Transition seen)
    {
        var kind = seen.Operation.Kind;
        if (seen.IsStart || !seen.Answer.IsOk || (!Poisons(kind) && kind != OperationKind.Unpoison))
            return null;
        var pfn = seen.Target.Range.Start;
        var after = seen.PageAfter(pfn);
        if (after.Has(PageFlags.Unseen) || after.Has(PageFlags.HwPoison) == Poisons(kind))
            return null;
        return Evidence.Against(SuccessMarks, $"page {pfn}", Poisons(kind) ? "poisoned" : "not poisoned any more",
            after.ToString(), new PageRange(pfn, 1));
    }

    private static Violation? CheckFresh(Transition seen)
    {
        if (seen.IsStart || !seen.Spec.Dialect.Has(DialectItem.PoisonBlocksOnline))
            return null;
        foreach (ref readonly var change in seen.Changed)
            if (change.After is { IsOnline: true, Pages.Poisoned: > 0 } block && change.Before is not { IsOnline: true }
                && !StandBack.ForBlock(seen, change.Block))
                return Evidence.AgainstBlock(FreshBlockIsClean, seen, change.Block, "no poisoned page",
                    Evidence.Count(block.Pages.Poisoned, "poisoned page"));
        return null;
    }

    private static Violation? CheckCounter(Transition seen)
    {
        if (seen.IsStart || seen.Before.PoisonedPages < 0 || seen.After.PoisonedPages < 0)
            return null;
        var gained = seen.After.PoisonedPages - seen.Before.PoisonedPages;
        var (low, high) = Expected(seen);
        if ((gained >= low && gained <= high) || StandBack.ForSums(seen))
            return null;
        return Evidence.Against(Counter, "poisoned pages",
            low == high ? $"{seen.Before.PoisonedPages + low}" : $"{seen.Before.PoisonedPages + high} or fewer",
            $"{seen.After.PoisonedPages}", seen.Target.Range.Count == 1 ? seen.Target.Range : default);
    }

    private static (long Low, long High) Expected(Transition seen)
    {
        var kind = seen.Operation.Kind;
        if (Poisons(kind) || kind == OperationKind.Unpoison)
        {
            var after = seen.PageAfter(seen.Target.Range.Start);
            var before = seen.PageBefore(seen.Target.Range.Start);
            if (after.Has(PageFlags.Unseen) || before.Has(PageFlags.Unseen))
                return (-1, 1);
            var flagged = (after.Has(PageFlags.HwPoison) ? 1 : 0) - (before.Has(PageFlags.HwPoison) ? 1 : 0);
            return (flagged, flagged);
        }

        // Removal takes the poisoned pages of the removed blocks out of the count; how many those are is not seen here.
        // A device memory removes an emptied block first, also when it grows.
        return kind is OperationKind.Remove or OperationKind.OfflineRemove or OperationKind.Eject
            or OperationKind.Unplug or OperationKind.Plug
            or OperationKind.Resize or OperationKind.Tick ? (long.MinValue, 0) : (0, 0);
    }

    private static Violation? CheckZones(Transition seen)
    {
        if (seen.IsStart || (!Poisons(seen.Operation.Kind) && seen.Operation.Kind != OperationKind.Unpoison))
            return null;
        foreach (ref readonly var zone in seen.After.Zones)
        {
            var was = seen.Before.Zone(zone.Id);
            if (was.Span == zone.Span && was.Present == zone.Present
                && (was.Managed == zone.Managed || MayMigrateBetweenZones(seen)))
                continue;
            if (!StandBack.ForManagedChange(seen, zone.Id))
                return Evidence.Against(ZonesUnchanged, zone.Id.ToString(),
                    $"span {was.Span}, present {was.Present}, managed {was.Managed}, as before {seen.Operation}",
                    $"span {zone.Span}, present {zone.Present}, managed {zone.Managed}");
        }

        return null;
    }

    // A balloon's page takes its managed count along when it is migrated to another zone: soft_offline_page() migrates.
    private static bool MayMigrateBetweenZones(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.SoftOffline || seen.Spec.Balloons.IsEmpty)
            return false;
        long gained = 0;
        foreach (ref readonly var zone in seen.After.Zones)
            gained += zone.Managed - seen.Before.Zone(zone.Id).Managed;
        return gained == 0;
    }

    private static Violation? CheckOffline(Transition seen)
    {
        if (seen.IsStart || (!Poisons(seen.Operation.Kind) && seen.Operation.Kind != OperationKind.Unpoison))
            return null;
        var pfn = seen.Target.Range.Start;
        if (seen.Before.Find(seen.Spec.BlockOf(pfn)) is not { IsOnline: false } block
            || seen.Answer.Completion != Completion.Finished)
            return null;
        var refusal = seen.Operation.Kind is OperationKind.Poison or OperationKind.HardOffline ? Errno.ENXIO
            : Errno.EIO;
        return seen.Answer == Answer.Of(refusal) || StandBack.ForBlock(seen, block.Block) ? null
            : Evidence.Against(OfflineRefused, $"page {pfn}",
                $"{ErrnoText.Print(refusal)}, as block {block.Block} is offline", seen.Answer.ToString(),
                new PageRange(pfn, 1));
    }

    private static Violation? CheckUnpoison(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.Unpoison || !seen.Answer.IsOk || seen.IsStart
            || !seen.Spec.Dialect.Has(DialectItem.UnpoisonRefusesOffline))
            return null;
        var pfn = seen.Target.Range.Start;
        var before = seen.PageBefore(pfn);
        return before.Has(PageFlags.Offline) && !seen.BalloonInFlight && !seen.InFlight(seen.Spec.BlockOf(pfn))
            ? Evidence.Against(UnpoisonRefusesOffline, $"page {pfn}", $"EBUSY, as it is {before}", "ok",
                new PageRange(pfn, 1))
            : null;
    }
}
