using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.Operations;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>
/// <c>free</c>, <c>get</c> and <c>put</c> among others: each page's own reference is dropped by itself, and whoever
/// drops
/// the last one frees the page (kernel-semantics 3.9.2).
/// </summary>
internal static class Freeing
{
    private static readonly Citation s_free = new("v6.12", "mm/swap.c", "__folio_put");
    private static readonly Citation s_get = new("v6.12", "include/linux/mm.h", "get_page");

    /// <summary>The structure in which a freed allocation has only the pages that live on by extra
    /// references.</summary>
    public static State ForgetFreed(State structure)
    {
        foreach (var allocation in structure.Allocations)
        {
            if (!allocation.Freed)
                continue;
            var (kept, index) = (allocation, 0L);
            foreach (var range in allocation.Pages)
                for (var pfn = range.Start; pfn < range.End; pfn++, index++)
                    if (pfn >= 0 && !allocation.Extra.ContainsKey(index))
                        kept = Without(kept, new PageRange(pfn, 1));
            structure = structure.With(kept);
        }

        return structure;
    }

    /// <summary>Judges that <c>free</c> begins.</summary>
    public static Judgement Begin(in Turn turn)
    {
        var id = turn.Operation.Subject.Id;
        if (turn.Structure.Allocation(id) is not { Freed: false } allocation || IsBeingFreed(turn.State, id))
            return turn.RefuteAnswer("EINVAL (it does not hold its pages any more)", s_free);
        if (turn.Operation.Kind == OperationKind.ContigFree && !allocation.Contig)
            return turn.RefuteAnswer("EINVAL (not a contiguous allocation)", s_free);
        return Turn.Permit(turn.State.With(turn.Ongoing with { Frees = id }));
    }

    /// <summary>Judges that <c>free</c> frees a page: its own reference was the last one.</summary>
    public static Judgement Release(in Turn turn)
    {
        var state = turn.State;
        if (state.Structure.Allocation(turn.Operation.Subject.Id) is not { } allocation)
            return Turn.Refute("free.own-pages", $"pages {turn.Pages}", $"pages of {turn.Operation.Subject}",
                "nobody's", s_free, turn.Pages);
        for (var pfn = turn.Pages.Start; pfn < turn.Pages.End; pfn++)
        {
            var index = allocation.RunFrom(pfn).Index;
            if (index < 0)
                return Turn.Refute("free.own-pages", $"page {pfn}", $"a page of a{allocation.Id}",
                    state.Pages.At(pfn).ToString(),
                    s_free, turn.Pages);
            if (allocation.Extra.GetValueOrDefault(index) > 0)
                return Turn.Refute("free.keeps-referenced-pages", $"page {pfn}",
                    $"in use, as others have {allocation.Extra[index]} references of it", $"freed by {turn.Subject}",
                        s_free, turn.Pages);
        }

        return Turn.Permit(Taking.Free(state.With(Without(allocation, turn.Pages)), turn.Pages));
    }

    /// <summary>Judges the answer of <c>free</c>: what it did not free has extra references, and lives on by
    /// them.</summary>
    public static Judgement End(in Turn turn)
    {
        var id = turn.Operation.Subject.Id;
        if (!turn.Answer.IsOk)
            return !turn.Is(Errno.EINVAL) ? turn.RefuteAnswer("ok or EINVAL", s_free)
                : MayBeRefused(turn, id) ? turn.Ends(turn.State)
                : turn.RefuteAnswer("ok", s_free);
        var state = turn.State;
        if (state.Structure.Allocation(id) is not { } allocation)
            return turn.Ends(state);
        var index = 0L;
        foreach (var range in allocation.Pages)
            for (var pfn = range.Start; pfn < range.End; pfn++, index++)
            {
                if (pfn < 0)
                    continue;
                var extra = allocation.Extra.GetValueOrDefault(index);
                var page = state.Pages.At(pfn);
                if (extra == 0 && !page.Has(PageFlags.HwPoison))
                    return Turn.Refute("free.frees-all", $"page {pfn} of a{id}",
                        "freed: nobody else has a reference of it",
                        page.ToString(), s_free, new PageRange(pfn, 1));
                state = state.With(new PageRange(pfn, 1), Kept(page, extra));
            }

        return turn.Ends(allocation.Extra.IsEmpty ? Forget(state, allocation)
            : state.With(allocation with { Freed = true }));
    }

    /// <summary>Judges <c>get</c>.</summary>
    public static Judgement Get(in Turn turn)
    {
        if (Held(turn) is not { } held)
            return turn.Demand(Errno.EINVAL, "nobody holds that page", s_get);
        if (turn.Is(Errno.EINVAL) && IsFreedMeanwhile(turn, held.Allocation.Id))
            return turn.Ends(turn.State);
        if (!turn.Answer.IsOk)
            return turn.RefuteAnswer("ok", s_get);
        var extra = held.Allocation.Extra;
        return turn.Ends(Counted(turn, +1).With(held.Allocation with
        {
            Extra = extra.SetItem(held.Index, extra.GetValueOrDefault(held.Index) + 1),
        }));
    }

