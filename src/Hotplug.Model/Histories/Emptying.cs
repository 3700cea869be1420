using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.Operations;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>
/// Pageblocks are isolated, emptied and taken away: <c>offline</c>, and what offlines before it removes; and
/// <c>contig</c>, which takes what it emptied itself.
/// </summary>
internal static class Emptying
{
    private static readonly Citation s_isolate = new("v6.12", "mm/page_isolation.c", "start_isolate_page_range");
    private static readonly Citation s_offline = new("v6.12", "mm/memory_hotplug.c", "offline_pages");
    private static readonly Citation s_lock = new("v6.12", "drivers/base/core.c", "lock_device_hotplug");
    private static readonly Citation s_contig = new("v6.12", "mm/page_alloc.c", "alloc_contig_range");

    /// <summary>Judges that pageblocks are isolated.</summary>
    public static Judgement Isolate(in Turn turn)
    {
        var state = turn.State;
        var isContig = turn.Operation.Kind == OperationKind.Contig;
        var wanted = isContig ? new PageRange(turn.Call.Target.At, turn.Operation.Amount) : turn.Pages;
        if (!isContig && RefuteLock(turn) is { } locked)
            return locked;
        if (state.IsIsolatedBySomebodyElse(turn.Pages, turn.Call.Invoked))
            return Turn.Refute("isolation.one-owner", $"pages {turn.Pages}",
                $"EBUSY for {turn.Subject}: another one has isolated some of them",
                "isolated once more", s_isolate, turn.Pages);
        if ((isContig ? WhyInvalid(turn) : WhyNotOffline(turn)) is { } why)
            return turn.RefuteAnswer(why, isContig ? s_contig : s_offline);
        var hindered = Hindrances.Of(state, wanted, turn.Call.Invoked, isContig);
        if (!isContig && hindered.HasFlag(Hindrance.Refused) && turn.Answer.IsOk
            && FirstUnmovable(state, wanted) is { } page)
            return Turn.Refute("isolation.refuses-unmovable-pages", $"page {page}", $"EBUSY for {turn.Subject}",
                state.Pages.At(page).ToString(), s_isolate, new PageRange(page, 1));
        return Turn.Permit(state.With(turn.Ongoing with
        {
            HoldsHotplugLock = !isContig,
            Isolated = turn.Pages,
            Wanted = wanted,
            IsContig = isContig,
            IsWatched = !turn.Answer.IsOk,
            Hindered = turn.Ongoing.Hindered | hindered,
        }));
    }

    /// <summary>Judges that isolation ends without success; for <c>contig</c> that may be with success too.</summary>
    public static Judgement Unisolate(in Turn turn)
    {
        var ongoing = turn.Ongoing;
        if (ongoing.IsContig && turn.Answer.IsOk)
            return TakeAll(turn);
        return Turn.Permit(turn.State.With(ongoing with
        {
            Isolated = default,
            Wanted = default,
            HoldsHotplugLock = ongoing.HoldsHotplugLock && ongoing.Resizes == 0,
        }));
    }

    /// <summary>Judges that the pages of a block are gone: none of them is in use.</summary>
    public static Judgement Offline(in Turn turn)
    {
        var (state, ongoing) = (turn.State, turn.Ongoing);
        if (state.BlockOf(turn.Pages.Start) is not { } block || !ongoing.Isolated.Intersects(turn.Pages))
            return turn.RefuteAnswer("EINVAL (it is not online, or not isolated)", s_offline);
        long nobodys = 0;
        foreach (var (pages, page) in state.Pages.RunsIn(block.Range))
        {
            if (page == PageWords.Kernel && Taking.IsNobodys(state, pages))
                nobodys += pages.Count;
            else if (!Hindrances.IsGivenUp(state, block, pages, page))
                return Turn.Refute("offline.leaves-nothing-in-use", $"page {pages.Start} of block {block.Number}",
                    $"not in use when {turn.Subject} takes the block offline", page.ToString(), s_offline, pages);
        }

        if (nobodys > state.MemmapFreed)
            return Turn.Refute("offline.leaves-nothing-in-use", $"block {block.Number}", "no page of the kernel in it",
                $"{nobodys}", s_offline, block.Range);
        return Turn.Permit((state with
        {
            Structure = Offlining.Take(state.Structure, block),
            Pages = state.Pages.Without(block.Number),
            MemmapFreed = state.MemmapFreed - nobodys,
        }).With(ongoing with { Isolated = default, Wanted = default }));
    }

