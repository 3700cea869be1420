using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>CMM: what it has on loan, where the addresses are kept, and when its thread acts.</summary>
public static class Loans
{
    private const string File = "arch/powerpc/platforms/pseries/cmm.c";

    /// <summary>Catches a count of loaned pages that drifts from the pages.</summary>
    public static readonly Invariant SizeIsItsPages = new(
        "cmm.size-is-its-pages", Family.Cmm,
        "What CMM says it has on loan, and in list pages, is what pages say that are CMM's.",
        "A page that CMM forgets, or counts twice: it is never given back.",
        new Citation("v6.12", File, "cmm_free_pages"),
        Levels.Cmm, Visibility.Blocks | Visibility.Owners | Visibility.Balloons | Visibility.BootPages, CheckSize)
    {
        When = When.Loaning,
    };

    /// <summary>Catches holes in the list, and list pages that nobody frees.</summary>
    public static readonly Invariant ListsAreFull = new(
        "cmm.lists-are-full", Family.Cmm,
        "Of CMM's list pages all are full but the one on top.",
        "A hole in the list: the page behind it is never found again.",
        new Citation("2009", "source document 000", "the list of pages in the balloon"),
        Levels.Cmm, Visibility.Balloons, CheckLists)
    {
        When = When.Loaning,
    };

    /// <summary>Catches loans of pages that are not to be had.</summary>
    public static readonly Invariant TakesFreePages = new(
        "cmm.takes-free-pages", Family.Cmm,
        "CMM takes only pages of kernel zones that were free: for loans, and for its list.",
        "A page that is in use is handed to the hypervisor.",
        new Citation("v6.12", File, "cmm_alloc_pages"),
        Levels.Cmm, Visibility.Blocks | Visibility.PageTypes | Visibility.Placement | Visibility.Owners, CheckTaken)
    {
        When = When.Loaning,
    };

    /// <summary>Catches pages that leak when a loan ends.</summary>
    public static readonly Invariant GivenBackIsFree = new(
        "cmm.given-back-is-free", Family.Cmm,
        "Pages that CMM took back from the hypervisor are free afterwards.",
        "A page that is neither on loan nor free.",
        new Citation("v6.12", File, "cmm_free_pages"),
        Levels.Cmm, Visibility.Blocks | Visibility.PageTypes | Visibility.Placement | Visibility.Owners, CheckGivenBack)
    {
        When = When.Loaning,
    };

    /// <summary>Catches freeing that stops half way.</summary>
    public static readonly Invariant FreeingNeverAborts = new(
        "cmm.freeing-never-aborts", Family.Cmm,
        "CMM gives back all that is asked for, or all that it has, whatever becomes of memory meanwhile.",
        "A balloon that does not shrink while memory is removed, or that never shrinks again.",
        new Citation("v6.12", File, "cmm_free_pages"),
        Levels.Cmm, Visibility.Balloons | Visibility.Zones, CheckFreeing)
    {
        When = When.Loaning,
    };

    /// <summary>Catches loans beyond what was asked for.</summary>
    public static readonly Invariant UpToItsTarget = new(
        "cmm.up-to-its-target", Family.Cmm,
        "CMM loans no page beyond what the hypervisor wants, less what it gave back on OOM, and leaves enough active.",
        "Memory that is loaned away until nothing works any more.",
        new Citation("v6.12", File, "cmm_get_mpp"),
        Levels.Cmm, Visibility.Balloons | Visibility.Zones, CheckTarget)
    {
        When = When.Loaning,
    };

    /// <summary>Catches a thread that does not wait, or that never wakes.</summary>
    public static readonly Invariant PausedAfterHotplug = new(
        "cmm.paused-after-hotplug", Family.Cmm,
        "After a removal began CMM neither loans nor takes back until the delay has passed, and then it does again.",
        "The hypervisor counts on memory that is going away, or a balloon that is frozen for ever.",
        new Citation("v6.12", File, "cmm_thread"),
        Levels.Cmm, Visibility.Balloons, CheckPause)
    {
        When = When.Loaning,
    };

    /// <summary>Catches a target that moves by itself.</summary>
    public static readonly Invariant TargetByRequest = new(
        "cmm.target-by-request", Family.Cmm,
        "CMM's target changes only when the hypervisor wants it, and what OOM took off it only by what OOM took back.",
        "A balloon that inflates again at once what was given back because memory ran out.",
        new Citation("v6.12", File, "cmm_oom_notify"),
        Levels.Cmm, Visibility.Balloons, CheckRequest)
    {
        When = When.Loaning,
    };