    /// <summary>Judges a <c>put</c> that freed nothing.</summary>
    public static Judgement Put(in Turn turn)
    {
        if (Held(turn) is not { } held || held.Allocation.Extra.GetValueOrDefault(held.Index) == 0)
            return turn.Demand(Errno.EINVAL, "it has no extra reference", s_free);
        var (allocation, index) = held;
        if (turn.Is(Errno.EINVAL) && IsFreedMeanwhile(turn, allocation.Id))
            return turn.Ends(turn.State);
        if (!turn.Answer.IsOk)
            return turn.RefuteAnswer("ok", s_free);
        var left = allocation.Extra[index] - 1;
        var poisoned = turn.State.Pages.At(turn.Call.Target.Range.Start).Has(PageFlags.HwPoison);
        if (left == 0 && allocation.Freed && !poisoned)
            return Turn.Refute("put.last-reference-frees", $"page {turn.Call.Target.Range.Start} of a{allocation.Id}",
                $"freed by {turn.Subject}, which drops the last reference", "kept", s_free, turn.Call.Target.Range);
        return turn.Ends(Settled(Counted(turn, -1), Dropped(allocation, index, left)));
    }

    /// <summary>Judges that <c>put</c> drops the last reference: the own one was dropped before.</summary>
    public static Judgement Drop(in Turn turn)
    {
        if (Held(turn) is not { } held)
            return turn.RefuteAnswer("EINVAL (nobody holds that page)", s_free);
        var (allocation, index) = held;
        var extra = allocation.Extra.GetValueOrDefault(index);
        if (turn.Pages != turn.Call.Target.Range || extra != 1
            || !(allocation.Freed || IsBeingFreed(turn.State, allocation.Id)))
            return Turn.Refute("put.keeps-referenced-pages", $"page {turn.Pages.Start} of a{allocation.Id}",
                "in use, as another reference of it is left", $"freed by {turn.Subject}", s_free, turn.Pages);
        var page = turn.State.Pages.At(turn.Pages.Start);
        var next = page.Has(PageFlags.HwPoison) ? turn.State : turn.State.With(turn.Pages, PageWords.Leaving);
        return Turn.Permit(Settled(next, Without(Dropped(allocation, index, 0), turn.Pages)));
    }

    // While it is being freed its pages go one after the other, and a name may point to one that is gone.
    private static bool MayBeRefused(in Turn turn, int id) =>
        turn.Structure.Allocation(id) is not { Freed: false } allocation || IsBeingFreed(turn.State, id)
        || IsFreedMeanwhile(turn, id) || (turn.Operation.Kind == OperationKind.ContigFree && !allocation.Contig);

    private static bool IsBeingFreed(HistoryState state, int id)
    {
        foreach (var one in state.UnderWay)
            if (one.Frees == id)
                return true;
        return false;
    }

    private static bool IsFreedMeanwhile(in Turn turn, int id)
    {
        foreach (var other in turn.Overlapping)
            if (other.Operation.Kind is OperationKind.Free or OperationKind.ContigFree
                && other.Operation.Subject.Id == id)
                return true;
        return false;
    }

    // The page that the name pointed to when the operation was invoked; it may have moved, or be gone.
    private static (Allocation Allocation, long Index)? Held(in Turn turn)
    {
        if (turn.Structure.Allocation(turn.Operation.Subject.Id) is not { } allocation)
            return null;
        var index = allocation.RunFrom(turn.Call.Target.Range.Start).Index;
        return index < 0 || (allocation.Freed && allocation.Extra.GetValueOrDefault(index) == 0) ? null
            : (allocation, index);
    }

    private static HistoryState Counted(in Turn turn, int change)
    {
        var range = turn.Call.Target.Range;
        var page = turn.State.Pages.At(range.Start);
        return page.Has(PageFlags.HwPoison) || page.References == PageState.Unknown ? turn.State
            : turn.State.With(range, page with { References = page.References + change });
    }

    private static PageState Kept(PageState page, int extra) => page.Has(PageFlags.HwPoison) ? page : page with
    {
        References = extra,
        Flags = page.HasAny(Allocating.LruFlags) ? (page.Flags & ~Allocating.LruFlags) | PageFlags.Unmigratable : page.Flags,
    };

    private static Allocation Dropped(Allocation allocation, long index, int left) =>
        allocation with { Extra = left == 0 ? allocation.Extra.Remove(index) : allocation.Extra.SetItem(index, left) };

    private static Allocation Without(Allocation allocation, PageRange pages) =>
        allocation.Moved(pages.Start, Allocation.Nowhere, pages.Count);

    private static HistoryState Settled(HistoryState state, Allocation allocation) =>
        allocation.Freed && allocation.Extra.IsEmpty ? Forget(state, allocation) : state.With(allocation);

    private static HistoryState Forget(HistoryState state, Allocation allocation) => state with
    {
        Structure = state.Structure with
        {
            Allocations = state.Structure.Allocations.RemoveAll(a => a.Id == allocation.Id)
        },
    };
}