    /// <summary>Judges the answer of <c>offline</c>, and of <c>write-online</c> that takes offline.</summary>
    public static Judgement EndOffline(in Turn turn)
    {
        var number = turn.Spec.BlockOf(turn.Call.Target.Range.Start);
        if (RefuteLock(turn) is { } locked)
            return locked;
        if (turn.Answer.IsOk && turn.State.Find(turn.Call.Invoked) is not null)
            return turn.Structure.Find(number) is { Online: false } ? turn.Ends(turn.State)
                : turn.RefuteAnswer("a refusal: the block is online", s_offline);
        if (turn.Is(Errno.EINVAL) || turn.Is(Errno.ENOENT) || turn.Answer.IsOk)
            return Settings.End(turn);
        if (turn.Structure.FindRegistered(number) is not { Online: true } block)
            return Settings.End(turn);
        return IsExplained(turn, block.Range) ? turn.Ends(turn.State)
            : turn.RefuteAnswer("ok, or a refusal that a page, a callback or another operation explains", s_offline);
    }

    /// <summary>Judges the answer of <c>contig</c>.</summary>
    public static Judgement EndContig(in Turn turn)
    {
        if (turn.Answer.IsOk)
            return turn.Structure.Allocation(turn.Operation.Subject.Id) is { Contig: true } ? turn.Ends(turn.State)
                : turn.RefuteAnswer("an errno: it has not taken the range", s_contig);
        if (WhyInvalid(turn) is { } why && turn.State.Find(turn.Call.Invoked) is null)
            return turn.Demand(Errno.EINVAL, why, s_contig);
        var range = new PageRange(turn.Call.Target.At, turn.Operation.Amount);
        var hindered = turn.Ongoing.Hindered | Hindrances.Of(turn.State, Outward(turn, range), turn.Call.Invoked,
            isContig: false);
        hindered = (hindered & Hindrance.Isolated) | turn.Ongoing.Hindered
            | Hindrances.Of(turn.State, range, turn.Call.Invoked, isContig: true);
        var permitted = turn.Is(Errno.EBUSY)
            ? (hindered & (Hindrance.Refused | Hindrance.Isolated)) != Hindrance.None || IsFreedMeanwhile(turn, range)
                || Resizing.MayIsolate(turn, range)
            : turn.Is(Errno.ENOMEM) && (hindered.HasFlag(Hindrance.NoRoom) || IsVeto(turn) || IsShort(turn, range));
        return permitted ? turn.Ends(turn.State)
            : turn.RefuteAnswer("ok, EBUSY because of a page in the range or of another isolation, or ENOMEM where there is no room", s_contig);
    }

    /// <summary>True if something seen explains that a range could not be emptied.</summary>
    public static bool IsExplained(in Turn turn, PageRange range)
    {
        if (IsRefusedOnPurpose(turn))
            return true;
        if ((turn.Structure.PcplistsDisabled || turn.Overlaps(OperationKind.Pcp))
            && turn.Answer == Contract.Machines.Answer.Unfinished)
            return true;
        var hindered = turn.Ongoing.Hindered;
        foreach (var block in turn.Structure.BlocksIn(range))
            if (block.Online)
                hindered |= Hindrances.Of(turn.State, block.Range, turn.Call.Invoked, isContig: false);
        if (turn.Answer == Contract.Machines.Answer.Unfinished)
            return (hindered & (Hindrance.Stuck | Hindrance.NoRoom)) != Hindrance.None || IsShort(turn, range);
        return turn.Is(Errno.EBUSY)
            ? (hindered & (Hindrance.Refused | Hindrance.Isolated)) != Hindrance.None || MayHoldUnlisted(turn)
                || Resizing.MayIsolate(turn, range)
            : turn.Is(Errno.ENOMEM) && turn.Structure.Loans is not null;
    }

    /// <summary>The refusal, if somebody else holds device_hotplug_lock: what needs it waits.</summary>
    public static Judgement? RefuteLock(in Turn turn) => turn.State.IsHotplugLockedFor(turn.Call.Invoked)
        ? Turn.Refute("hotplug.one-at-a-time", turn.Subject,
            "to wait for the other operation that adds, removes, onlines or offlines memory",
            turn.Occurrence.ToString(), s_lock)
        : null;

