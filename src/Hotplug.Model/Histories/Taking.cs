using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.Operations;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>
/// Free pages are taken one by one, by allocations, balloons and CMM: each was free, in no isolated pageblock, and in a
/// zone that may serve.
/// </summary>
internal static class Taking
{
    private static readonly Citation s_take = new("v6.12", "mm/page_alloc.c", "get_page_from_freelist");
    private static readonly Citation s_isolated = new("v6.12", "mm/page_isolation.c", "set_migratetype_isolate");
    private static readonly Citation s_free = new("v6.12", "mm/swap.c", "__folio_put");

    /// <summary>Judges that an allocation or a balloon takes pages.</summary>
    public static Judgement Take(in Turn turn) => turn.Operation.Kind == OperationKind.Alloc
        ? TakeForAllocation(turn)
        : TakeForBalloon(turn);

    /// <summary>The state in which the pages, which were free, look like this; null if they may not be taken.</summary>
    public static HistoryState? TryTake(HistoryState state, PageRange pages, PageState now)
    {
        var freed = state.MemmapFreed;
        foreach (var (run, page) in state.Pages.RunsIn(pages))
        {
            if (page == PageWords.Kernel && IsNobodys(state, run))
                freed -= run.Count;
            else if (page != PageWords.Free && !page.Has(PageFlags.Unseen))
                return null;
            if (state.IsIsolated(run.Start) || state.IsIsolated(run.End - 1))
                return null;
        }

        return freed < 0 ? null : state.With(pages, now) with { MemmapFreed = freed };
    }

    /// <summary>Why pages may not be taken.</summary>
    public static Judgement RefuteTake(in Turn turn, PageRange pages)
    {
        foreach (var (run, page) in turn.State.Pages.RunsIn(pages))
        {
            if (page != PageWords.Free)
                return Turn.Refute("alloc.takes-free-pages", $"page {run.Start}", $"free when {turn.Subject} takes it",
                    $"{page}{Holder(turn.State, run.Start)}", s_take, run);
            if (turn.State.IsIsolated(run.Start) || turn.State.IsIsolated(run.End - 1))
                return Turn.Refute("isolation.holds", $"page {run.Start}",
                    $"not handed out to {turn.Subject}, because its pageblock is isolated", "handed out", s_isolated,
                        run);
        }

        return Turn.Refute("alloc.takes-free-pages", $"pages {pages}", $"free when {turn.Subject} takes them",
            "not free",
            s_take, pages);
    }

    /// <summary>Judges that pages are freed, whoever had them.</summary>
    public static Judgement Release(in Turn turn) => turn.Operation.Kind switch
    {
        OperationKind.Put => Permit(turn, PageWords.Leaving),
        OperationKind.Free or OperationKind.ContigFree => Freeing.Release(turn),
        _ => Ballooning.Release(turn),
    };

    /// <summary>True if the pages are of the kernel, and no operation told who has them: memmap, for one.</summary>
    public static bool IsNobodys(HistoryState state, PageRange pages)
    {
        foreach (var allocation in state.Structure.Allocations)
            foreach (var run in allocation.Pages)
                if (run.Intersects(pages))
                    return false;
        return true;
    }

    private static Judgement TakeForAllocation(in Turn turn)
    {
        var operation = turn.Operation;
        var kind = (AllocationKind)operation.Choice;
        if (!turn.Answer.IsOk)
            return turn.RefuteAnswer("ok, as it has taken pages", s_take);
        if (turn.State.BlockOf(turn.Pages.Start) is { } block && !MayServe(block, Allocating.KernelOnly(kind),
            operation.Node))
            return Turn.Refute("alloc.zone", $"pages {turn.Pages} of {turn.Subject}",
                $"{(Allocating.KernelOnly(kind) ? "a kernel zone" : "any zone")} of {(operation.Node < 0 ? "any node" : $"node {operation.Node}")}",
                block.ZoneId.ToString(), s_take, turn.Pages);
        if (TryTake(turn.State, turn.Pages, Allocating.WhenAllocated(kind)) is not { } next)
            return RefuteTake(turn, turn.Pages);
        var id = operation.Subject.Id;
        var known = turn.State.Find(turn.Call.Invoked) is null ? null : turn.Structure.Allocation(id);
        if (known is null && turn.Structure.Allocation(id) is not null)
            return turn.RefuteAnswer($"EINVAL (a{id} is taken)", s_take);
        var allocation = known is null ? new Allocation(id, kind, [turn.Pages], turn.Pages.Count)
            : known with { Pages = Append(known.Pages, turn.Pages), Count = known.Count + turn.Pages.Count };
        return Turn.Permit(next.With(allocation).With(turn.Ongoing));
    }

    private static Judgement TakeForBalloon(in Turn turn)
    {
        var driver = (BalloonDriver)turn.Operation.Choice;
        if (turn.Structure.Find(driver) is not { } balloon)
            return turn.RefuteAnswer("EINVAL (the machine has no such balloon)", s_take);
        if (turn.State.BlockOf(turn.Pages.Start) is { } block && !MayServe(block, !balloon.IsMovable, -1))
            return Turn.Refute("balloon.zone", $"pages {turn.Pages} of {turn.Subject}", "a kernel zone",
                block.ZoneId.ToString(),
                s_take, turn.Pages);
        if (TryTake(turn.State, turn.Pages, balloon.Page) is not { } next)
            return RefuteTake(turn, turn.Pages);
        var ongoing = turn.Ongoing;
        next = next with { Structure = next.Structure.With(balloon with { Pages = balloon.Pages + turn.Pages.Count }) };
        return Turn.Permit(next.With(ongoing with { Pages = ongoing.Pages + turn.Pages.Count }));
    }

    private static Judgement Permit(in Turn turn, PageState expected)
    {
        foreach (var (run, page) in turn.State.Pages.RunsIn(turn.Pages))
            if (page != expected && !page.Has(PageFlags.HwPoison))
                return Turn.Refute("put.last-reference-frees", $"page {run.Start}",
                    "one that its last reference just left",
                    page.ToString(), s_free, run);
        return Turn.Permit(Free(turn.State, turn.Pages));
    }

    /// <summary>The state with the pages free, but for poisoned ones.</summary>
    public static HistoryState Free(HistoryState state, PageRange pages)
    {
        foreach (var (run, page) in state.Pages.RunsIn(pages))
            if (!page.HasAny(PageFlags.HwPoison | PageFlags.NoPage))
                state = state.With(run, PageWords.Free);
        return state;
    }

    private static bool MayServe(in Block block, bool kernelOnly, int node) =>
        !(kernelOnly && block.Zone == ZoneKind.Movable) && (node < 0 || block.Node == node);

    private static System.Collections.Immutable.ImmutableArray<PageRange> Append(
        System.Collections.Immutable.ImmutableArray<PageRange> pages, PageRange taken) =>
        pages[^1].End == taken.Start
            ? pages.SetItem(pages.Length - 1, pages[^1] with { Count = pages[^1].Count + taken.Count })
            : pages.Add(taken);

    private static string Holder(HistoryState state, long pfn)
    {
        foreach (var allocation in state.Structure.Allocations)
            if (allocation.RunFrom(pfn).Index >= 0)
                return $" of a{allocation.Id}";
        return "";
    }
}
