using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>CMM and the removal of memory: what its two notifiers do, and what it does not do meanwhile.</summary>
public static class LoanRemovals
{
    private const string File = "arch/powerpc/platforms/pseries/cmm.c";

    /// <summary>Catches a thread that loans while memory leaves.</summary>
    public static readonly Invariant HaltedWhileRemoving = new(
        "cmm.halted-while-removing", Family.Cmm,
        "While memory is being removed CMM loans no page: a loan that was on its way may end, and no other begins.",
        "A balloon that takes the pages that the removal needs, or one of the range itself.",
        new Citation("v6.12", File, "cmm_alloc_pages"),
        Levels.Cmm, Visibility.Balloons, CheckHalted)
    {
        When = When.Loaning,
    };

    /// <summary>Catches pages of CMM that go away with their block.</summary>
    public static readonly Invariant RangeIsClear = new(
        "cmm.range-is-clear", Family.Cmm,
        "Once CMM agreed to an offline, neither a loaned page nor a list page of it is left in the range.",
        "Addresses of loaned pages that are kept in memory which is gone, or an offline that never ends.",
        new Citation("2009", "source document 000", "the hotplug notifier frees pages in the range which is to be removed"),
        Levels.Cmm | Levels.Effects, Visibility.Blocks | Visibility.PageTypes | Visibility.Owners, CheckRange)
    {
        When = When.Loaning,
    };

    /// <summary>Catches an isolation notifier that miscounts.</summary>
    public static readonly Invariant CountsItsPages = new(
        "cmm.counts-its-pages", Family.Cmm,
        "CMM's isolation notifier counts the loaned pages and the list pages of a pageblock, all of them and no other.",
        "A pageblock that is refused for a page that CMM could give back, or isolated with one that nobody can.",
        new Citation("2009", "source document 000", "the memory isolation notifier returns the number of pages found in the range"),
        Levels.Cmm | Levels.Effects, Visibility.Blocks | Visibility.PageTypes | Visibility.Owners, CheckCount)
    {
        When = When.Loaning,
    };

    /// <summary>Catches pages given back for a removal that will not take place.</summary>
    public static readonly Invariant KeepsWhenNotAsked = new(
        "cmm.keeps-when-not-asked", Family.Cmm,
        "A callback that refuses before CMM's turn leaves all of CMM's pages where they are.",
        "Loaned pages that are lost to the hypervisor for an operation that fails anyhow.",
        new Citation("2009", "source document 000", "the priority of this hotplug notifier is low"),
        Levels.Cmm | Levels.Effects, Visibility.Balloons, CheckKept)
    {
        When = When.Loaning,
    };

    /// <summary>Catches a halt that never ends, and an end that had no beginning.</summary>
    public static readonly Invariant HaltEnds = new(
        "cmm.halt-ends-with-removal", Family.Cmm,
        "CMM halts when its callback is called for GOING_OFFLINE and goes on at that block's OFFLINE or CANCEL_OFFLINE; "
        + "a CANCEL_OFFLINE that it has no GOING_OFFLINE for lets nothing go on.",
        "A mutex that is unlocked though nobody holds it, or held for ever.",
        new Citation("v6.12", File, "cmm_memory_cb"),
        Levels.Cmm | Levels.Effects, Visibility.Balloons, CheckEnds)
    {
        When = When.Loaning,
    };

    /// <summary>Catches an offline that CMM refuses for nothing.</summary>
    public static readonly Invariant RefusesForListPages = new(
        "cmm.refuses-for-list-pages", Family.Cmm,
        "CMM refuses an offline only because a list page lies in the range, and then the list page stays there.",
        "Memory that cannot be removed because CMM is loaded, or addresses that are lost with a list page.",
        new Citation("2009", "source document 000", "the hotplug notifier frees pages in the range which is to be removed"),
        Levels.Cmm | Levels.Effects, Visibility.Blocks | Visibility.PageTypes | Visibility.Owners, CheckRefusal)
    {
        When = When.Loaning,
    };