    // A page that CMM took and has not put on its list yet: nobody can give it back.
    private static bool MayHoldUnlisted(in Turn turn) => turn.Structure.Loans is not null
        && turn.Overlaps(OperationKind.Tick);

    private static bool IsRefusedOnPurpose(in Turn turn)
    {
        var sticky = Refusals.Sticky(turn.Structure, online: false);
        if (turn.Answer.IsErrno && ((sticky != Errno.None && turn.Is(sticky)) || IsVeto(turn)))
            return true;
        foreach (var other in turn.Overlapping)
            if (other.Operation.Kind == OperationKind.NotifierError && other.Operation.Errno != Errno.None
                && turn.Is(other.Operation.Errno))
                return true;
        return false;
    }

    private static bool IsVeto(in Turn turn) => turn.Structure.Veto is { K: > 0 } veto && turn.Is(veto.Errno);

    // Others took pages meanwhile: there may have been no room for a moment.
    private static bool IsShort(in Turn turn, PageRange range)
    {
        long used = 0;
        foreach (var (pages, page) in turn.State.Pages.RunsIn(range))
            if (PageWords.CanMove(page))
                used += pages.Count;
        var movable = turn.State.BlockOf(range.Start) is { Zone: ZoneKind.Movable };
        return Room.Outside(turn.State, range, movable) - turn.TakenByOthers < Math.Max(used, 1);
    }

    // A page whose last reference was dropped is in the way until it is free.
    private static bool IsFreedMeanwhile(in Turn turn, PageRange range)
    {
        foreach (var other in turn.Overlapping)
            foreach (var witness in other.Outcome.Witness)
                if (witness.Role == Contract.Machines.WitnessRole.Released && witness.Range.Intersects(range))
                    return true;
        return false;
    }

    private static Judgement TakeAll(in Turn turn)
    {
        var ongoing = turn.Ongoing;
        var id = turn.Operation.Subject.Id;
        var taken = turn.Call.Outcome.Witness.Where(static w =>
            w.Role == Contract.Machines.WitnessRole.Taken).Sum(static w => w.Range.Count);
        if (Taking.TryTake(turn.State.With(ongoing with { Isolated = default, Wanted = default }), ongoing.Wanted,
            Allocating.WhenAllocated(AllocationKind.Unmovable)) is not { } next)
            return Taking.RefuteTake(turn, ongoing.Wanted);
        if (taken != ongoing.Wanted.Count)
            return Turn.Refute("contig.range", $"a{id}", $"exactly the pages {ongoing.Wanted} taken",
                $"{taken} pages taken", s_contig, ongoing.Wanted);
        var allocation = new Allocation(id, AllocationKind.Unmovable, [ongoing.Wanted], taken) { Contig = true };
        return Turn.Permit(next.With(allocation));
    }

    private static string? WhyInvalid(in Turn turn) =>
        Contiguous.WhyInvalid(turn.Structure, turn.Spec, turn.Call.Target.At, turn.Operation.Amount);

    private static string? WhyNotOffline(in Turn turn)
    {
        if (turn.State.BlockOf(turn.Pages.Start) is not { } block)
            return "EINVAL (already offline)";
        return block.Fixed ? "EINVAL (it spans zones or has a hole)"
            : turn.Structure.PcplistsDisabled ? "unfinished (somebody else has disabled the per-CPU lists)"
            : null;
    }

    // What isolation refuses before anybody is told; what only the scan refuses may go until then.
    private static long? FirstUnmovable(HistoryState state, PageRange range)
    {
        var freed = state.MemmapFreed;
        foreach (var (pages, page) in state.Pages.RunsIn(range))
            if (state.BlockOf(pages.Start) is { } block
                && !page.HasAny(PageFlags.Offline | PageFlags.Vmemmap | PageFlags.Unseen)
                && !(LoanPages.IsAny(page) && state.Structure.Spec.HasHotplugAwareCmm)
                && Obstacles.IsRefusedPage(state.Structure.Spec, page, block)
                && !(Taking.IsNobodys(state, pages) && (freed -= pages.Count) >= 0))
                return pages.Start;
        return null;
    }

    private static PageRange Outward(in Turn turn, PageRange range)
    {
        var unit = turn.Spec.PagesPerPageblock;
        var start = range.Start / unit * unit;
        return new PageRange(start, (range.End + unit - 1) / unit * unit - start);
    }
}
