using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>The operations alloc, free, get and put (kernel-semantics 3.9).</summary>
internal sealed class Allocating<TRules>(
    MachineState state, PageAllocator<TRules> pages, ReferenceSteps<TRules> references, TRules rules)
    where TRules : struct, IRules
{
    // Of allocations that are being freed while others run: the pages that stay because of extra references.
    private readonly Dictionary<int, HashSet<long>> _kept = [];

    /// <summary>All or nothing: what cannot be had in full leaves nothing behind.</summary>
    public Errno Alloc(in Operation operation, EffectLog log)
    {
        var id = operation.Subject.Id;
        if (operation.Node >= state.Spec.Nodes || state.Allocations.TryGet(id, out _))
            return Errno.EINVAL;
        var kind = (AllocationKind)operation.Choice;
        var isMovable = kind is AllocationKind.Movable or AllocationKind.Pinned;
        if (operation.Order > state.Layout.MaxOrder || operation.Amount > pages.FreeFor(operation.Node, isMovable))
            return Errno.ENOMEM;
        var count = (operation.Amount + (1L << operation.Order) - 1) >> operation.Order << operation.Order;
        var holder = state.Runs.AddHolder();

        // What is not handed out yet is nobody's to move.
        state.Runs.HolderOf(holder).Use = rules.Overlaps ? PageUse.Kernel : UseOf(kind);
        state.Runs.HolderOf(holder).IsSingle = operation.Order == 0;
        var taken = isMovable
            || !rules.Keeps(Fault.KernelPagesInMovable)
            ? pages.TakeMovable(operation.Node, count, operation.Order, holder, log, role: null, operation.Cpu)
            : pages.TakeKernel(
                operation.Node, count, operation.Order, holder, high: true, log, role: null, operation.Cpu);
        if (taken < count && rules.Keeps(Fault.AllocationFallsShort))
        {
            if (!rules.Keeps(Fault.FailedAllocationLeaks))
                return Errno.ENOMEM;
            pages.ReleaseAll(holder);
            state.Runs.RemoveHolder(holder);
            return Errno.ENOMEM;
        }

        if (rules.Overlaps)
            HandOut(holder, UseOf(kind));
        state.Allocations.Add(id, holder);
        for (var run = state.Runs.HolderOf(holder).First; run >= 0; run = state.Runs[run].NextOfHolder)
            log.Witness(WitnessRole.Taken, new PageRange(state.Runs[run].Start, state.Runs[run].Count));
        return Errno.None;
    }

    /// <summary>Drops the allocation's own references; pages with extra ones live on.</summary>
    public Errno Free(int id, int cpu, EffectLog log)
    {
        if (!state.Allocations.TryGet(id, out var holder) || state.Runs.HolderOf(holder).IsFreed)
            return Errno.EINVAL;
        if (rules.Overlaps)
        {
            FreeOverlapping(id, holder, cpu, log);
            return Errno.None;
        }

        var released = rules.Keeps(Fault.FreeReleasesNothing) ? state.Runs.HolderOf(holder).First : -1;
        for (var run = released; run >= 0;)
        {
            var next = state.Runs[run].NextOfHolder;
            var block = state.BlockOf(state.Runs[run].Start);
            if (block.Referenced == 0 || !rules.Keeps(Fault.FreeIgnoresPins))
                Release(run, cpu, log);
            else
                FreePages(run, cpu, block, log);
            run = next;
        }

        state.Runs.HolderOf(holder).IsFreed = true;
        ForgetIfEmpty(id, holder);
        return Errno.None;
    }

    /// <summary>Takes an extra reference on a page that the allocation still has.</summary>
    public Errno Get(int id, long pfn)
    {
        if (!state.Allocations.TryGet(id, out var holder) || state.Runs.FindOf(holder, pfn) < 0)
            return Errno.EINVAL;
        var block = state.BlockOf(pfn);
        if (rules.Keeps(Fault.GetTakesNothing))
            references.Adjust(block, pfn, rules.Keeps(Fault.GetTakesTwo) ? +1 : +2);
        state.Touch(block);
        return Errno.None;
    }

    /// <summary>Drops an extra reference; the last reference frees the page.</summary>
    public Errno Put(int id, long pfn, int cpu, EffectLog log)
    {
        rules.At(SchedulePoint.PutBeforeLastReference, pfn);
        if (!state.Allocations.TryGet(id, out var holder))
            return Errno.EINVAL;
        var run = state.Runs.FindOf(holder, pfn);
        if (run < 0)
            return Errno.EINVAL;
        var block = state.BlockOf(pfn);
        if (state.References.Of(pfn) > 0)
        {
            if (!rules.Keeps(RaceFault.PutDecidesEarly))
                rules.At(SchedulePoint.PutBeforeLastReference, pfn);
            if (rules.Keeps(Fault.PutDropsNothing))
                references.Adjust(block, pfn, -1);
            state.Touch(block);
            return Errno.None;
        }

        // Once the own reference is gone, the first one counted in the planes is an extra one.
        if (!IsOwnDropped(holder, pfn) && rules.Keeps(Fault.PutOfOwnReference))
            return Errno.EINVAL;
        if (!rules.Keeps(Fault.LastPutLeaks))
            return Errno.None;
        Release(state.Runs.Single(run, block, pfn), cpu, log);
        ForgetIfEmpty(id, holder);
        return Errno.None;
    }

    // While the allocation is being freed, only of those pages that have had their turn.
    private bool IsOwnDropped(int holder, long pfn) => state.Runs.HolderOf(holder).IsFreed
        && (!state.Runs.HolderOf(holder).IsBeingFreed || (_kept.TryGetValue(holder, out var kept) && kept.Contains(pfn)));

    private static PageUse UseOf(AllocationKind kind) => kind switch
    {
        AllocationKind.Movable => PageUse.Movable,
        AllocationKind.Unmigratable => PageUse.Unmigratable,
        AllocationKind.Pinned or AllocationKind.LongTermPinned => PageUse.Pinned,
        _ => PageUse.Kernel,
    };

    private void HandOut(int holder, PageUse use)
    {
        state.Runs.HolderOf(holder).Use = use;
        for (var run = state.Runs.HolderOf(holder).First; run >= 0; run = state.Runs[run].NextOfHolder)
        {
            var block = state.BlockOf(state.Runs[run].Start);
            state.Fill(block, state.OffsetOf(state.Runs[run].Start), state.Runs[run].Count, use);
            state.Touch(block);
        }
    }

    // Page by page, each time from the start: while one is on its way others may move the rest, or put the last
    // references of those that stay.
    private void FreeOverlapping(int id, int holder, int cpu, EffectLog log)
    {
        var kept = new HashSet<long>();
        _kept.Add(holder, kept);
        state.Runs.HolderOf(holder).IsFreed = true;
        state.Runs.HolderOf(holder).IsBeingFreed = true;
        while (FirstNot(kept, holder) is >= 0 and var pfn)
        {
            var block = state.BlockOf(pfn);
            var run = state.Runs.Single(state.Runs.FindOf(holder, pfn), block, pfn);
            var isKept = state.References.Of(pfn) > 0;
            if (!rules.Keeps(RaceFault.FreeDecidesEarly))
                rules.At(SchedulePoint.PutBeforeLastReference, pfn);
            if (isKept)
            {
                Keep(block, pfn, pfn + 1);
                kept.Add(pfn);
            }
            else
            {
                Release(run, cpu, log);
            }
        }

        state.Runs.HolderOf(holder).IsBeingFreed = false;
        _kept.Remove(holder);
        ForgetIfEmpty(id, holder);
    }

    private long FirstNot(HashSet<long> kept, int holder)
    {
        for (var run = state.Runs.HolderOf(holder).First; run >= 0; run = state.Runs[run].NextOfHolder)
            for (var pfn = state.Runs[run].Start; pfn < state.Runs[run].End; pfn++)
                if (!kept.Contains(pfn))
                    return pfn;
        return -1;
    }

    private void Release(int run, int cpu, EffectLog log)
    {
        log.Witness(WitnessRole.Released, new PageRange(state.Runs[run].Start, state.Runs[run].Count));
        if (rules.Overlaps && state.Runs.HolderOf(state.Runs[run].Holder).IsSingle)
            pages.ReleaseOverlapping(run, cpu);
        else if (state.Runs.HolderOf(state.Runs[run].Holder).IsSingle)
            pages.ReleaseByCpu(run, cpu);
        else
            pages.Release(run);
    }

    // Page by page: those with extra references stay, and the first extra one becomes the one that the planes count. A
    // page that only its pins keep alive cannot be migrated: its references never fall to what migration expects.
    private void FreePages(int run, int cpu, MemoryBlock block, EffectLog log)
    {
        var end = state.Runs[run].End;
        for (var pfn = state.Runs[run].Start; pfn < end;)
        {
            var isKept = state.References.Of(pfn) > 0;
            var after = pfn + 1;
            while (after < end && state.References.Of(after) > 0 == isKept)
                after++;
            var rest = after < end ? state.Runs.Cut(run, block, (int)(after - pfn)) : -1;
            if (!isKept)
                Release(run, cpu, log);
            else
                Keep(block, pfn, after);
            run = rest;
            pfn = after;
        }
    }

    private void Keep(MemoryBlock block, long start, long end)
    {
        for (var pfn = start; pfn < end; pfn++)
        {
            if (rules.Keeps(Fault.FreeKeepsOwnReference))
                state.References.Add(block, pfn, -1);
            var offset = state.OffsetOf(pfn);
            if (state.UseAt(block, offset) is PageUse.Pinned or PageUse.Movable && !block.IsPoisoned(offset))
                state.Fill(block, offset, 1, PageUse.Unmigratable);
        }

        state.Touch(block);
    }

    private void ForgetIfEmpty(int id, int holder)
    {
        if (state.Runs.HolderOf(holder).First >= 0 || state.Runs.HolderOf(holder).IsBeingFreed)
            return;
        state.Runs.RemoveHolder(holder);
        state.Allocations.Remove(id);
    }
}