    private static Violation? CheckHalted(Transition seen)
    {
        if (seen.IsStart || !seen.After.Loans.HasValue)
            return null;
        var grown = seen.After.Loans.GetValueOrDefault().Pages - seen.Before.Loans.GetValueOrDefault().Pages;
        if (grown > 0 && seen.Operation.Kind != OperationKind.Tick)
            return Evidence.Against(HaltedWhileRemoving, "CMM", $"no page loaned by {Evidence.Word(seen)}",
                Evidence.Count(grown, "page") + " more on loan");
        var halted = false;
        foreach (ref readonly var effect in seen.Outcome.Effects)
            switch (effect.Kind)
            {
                case EffectKind.LoaningHalted:
                    halted = true;
                    break;
                case EffectKind.LoaningResumed:
                    halted = false;
                    break;
                case EffectKind.PagesLoaned when halted:
                    return Evidence.Against(HaltedWhileRemoving, "CMM", "no page loaned while memory is being removed",
                        $"pages {effect.Range} loaned", effect.Range);
            }

        return null;
    }

    private static Violation? CheckRange(Transition seen)
    {
        if (!seen.After.Loans.HasValue)
            return null;
        var effects = seen.Outcome.Effects;
        for (var i = 0; i < effects.Length; i++)
            if (IsAsked(seen, effects[i]) && effects[i].Errno == Errno.None
                && FirstLeft(seen, i) is { Count: > 0 } left)
                return Evidence.Against(RangeIsClear, $"block {seen.Spec.BlockOf(left.Start)}",
                    "no page of CMM left in the range that goes offline", $"pages {left}", left);
        return null;
    }

    // What CMM had in the range, and did not give back before its callback agreed. A list page that moved there earlier
    // in the same operation is one more; one that comes later is of no concern.
    private static PageRange FirstLeft(Transition seen, int asked)
    {
        var range = seen.Outcome.Effects[asked].Range;
        var given = seen.Outcome.Effects[..asked];
        var pages = new PageWalk(seen.Before, range, seen.Spec.PagesPerBlock);
        while (pages.MoveNext())
            if (Loans.IsOurs(pages.State) && FirstKept(given, pages.Range) is >= 0 and var kept)
                return new PageRange(kept, 1);
        for (var i = 0; i < given.Length; i++)
            if (given[i].Kind == EffectKind.LoanListAdded && range.Contains(given[i].Range)
                && FirstKept(given[i..], given[i].Range) >= 0)
                return given[i].Range;
        return default;
    }

    // The first page of the run that no effect gives back; −1 if there is none.
    private static long FirstKept(ReadOnlySpan<Effect> given, PageRange run)
    {
        for (var pfn = run.Start; pfn < run.End;)
        {
            var next = pfn;
            foreach (ref readonly var effect in given)
                if (effect.Kind is EffectKind.PagesActive or EffectKind.LoanListFreed && effect.Range.Contains(pfn))
                    next = Math.Max(next, effect.Range.End);
            if (next == pfn)
                return pfn;
            pfn = next;
        }

        return -1;
    }

    private static Violation? CheckCount(Transition seen)
    {
        if (!seen.Before.Loans.HasValue)
            return null;
        foreach (ref readonly var effect in seen.Outcome.Effects)
        {
            // From here on its pages are not what they were before.
            if (effect.Kind is EffectKind.PagesActive or EffectKind.LoanListAdded or EffectKind.LoanListFreed)
                return null;
            if (effect.Kind != EffectKind.IsolationCounted)
                continue;
            long found = 0;
            var pages = new PageWalk(seen.Before, effect.Range, seen.Spec.PagesPerBlock);
            while (pages.MoveNext())
                if (Loans.IsOurs(pages.State))
                    found += pages.Range.Count;
            if (found != effect.Value && !IsStale(seen, effect.Range))
                return Evidence.Against(CountsItsPages, $"pageblock {effect.Range}",
                    Evidence.Count(found, "page") + " of CMM counted", $"{effect.Value}", effect.Range);
        }

        return null;
    }

