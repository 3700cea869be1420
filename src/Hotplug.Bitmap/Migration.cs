using System.Runtime.InteropServices;
using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>
/// Moves movable pages out of a range to wherever there is room; the caller keeps the range from being a target.
/// </summary>
internal sealed class Migration<TRules>(
    MachineState state, BuddyAllocator buddy, PcplistSteps<TRules> pcplists, TRules rules)
    where TRules : struct, IRules
{
    private readonly List<(long Start, int Run)> _work = [];
    private readonly HashSet<long> _trusted = [];

    /// <summary>
    /// Moves every page of the block's range [start, end) that can be moved; where one was, there is <paramref
    /// name="leaves"/> (free pages go to the buddy). False if room ran out; what moved stays moved.
    /// </summary>
    public bool MoveAway(MemoryBlock block, int start, int end, PageUse leaves, EffectLog log)
    {
        while (true)
        {
            Collect(block, state.PageOf(block, start), state.PageOf(block, end));
            if (!rules.Keeps(RaceFault.LateReferenceMigrated))
                CollectWhatCouldMove(block, state.PageOf(block, start), state.PageOf(block, end));
            if (MoveCollected(block, leaves, log))
                return true;
            // Draining waits for locks: by then what was collected may be freed, or elsewhere.
            if (!rules.Overlaps || !DrainAll())
                return false;
        }
    }

    private bool MoveCollected(MemoryBlock block, PageUse leaves, EffectLog log)
    {
        foreach (var (_, run) in CollectionsMarshal.AsSpan(_work))
            if (!MoveRun(run, block, leaves, log))
                return false;
        return true;
    }

    private bool DrainAll()
    {
        var drained = false;
        for (var i = 0; i < state.Zones.Count; i++)
            drained |= state.Zones.Find(i) is not null && pcplists.Drain(i);
        return drained;
    }

    /// <summary>Pages of the range that are of a kind that moves.</summary>
    public long MovablePages(MemoryBlock block, int start, int end)
    {
        long movable = 0;
        for (var offset = start; offset < end;)
        {
            var runEnd = state.RunEnd(block, offset, end);
            if (state.UseAt(block, offset) is PageUse.Movable or PageUse.Ballooned)
                movable += runEnd - offset;
            offset = runEnd;
        }

        return movable;
    }

    /// <summary>The first page of the range that can be moved; −1 if there is none.</summary>
    public int FirstMovable(MemoryBlock block, int start, int end)
    {
        for (var offset = start; offset < end;)
        {
            var use = state.UseAt(block, offset);
            var runEnd = state.RunEnd(block, offset, end);
            if (use is PageUse.Movable or PageUse.Ballooned)
                for (var i = offset; i < runEnd; i++)
                    if (CanMove(block, i))
                        return i;
            offset = runEnd;
        }

        return -1;
    }

    /// <summary>True if nothing but its owner's reference keeps the movable page where it is.</summary>
    public bool CanMove(MemoryBlock block, int offset) =>
        (!block.IsPoisoned(offset) || !rules.Keeps(Fault.PoisonedPageMigrated))
        && (block.Referenced == 0 || !rules.Keeps(Fault.PinnedPageMigrated)
            || state.References.Of(state.PageOf(block, offset)) == 0
            || (rules.Overlaps && _trusted.Contains(state.PageOf(block, offset))));

    // The seeded fault: a page that had no extra reference when it was looked at is moved, whoever has got one since.
    private void CollectWhatCouldMove(MemoryBlock block, long start, long end)
    {
        foreach (var (first, run) in _work)
            for (var pfn = first; pfn < state.Runs[run].End; pfn++)
                _trusted.Add(pfn);
        rules.At(SchedulePoint.OfflineAfterGoingOffline, start);
        Collect(block, start, end);
        _trusted.Clear();
    }

    // Cuts the runs of holders so that each piece lies inside and can be moved as a whole; in ascending order.
    private void Collect(MemoryBlock block, long start, long end)
    {
        _work.Clear();
        for (var run = block.Runs; run >= 0; run = state.Runs[run].NextInBlock)
        {
            ref var held = ref state.Runs[run];
            var use = state.Runs.HolderOf(held.Holder).Use;
            if (held.Start < end && held.End > start && use is PageUse.Movable or PageUse.Ballooned or PageUse.Pinned)
                _work.Add((held.Start, run));
        }

        _work.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        var whole = _work.Count;
        for (var i = 0; i < whole; i++)
            CutPieces(_work[i].Run, block, start, end);
        _work.RemoveRange(0, whole);
    }

    private void CutPieces(int run, MemoryBlock block, long start, long end)
    {
        while (run >= 0)
        {
            var first = state.Runs[run].Start;
            var last = Math.Min(state.Runs[run].End, end);
            var movable = first >= start && IsMovable(block, first);
            var pfn = first + 1;
            while (pfn < last && (pfn >= start && IsMovable(block, pfn)) == movable)
                pfn++;
            var rest = pfn < state.Runs[run].End ? state.Runs.Cut(run, block, (int)(pfn - first)) : -1;
            if (movable)
                _work.Add((first, run));
            run = pfn < end ? rest : -1;
        }
    }

    private bool IsMovable(MemoryBlock block, long pfn) =>
        state.UseAt(block, state.OffsetOf(pfn)) is PageUse.Movable or PageUse.Ballooned
        && CanMove(block, state.OffsetOf(pfn));

    private bool MoveRun(int run, MemoryBlock from, PageUse leaves, EffectLog log)
    {
        var use = state.UseAt(from, state.OffsetOf(state.Runs[run].Start));
        while (true)
        {
            var source = state.Runs[run].Start;
            if (!TryFindRoom(from, use, out var zone, out var to, out var offset, out var order))
                return false;
            var count = Math.Min(state.Runs[run].Count, 1 << order);
            var rest = count < state.Runs[run].Count ? state.Runs.Cut(run, from, count) : -1;
            if (rules.Keeps(Fault.MigrationTargetStaysFree))
                buddy.TakeFront(to, offset, order, count);
            state.Fill(to, offset, count,
                use == PageUse.Ballooned && !rules.Keeps(Fault.BalloonMarkLostInMigration) ? PageUse.Movable : use);
            state.Touch(to);
            state.Runs.Move(run, from, to, state.PageOf(to, offset));
            if (rules.Keeps(Fault.MigrationNotTold))
                log.Migrated(new PageRange(state.PageOf(to, offset), count), source, zone.Id);
            if (use == PageUse.Ballooned && rules.Keeps(Fault.BalloonManagedNotMoved)
                && !state.DeflatesOnOom && to.Home != from.Home)
            {
                // balloon_page_migrate(): the page counts as missing where it is now.
                log.Managed(state.Zones[from.Home], count);
                log.Managed(zone, -count);
            }

            Leave(from, state.OffsetOf(source), count, leaves);
            if (rest < 0)
                return true;
            run = rest;
        }
    }

    private void Leave(MemoryBlock from, int offset, int count, PageUse leaves)
    {
        state.Fill(from, offset, count,
            leaves == PageUse.Free && !rules.Keeps(Fault.MigrationSourceLost) ? PageUse.Kernel : leaves);
        state.Touch(from);
        if (leaves == PageUse.Free && rules.Keeps(Fault.MigrationSourceLost))
            buddy.Free(from, offset, count);
    }

    // alloc_migration_target(): other nodes first, then the block's own; into zone Movable where the page comes from
    // there.
    private bool TryFindRoom(
        MemoryBlock from, PageUse use, out Zone zone, out MemoryBlock block, out int offset, out int order)
    {
        var fromMovable = state.Zones[from.Home].Id.Kind == ZoneKind.Movable;
        if (fromMovable && TryNodes(from.Node, ZoneKind.Movable, out zone, out block, out offset, out order))
            return true;
        if (TryNodes(from.Node, ZoneKind.Normal, out zone, out block, out offset, out order))
            return true;
        return !fromMovable && use != PageUse.Ballooned
            && TryNodes(from.Node, ZoneKind.Movable, out zone, out block, out offset, out order);
    }

    private bool TryNodes(int own, ZoneKind kind, out Zone zone, out MemoryBlock block, out int offset, out int order)
    {
        for (var n = 0; n <= state.Zones.Nodes; n++)
        {
            // The own node comes last, whatever its number.
            var node = n == state.Zones.Nodes ? own : n;
            if ((node == own && n < state.Zones.Nodes) || state.Zones.Find(node, kind) is not { } candidate)
                continue;
            zone = candidate;
            if (buddy.TryFind(zone, 0, last: false, out block, out offset, out order)
                || (!rules.Overlaps && pcplists.Drain(ZoneTable.IndexOf(node, kind))
                    && buddy.TryFind(zone, 0, last: false, out block, out offset, out order)))
                return true;
        }

        (zone, block, offset, order) = (null!, null!, 0, 0);
        return false;
    }
}
