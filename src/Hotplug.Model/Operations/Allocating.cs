using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Operations;

/// <summary><c>alloc</c>, <c>free</c>, <c>get</c>, <c>put</c> (kernel-semantics 3.9).</summary>
internal static class Allocating
{
    // A page that only pins keep alive is no longer migratable.
    internal const PageFlags LruFlags = PageFlags.Movable | PageFlags.Unmigratable;

    private static readonly Citation s_alloc = new("v6.12", "mm/page_alloc.c", "get_page_from_freelist");
    private static readonly Citation s_free = new("v6.12", "mm/swap.c", "__folio_put");

    /// <summary>Judges <c>alloc</c>.</summary>
    public static Judgement JudgeAlloc(in Ruling ruling)
    {
        var operation = ruling.Seen.Operation;
        if (operation.Node >= ruling.Spec.Nodes)
            return ruling.Demand(Errno.EINVAL, "node not possible", s_alloc);
        var kind = (AllocationKind)operation.Choice;
        var next = ruling.State with { NextAllocation = Math.Max(ruling.State.NextAllocation, operation.Subject.Id + 1) };
        var exact = ruling.Seen.Sees(Visibility.Placement);
        if (ruling.Is(Errno.ENOMEM) && (!exact || !CertainlyHasRoom(ruling, operation)))
            return ruling.Permit(next, PageRule.Nothing);
        if (!ruling.IsOk)
            return exact ? ruling.RefuteAnswer("ok, or ENOMEM when no free pages are left", s_alloc) : ruling.Permit(next, PageRule.Nothing);
        var pages = Taken(ruling.Seen.Outcome);
        if (exact && CheckTaken(ruling, operation, pages) is { } wrong)
            return Judgement.Refuted(wrong);
        var seen = ruling.Seen;
        return ruling.Permit(
            next.With(new Allocation(operation.Subject.Id, kind, pages, Math.Max(operation.Amount, pages.Sum(static p => p.Count)))),
            new PageRule((range, before, after) => before.IsFree && after == WhenAllocated(kind)
                && Covers(seen.Outcome, WitnessRole.Taken, range)));
    }

    /// <summary>Judges <c>free</c>: own references are dropped; pages with extra ones live on.</summary>
    public static Judgement JudgeFree(in Ruling ruling)
    {
        var id = ruling.Seen.Operation.Subject.Id;
        if (ruling.State.Allocation(id) is not { Freed: false } allocation)
            return ruling.Demand(Errno.EINVAL, "it does not hold its pages any more", s_free);
        if (!ruling.IsOk)
            return ruling.RefuteAnswer("ok", s_free);
        if (ruling.Seen.Sees(Visibility.Placement) && FindKept(ruling.Seen, allocation) is { } kept)
            return Ruling.Refute("free.releases-pages", $"page {kept} of {ruling.Seen.Operation.Subject}", "free: nobody else has a reference",
                ruling.Seen.PageAfter(kept).ToString(), s_free);
        var next = allocation.Extra.IsEmpty
            ? ruling.State with { Allocations = ruling.State.Allocations.Remove(allocation) }
            : ruling.State.With(allocation with { Freed = true });
        return ruling.Permit(next, new PageRule((range, before, after) => ExplainFree(allocation, range, before, after)));
    }

    /// <summary>Judges <c>get</c>: one reference more, nothing else.</summary>
    public static Judgement JudgeGet(in Ruling ruling)
    {
        if (Held(ruling, out var allocation) is not { } pfn)
            return ruling.Demand(Errno.EINVAL, "nobody holds that page", s_alloc);
        if (!ruling.IsOk)
            return ruling.RefuteAnswer("ok", s_alloc);
        if (ruling.MustCount(pfn, "a reference more", s_alloc) is { } lost)
            return Judgement.Refuted(lost);
        var index = ruling.Seen.Operation.Subject.Page;
        return ruling.Permit(
            ruling.State.With(allocation with { Extra = allocation.Extra.SetItem(index, allocation.Extra.GetValueOrDefault(index) + 1) }),
            new PageRule((range, before, after) => range == new PageRange(pfn, 1)
                && after == before with { References = before.References + 1 }));
    }