    // A block that came and went in the same operation.
    private static bool IsStale(Transition seen, PageRange range) =>
        seen.Before.Find(seen.Spec.BlockOf(range.Start)) is not { IsOnline: true };

    private static Violation? CheckKept(Transition seen)
    {
        if (seen.IsStart || !seen.Before.Loans.HasValue || !seen.After.Loans.HasValue
            || seen.Operation.Kind is OperationKind.Tick or OperationKind.Oom)
            return null;
        var before = seen.Before.Loans.GetValueOrDefault();
        var after = seen.After.Loans.GetValueOrDefault();
        if (after.Pages >= before.Pages && after.ListPages == before.ListPages)
            return null;
        foreach (ref readonly var effect in seen.Outcome.Effects)
            if (effect.Kind == EffectKind.LoaningHalted)
                return null;
        return Evidence.Against(KeepsWhenNotAsked, "CMM",
            $"{before.Pages} pages on loan and {before.ListPages} list pages: it was not called for going-offline",
            $"{after.Pages} and {after.ListPages}");
    }

    private static Violation? CheckEnds(Transition seen)
    {
        if (!seen.After.Loans.HasValue)
            return null;
        PageRange? halted = null;
        foreach (ref readonly var effect in seen.Outcome.Effects)
        {
            if (effect.Kind == EffectKind.LoaningHalted)
            {
                if (halted is { } still)
                    return Evidence.Against(HaltEnds, "CMM", $"going on after {still}", "halted again", effect.Range);
                halted = effect.Range;
            }
            else if (effect.Kind == EffectKind.LoaningResumed)
            {
                if (halted != effect.Range)
                    return Evidence.Against(HaltEnds, "CMM", "halted before it goes on", "not halted", effect.Range);
                halted = null;
            }
            else if (IsCalled(seen, effect) && IsWrong(effect, halted is not null))
            {
                return Evidence.Against(HaltEnds, $"CMM at {Words.Of(effect.Notification)}",
                    IsEnd(effect) ? "loaning goes on" : "loaning halted", "neither", effect.Range);
            }
        }

        return halted is { } left ? Evidence.Against(HaltEnds, "CMM", "going on when the operation ends", "halted", left) : null;
    }

    private static bool IsEnd(in Effect effect) =>
        effect.Notification is MemoryNotification.Offline or MemoryNotification.CancelOffline;

    // Its answer comes after what it did: halted when it agreed, and not any more when the removal is over.
    private static bool IsWrong(in Effect effect, bool halted) =>
        IsEnd(effect) ? halted : effect is { Notification: MemoryNotification.GoingOffline, Errno: Errno.None } && !halted;

    private static Violation? CheckRefusal(Transition seen)
    {
        if (!seen.After.Loans.HasValue)
            return null;
        var effects = seen.Outcome.Effects;
        for (var i = 0; i < effects.Length; i++)
            if (IsAsked(seen, effects[i]) && effects[i].Errno != Errno.None && effects[..i].Include(EffectKind.LoaningHalted, effects[i].Range)
                && HasListPage(seen.Before, seen, effects[i].Range) is false
                && HasListPage(seen.After, seen, effects[i].Range) is false)
                return Evidence.Against(RefusesForListPages, $"range {effects[i].Range}",
                    "agreed, as none of CMM's list pages lies there", ErrnoText.Print(effects[i].Errno), effects[i].Range);
        return null;
    }

    private static bool HasListPage(Observation observation, Transition seen, PageRange range)
    {
        var pages = new PageWalk(observation, range, seen.Spec.PagesPerBlock);
        while (pages.MoveNext())
            if (pages.State.Has(PageFlags.InUse) && pages.State.Owner == PageState.LoanListOwner)
                return true;
        return false;
    }

    private static bool IsAsked(Transition seen, in Effect effect) =>
        IsCalled(seen, effect) && effect.Notification == MemoryNotification.GoingOffline;

    private static bool IsCalled(Transition seen, in Effect effect) => effect.Kind == EffectKind.Notified
        && seen.Spec.Notifiers[(int)effect.Value].Name == NotifierChains.Cmm;
}