    /// <summary>Catches loaned pages that are taken out of their zone.</summary>
    public static readonly Invariant ZonesUnchanged = new(
        "cmm.zones-unchanged", Family.Cmm,
        "Loaning changes neither span nor present nor managed pages of any zone: only the total falls.",
        "A loaned page that is subtracted twice: from the total and from its zone.",
        new Citation("2009", "source document 000", "totalram_pages and the zones' counters"),
        Levels.Cmm, Visibility.Balloons | Visibility.Zones, CheckZones)
    {
        When = When.Loaning,
    };

    private static Violation? CheckSize(Transition seen)
    {
        if (!seen.After.Loans.HasValue)
            return null;
        long loaned = 0, lists = 0;
        foreach (ref readonly var change in seen.Changed)
        {
            Add(change.After, +1, ref loaned, ref lists);
            Add(change.Before, -1, ref loaned, ref lists);
        }

        var after = seen.After.Loans.GetValueOrDefault();
        var before = seen.Before.Loans.GetValueOrDefault();
        if (after.Pages - before.Pages != loaned)
            return Evidence.Against(SizeIsItsPages, "CMM", $"{before.Pages + loaned} pages on loan", $"{after.Pages}");
        return after.ListPages - before.ListPages == lists ? null
            : Evidence.Against(SizeIsItsPages, "CMM", Evidence.Count(before.ListPages + lists, "list page"),
                $"{after.ListPages}");
    }

    private static void Add(BlockObservation? block, int sign, ref long loaned, ref long lists)
    {
        if (block is null)
            return;
        foreach (ref readonly var run in block.Pages.Runs)
            if (run.State.Has(PageFlags.InUse) && run.State.Owner == PageState.LoanOwner)
                loaned += sign * run.Count;
            else if (run.State.Has(PageFlags.InUse) && run.State.Owner == PageState.LoanListOwner)
                lists += sign * run.Count;
    }

    private static Violation? CheckLists(Transition seen)
    {
        if (!seen.After.Loans.HasValue)
            return null;
        var loans = seen.After.Loans.GetValueOrDefault();
        var room = loans.ListPages * seen.Spec.PagesPerLoanList;
        return loans.Pages <= room && loans.Pages >= room - seen.Spec.PagesPerLoanList ? null
            : Evidence.Against(ListsAreFull, "CMM",
                $"{loans.ListPages} list pages of {seen.Spec.PagesPerLoanList} addresses, full but for one",
                Evidence.Count(loans.Pages, "page") + " on loan");
    }

    private static Violation? CheckTaken(Transition seen)
    {
        if (seen.IsStart || !seen.After.Loans.HasValue)
            return null;
        foreach (ref readonly var change in seen.Changed)
        {
            if (change is not { Before.IsOnline: true, After: { IsOnline: true } after })
                continue;
            foreach (var page in new PageDiff(change.Before, change.After))
                if (IsOurs(page.After) && !IsOurs(page.Before)
                    && (!page.Before.IsFree || page.Before.Has(PageFlags.HwPoison) || after.Zone == ZoneKind.Movable))
                    return Evidence.AgainstPages(TakesFreePages, seen, change.Block, page.Start, page.Count,
                        "free pages of a kernel zone taken", $"{page.Before} in {after.CountedIn}");
        }

        return null;
    }

    private static Violation? CheckGivenBack(Transition seen)
    {
        if (!seen.After.Loans.HasValue || seen.Operation.Kind is not (OperationKind.Tick or OperationKind.Oom))
            return null;
        foreach (ref readonly var change in seen.Changed)
            foreach (var page in new PageDiff(change.Before, change.After))
                if (IsOurs(page.Before) && !IsOurs(page.After) && !page.After.IsFree
                    && !page.Before.Has(PageFlags.HwPoison) && !page.After.Has(PageFlags.Unseen))
                    return Evidence.AgainstPages(GivenBackIsFree, seen, change.Block, page.Start, page.Count,
                        "free after it was given back", page.After.ToString());
        return null;
    }

    /// <summary>True for a page that CMM has on loan, or keeps the addresses of such pages in.</summary>
    internal static bool IsOurs(in PageState page) => page.Has(PageFlags.InUse)
        && page.Owner is PageState.LoanOwner or PageState.LoanListOwner;

