using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.Operations;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>
/// CMM among others: pages are loaned one by one, at most one after a removal has halted it, and never one of the range
/// that leaves (kernel-semantics 4.1.7).
/// </summary>
internal static class Loaning
{
    private static readonly Citation s_alloc =
        new("2009", "source document 000", "cmm_alloc_pages: abort early if hotplug is active");
    private static readonly Citation s_free = new("2009", "source document 000", "cmm_free_pages");
    private static readonly Citation s_going = new("2009", "source document 000", "cmm_mem_going_offline");

    /// <summary>Judges that CMM loans a page, or takes one to hold addresses.</summary>
    public static Judgement Loan(in Turn turn)
    {
        if (turn.Structure.Loans is not { } loans)
            return turn.RefuteAnswer("nothing: the machine has no CMM", s_alloc);
        var isLoan = turn.Occurrence.What == Happens.Loan;
        var isHalted = isLoan && IsHalted(turn.State);
        if (isHalted && turn.Ongoing.LoanedSinceHalt)
            return Turn.Refute("cmm.one-loan-after-halt", $"page {turn.Pages.Start}",
                "not loaned: CMM was halted, and one page was loaned since", $"loaned by {turn.Subject}", s_alloc,
                    turn.Pages);
        if (turn.State.BlockOf(turn.Pages.Start) is { Zone: ZoneKind.Movable })
            return Turn.Refute("cmm.loans-kernel-pages", $"page {turn.Pages.Start}", "a page of a kernel zone",
                "one of zone Movable",
                s_alloc, turn.Pages);
        if (Taking.TryTake(turn.State, turn.Pages, isLoan ? LoanPages.Loaned : LoanPages.List) is not { } next)
            return Taking.RefuteTake(turn, turn.Pages);
        var ongoing = turn.Ongoing;
        return Turn.Permit((next with
        {
            Structure = next.Structure with
            {
                Loans = isLoan ? loans with { Pages = loans.Pages + 1 }
                    : loans with { ListPages = loans.ListPages + 1 },
            },
        }).With(ongoing with { LoanedSinceHalt = ongoing.LoanedSinceHalt || isHalted }));
    }

    /// <summary>Judges that CMM gives back a loaned page, or one that held addresses.</summary>
    public static Judgement Return(in Turn turn)
    {
        if (turn.Structure.Loans is not { } loans)
            return turn.RefuteAnswer("nothing: the machine has no CMM", s_free);
        var isLoan = turn.Occurrence.What == Happens.Activate;
        var expected = isLoan ? LoanPages.Loaned : LoanPages.List;
        foreach (var (pages, page) in turn.State.Pages.RunsIn(turn.Pages))
            if (page != expected && !page.Has(PageFlags.HwPoison))
                return Turn.Refute("cmm.frees-its-pages", $"page {pages.Start}", expected.ToString(), page.ToString(),
                    s_free, pages);
        var ongoing = turn.Ongoing;
        var count = turn.Pages.Count;
        var next = Taking.Free(turn.State, turn.Pages) with
        {
            Structure = turn.Structure with
            {
                Loans = isLoan ? loans with { Pages = loans.Pages - count }
                    : loans with { ListPages = loans.ListPages - count },
            },
        };
        return Turn.Permit(next.With(isLoan ? ongoing with { Pages = ongoing.Pages + count } : ongoing));
    }

    /// <summary>Judges that a removal halts CMM.</summary>
    public static Judgement Halt(in Turn turn) => turn.Structure.Loans is { } loans
        ? Turn.Permit((turn.State with
        {
            Structure = turn.Structure with { Loans = loans with { HotplugOccurred = true } }
        })
            .With(turn.Ongoing with { HaltsLoaning = true }))
        : turn.RefuteAnswer("nothing: the machine has no CMM", s_going);

    /// <summary>Judges that a removal lets CMM go on: nothing of CMM's lies in what goes offline.</summary>
    public static Judgement Resume(in Turn turn) =>
        Turn.Permit(turn.State.With(turn.Ongoing with { HaltsLoaning = false }));

    /// <summary>Judges the answer of <c>oom</c>: balloon first, then CMM, each all that it is asked for.</summary>
    public static Judgement EndOom(in Turn turn)
    {
        if (!turn.Answer.IsOk)
            return turn.RefuteAnswer("ok", s_free);
        if (turn.Structure.Loans is not { } loans)
            return turn.Ends(turn.State);
        long freed = 0;
        foreach (var effect in turn.Call.Outcome.Effects)
            if (effect.Kind == Contract.Machines.EffectKind.PagesActive)
                freed += effect.Range.Count;
        if (freed < turn.Spec.CmmOomPages && loans.Pages > 0 && !turn.Overlaps(OperationKind.Tick))
            return Turn.Refute("cmm.oom-frees", "CMM", $"{turn.Spec.CmmOomPages} pages given back, or all",
                $"{freed}", s_free);
        return turn.Ends(turn.State with
        {
            Structure = turn.Structure with { Loans = loans with { OomFreed = loans.OomFreed + freed } }
        });
    }

    /// <summary>Judges the answer of <c>tick</c>. When its thread wakes next is left to those who look at it at
    /// rest.</summary>
    public static Judgement EndTick(in Turn turn) =>
        turn.Answer.IsOk ? turn.Ends(turn.State) : turn.RefuteAnswer("ok", s_alloc);

    private static bool IsHalted(HistoryState state)
    {
        foreach (var one in state.UnderWay)
            if (one.HaltsLoaning)
                return true;
        return false;
    }
}