    /// <summary>Judges <c>put</c>: one reference fewer; the last one frees the page.</summary>
    public static Judgement JudgePut(in Ruling ruling)
    {
        var index = ruling.Seen.Operation.Subject.Page;
        if (Held(ruling, out var allocation) is not { } pfn || allocation.Extra.GetValueOrDefault(index) == 0)
            return ruling.Demand(Errno.EINVAL, "it has no extra reference", s_free);
        if (!ruling.IsOk)
            return ruling.RefuteAnswer("ok", s_free);
        if (ruling.MustCount(pfn, "a reference fewer", s_free) is { } leaked)
            return Judgement.Refuted(leaked);
        var left = allocation.Extra[index] - 1;
        var extra = left == 0 ? allocation.Extra.Remove(index) : allocation.Extra.SetItem(index, left);
        var next = extra.IsEmpty && allocation.Freed
            ? ruling.State with { Allocations = ruling.State.Allocations.Remove(allocation) }
            : ruling.State.With(allocation with { Extra = extra });
        var freed = left == 0 && allocation.Freed;
        return ruling.Permit(next, new PageRule((range, before, after) => range == new PageRange(pfn, 1)
            && (before.Has(PageFlags.HwPoison) ? Poisoning.IsHeld(after)
                : freed ? after.IsFree
                : after == before with { References = before.References - 1 })));
    }

    /// <summary>What a page looks like when it was just allocated.</summary>
    internal static PageState WhenAllocated(AllocationKind kind) => kind switch
    {
        AllocationKind.Movable => new(PageFlags.InUse | PageFlags.Movable, 0, 0, 1),
        AllocationKind.Unmigratable => new(PageFlags.InUse | PageFlags.Unmigratable, 0, 0, 1),
        AllocationKind.Pinned or AllocationKind.LongTermPinned => new(PageFlags.InUse | PageFlags.Movable, 0, 0, 2),
        _ => new(PageFlags.InUse | PageFlags.Kernel, 0, 0, 1),
    };

    /// <summary>True if the witness of this role covers the run.</summary>
    internal static bool Covers(Outcome outcome, WitnessRole role, PageRange range)
    {
        for (var pfn = range.Start; pfn < range.End;)
        {
            long next = -1;
            foreach (ref readonly var witness in outcome.Witness)
                if (witness.Role == role && witness.Range.Contains(pfn))
                    next = Math.Max(next, witness.Range.End);
            if (next < 0)
                return false;
            pfn = next;
        }

        return true;
    }

    // What did not change at all is explained by nobody: the first page that is still in use for no one.
    private static long? FindKept(Transition seen, Allocation allocation)
    {
        foreach (var range in allocation.Pages)
        {
            for (var pfn = range.Start; pfn < range.End && pfn >= 0;)
            {
                var (state, alike) = seen.RunAfter(pfn);
                var end = Math.Min(range.End, pfn + alike);
                if (state.Has(PageFlags.InUse) && !state.Has(PageFlags.HwPoison))
                {
                    if (allocation.Extra.IsEmpty)
                        return pfn;
                    for (var page = pfn; page < end; page++)
                        if (!allocation.Extra.ContainsKey(allocation.RunFrom(page).Index))
                            return page;
                }

                pfn = end;
            }
        }

        return null;
    }

    private static bool ExplainFree(Allocation allocation, PageRange range, PageState before, PageState after)
    {
        for (var pfn = range.Start; pfn < range.End;)
        {
            var (index, alike) = allocation.RunFrom(pfn);
            if (index < 0 || !ExplainFree(allocation.Extra.GetValueOrDefault(index), before, after))
                return false;
            pfn += allocation.Extra.IsEmpty ? alike : 1;
        }

        return true;
    }

    private static bool ExplainFree(int extra, PageState before, PageState after)
    {
        if (before.Has(PageFlags.HwPoison))
            return Poisoning.IsHeld(after) && !after.IsFree;
        return extra > 0
            ? after.References == extra && (after.Flags | LruFlags) == (before.Flags | LruFlags)
            : after.IsFree;
    }