    private static Violation? CheckFreeing(Transition seen)
    {
        if (seen.IsStart || !seen.Before.Loans.HasValue || !seen.After.Loans.HasValue)
            return null;
        var before = seen.Before.Loans.GetValueOrDefault();
        long left;
        if (seen.Operation.Kind == OperationKind.Oom)
            left = Math.Max(0, before.Pages - seen.Spec.CmmOomPages);
        else if (seen.Operation.Kind == OperationKind.Tick && LoanClock.Polled(seen, before))
            left = LoanClock.Goal(seen, before);
        else
            return null;
        var pages = seen.After.Loans.GetValueOrDefault().Pages;
        return left > before.Pages || pages == left ? null : Evidence.Against(FreeingNeverAborts, "CMM",
            $"{left} pages still on loan, of {before.Pages}", $"{pages}");
    }

    private static Violation? CheckTarget(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.Tick || !seen.Before.Loans.HasValue || !seen.After.Loans.HasValue)
            return null;
        var before = seen.Before.Loans.GetValueOrDefault();
        var pages = seen.After.Loans.GetValueOrDefault().Pages;
        if (pages <= before.Pages)
            return null;
        var goal = LoanClock.Goal(seen, before);
        return pages <= goal ? null
            : Evidence.Against(UpToItsTarget, "CMM", $"at most {goal} pages on loan", $"{pages}");
    }

    private static Violation? CheckPause(Transition seen)
    {
        if (seen.IsStart || !seen.Before.Loans.HasValue || !seen.After.Loans.HasValue)
            return null;
        var before = seen.Before.Loans.GetValueOrDefault();
        var after = seen.After.Loans.GetValueOrDefault();
        if (seen.Operation.Kind != OperationKind.Tick)
            return CheckNoted(seen, before, after);
        var left = LoanClock.SecondsToPoll(seen.Spec, before) - seen.Operation.Amount;
        if (left <= 0)
            return after.HotplugOccurred || after.Paused
                ? Evidence.Against(PausedAfterHotplug, "CMM", "polling again after its delay", after.ToString()) : null;
        if (after.Pages != before.Pages)
            return Evidence.Against(PausedAfterHotplug, "CMM",
                $"{before.Pages} pages on loan: its next poll is {left} seconds away", $"{after.Pages}");
        var remains = LoanClock.SecondsToPoll(seen.Spec, after);
        return remains == left ? null : Evidence.Against(PausedAfterHotplug, "CMM",
            Evidence.Count(left, "second") + " to its next poll", $"{remains}");
    }

    // What its callback was told of is not forgotten, and nothing else makes it wait.
    private static Violation? CheckNoted(Transition seen, in LoanObservation before, in LoanObservation after)
    {
        if ((seen.Levels & Levels.Effects) != Levels.Effects)
            return null;
        var halted = false;
        foreach (ref readonly var effect in seen.Outcome.Effects)
            halted |= effect.Kind == EffectKind.LoaningHalted;
        return after.HotplugOccurred == (before.HotplugOccurred || halted) ? null
            : Evidence.Against(PausedAfterHotplug, "CMM",
                halted ? "a removal noted" : "no removal noted", $"hotplug-occurred {after.HotplugOccurred}");
    }

    private static Violation? CheckRequest(Transition seen)
    {
        if (seen.IsStart || !seen.Before.Loans.HasValue || !seen.After.Loans.HasValue)
            return null;
        var before = seen.Before.Loans.GetValueOrDefault();
        var after = seen.After.Loans.GetValueOrDefault();
        var target = seen.Operation.Kind == OperationKind.LoanTarget && seen.Answer.IsOk
            ? seen.Operation.Amount : before.TargetPages;
        if (after.TargetPages != target)
            return Evidence.Against(TargetByRequest, "CMM", $"a target of {target}", $"{after.TargetPages}");
        var freed = seen.Operation.Kind == OperationKind.Oom ? before.Pages - after.Pages : 0;
        return after.OomFreedPages == before.OomFreedPages + freed ? null : Evidence.Against(TargetByRequest, "CMM",
            $"{before.OomFreedPages + freed} pages given back on OOM", $"{after.OomFreedPages}");
    }

    private static Violation? CheckZones(Transition seen)
    {
        if (seen.Operation.Kind is not (OperationKind.Tick or OperationKind.LoanTarget) || seen.IsStart
            || !seen.Before.Loans.HasValue || seen.Before.Loans == seen.After.Loans)
            return null;
        foreach (ref readonly var zone in seen.After.Zones)
        {
            var was = seen.Before.Zone(zone.Id);
            if ((was.Span != zone.Span || was.Present != zone.Present || was.Managed != zone.Managed)
                && !StandBack.ForManagedChange(seen, zone.Id))
                return Evidence.Against(ZonesUnchanged, zone.Id.ToString(),
                    $"span {was.Span}, present {was.Present}, managed {was.Managed}, as before",
                    $"span {zone.Span}, present {zone.Present}, managed {zone.Managed}");
        }

        return null;
    }
}