    private static long? Held(in Ruling ruling, out Allocation allocation)
    {
        allocation = null!;
        var subject = ruling.Seen.Operation.Subject;
        if (ruling.State.Allocation(subject.Id) is not { } found || subject.Page >= found.Count)
            return null;
        allocation = found;
        if (found.Freed && found.Extra.GetValueOrDefault(subject.Page) == 0)
            return null;
        var pfn = found.FrameOf(subject.Page);
        return pfn < 0 ? null : pfn;
    }

    private static Violation? CheckTaken(in Ruling ruling, in Operation operation, ImmutableArray<PageRange> pages)
    {
        var subject = operation.Subject.ToString();
        var kind = (AllocationKind)operation.Choice;
        var chunk = 1L << operation.Order;
        var rounded = (operation.Amount + chunk - 1) / chunk * chunk;
        var count = pages.Sum(static p => p.Count);
        if (count != rounded)
            return new("alloc.amount", subject, $"{rounded} pages taken", $"{count}", s_alloc);
        foreach (var range in pages)
        {
            for (var pfn = range.Start; pfn < range.End;)
            {
                var (state, alike) = ruling.Seen.RunBefore(pfn);
                if (!state.IsFree || state.HasAny(PageFlags.HwPoison | PageFlags.Offline))
                    return new("alloc.takes-free-pages", $"page {pfn} of {subject}", "a free page", state.ToString(), s_alloc, [range]);
                pfn += alike;
            }

            if (operation.Order > 0 && (range.Start % chunk != 0 || range.Count % chunk != 0))
                return new("alloc.aligned-chunks", $"pages {range} of {subject}", $"whole chunks of {chunk} pages", range.ToString(), s_alloc, [range]);
            if (ruling.State.Find(ruling.Spec.BlockOf(range.Start)) is { } block
                && ((block.Zone == ZoneKind.Movable && KernelOnly(kind)) || (operation.Node >= 0 && block.Node != operation.Node)))
                return new("alloc.zone", $"pages {range} of {subject}",
                    $"{(KernelOnly(kind) ? "a kernel zone" : "any zone")} of {(operation.Node < 0 ? "any node" : $"node {operation.Node}")}",
                    block.ZoneId.ToString(), s_alloc, [range]);
        }

        return null;
    }

    /// <summary>True if pages of the kind never lie in zone Movable.</summary>
    internal static bool KernelOnly(AllocationKind kind) =>
        kind is AllocationKind.Unmovable or AllocationKind.Reclaimable or AllocationKind.LongTermPinned;

    // Free chunks of at least the order, in zones that may serve the request: enough of them, and ENOMEM is wrong.
    private static bool CertainlyHasRoom(in Ruling ruling, in Operation operation)
    {
        var kernelOnly = KernelOnly((AllocationKind)operation.Choice) || operation.Choice == (byte)AllocationKind.Unmigratable;
        long chunks = 0;
        foreach (var block in ruling.State.Blocks)
        {
            if (!block.Online || (kernelOnly && block.Zone == ZoneKind.Movable) || (operation.Node >= 0 && block.Node != operation.Node)
                || ruling.Seen.Before.Find(block.Number) is not { } shown)
                continue;
            foreach (ref readonly var run in shown.Pages.Runs)
                if (run.State.Has(PageFlags.Buddy) && !run.State.Has(PageFlags.Isolated) && run.State.Order >= operation.Order)
                    chunks += run.Count >> operation.Order;
        }

        var chunk = 1L << operation.Order;
        return chunks >= (operation.Amount + chunk - 1) / chunk;
    }

    private static ImmutableArray<PageRange> Taken(Outcome outcome)
    {
        var pages = ImmutableArray.CreateBuilder<PageRange>();
        foreach (ref readonly var witness in outcome.Witness)
            if (witness.Role == WitnessRole.Taken)
                pages.Add(witness.Range);
        return pages.ToImmutable();
    }
}
