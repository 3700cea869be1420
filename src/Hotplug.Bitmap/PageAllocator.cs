using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>
/// Takes free pages for holders and gives them back: planes, buddy and run lists together. Movable pages are taken from
/// low addresses and the kernel's from high ones, so that the two keep apart.
/// </summary>
internal sealed class PageAllocator<TRules>(
    MachineState state, BuddyAllocator buddy, PcplistSteps<TRules> pcplists, TRules rules)
    where TRules : struct, IRules
{
    /// <summary>Not through per-CPU lists.</summary>
    public const int NoCpu = -1;

    /// <summary>
    /// Takes up to <paramref name="pages"/> pages in whole chunks of the order from the zone; says how many. The role
    /// is the witness of each run; null for none. With a CPU, single pages come from its list. Before it falls short
    /// the lists of the zone are drained.
    /// </summary>
    public long Take(Zone zone, long pages, int order, int holder, bool high, EffectLog log, WitnessRole? role, int cpu = NoCpu)
    {
        var taken = cpu >= 0 && order == 0 && state.Pcplists.Exist
            ? TakeByCpu(zone, pages, holder, high, cpu, log, role)
            : TakeChunks(zone, pages, order, holder, high, log, role);
        if (taken < pages && state.Pcplists.Exist && pcplists.Drain(ZoneTable.IndexOf(zone.Id.Node, zone.Id.Kind)))
            taken += TakeChunks(zone, pages - taken, order, holder, high, log, role);
        return taken;
    }

    private long TakeChunks(Zone zone, long pages, int order, int holder, bool high, EffectLog log, WitnessRole? role)
    {
        long taken = 0;
        while (taken < pages && buddy.TryFind(zone, order, high, out var block, out var offset, out var found))
        {
            var count = (int)Math.Min(pages - taken, 1L << found);
            buddy.TakeFront(block, offset, found, count);
            Hold(holder, block, offset, count, log, role);
            taken += count;
        }

        return taken;
    }

    // Whole batches that would only pass through the list are taken at once.
    private long TakeByCpu(Zone zone, long pages, int holder, bool high, int cpu, EffectLog log, WitnessRole? role)
    {
        var index = ZoneTable.IndexOf(zone.Id.Node, zone.Id.Kind);
        var listed = Math.Min(pages, state.Pcplists.Count(cpu, index));
        var batch = state.Pcplists.Batch(index);
        var taken = TakeSingly(zone, listed, holder, high, cpu, log, role);
        var batches = (pages - taken) / batch * batch;
        if (batches > 0)
            taken += TakeChunks(zone, batches, 0, holder, high, log, role);
        return taken + TakeSingly(zone, pages - taken, holder, high, cpu, log, role);
    }

    private long TakeSingly(Zone zone, long pages, int holder, bool high, int cpu, EffectLog log, WitnessRole? role)
    {
        long taken = 0;
        while (taken < pages && pcplists.TryTake(cpu, zone, high, out var page))
        {
            Hold(holder, state.BlockOf(page), state.OffsetOf(page), 1, log, role);
            taken++;
        }

        return taken;
    }

    private void Hold(int holder, MemoryBlock block, int offset, int count, EffectLog log, WitnessRole? role)
    {
        var start = state.PageOf(block, offset);
        state.Fill(block, offset, count, state.Runs.HolderOf(holder).Use);
        state.Runs.Append(holder, block, start, count);
        state.Touch(block);
        if (role is { } named)
            log.Witness(named, new PageRange(start, count));
    }

    /// <summary>
    /// As <see cref="Take"/>, from the zones that movable memory may live in: Movable first, node by node.
    /// </summary>
    public long TakeMovable(int node, long pages, int order, int holder, EffectLog log,
        WitnessRole? role, int cpu = NoCpu)
    {
        long taken = 0;
        for (var n = FirstNode(node); n < AfterLastNode(node) && taken < pages; n++)
        {
            if (state.Zones.Find(n, ZoneKind.Movable) is { } movable)
                taken += Take(movable, pages - taken, order, holder, high: false, log, role, cpu);
            if (taken < pages && state.Zones.Find(n, ZoneKind.Normal) is { } normal)
                taken += Take(normal, pages - taken, order, holder, high: false, log, role, cpu);
        }

        return taken;
    }

    /// <summary>As <see cref="Take"/>, from the kernel zones, node by node.</summary>
    public long TakeKernel(int node, long pages, int order, int holder, bool high, EffectLog log,
        WitnessRole? role, int cpu = NoCpu)
    {
        long taken = 0;
        for (var n = FirstNode(node); n < AfterLastNode(node) && taken < pages; n++)
            if (state.Zones.Find(n, ZoneKind.Normal) is { } normal)
                taken += Take(normal, pages - taken, order, holder, high, log, role, cpu);
        return taken;
    }

    /// <summary>Free pages that such an allocation may use, on lists or not; −1 for any node.</summary>
    public long FreeFor(int node, bool movable)
    {
        long free = 0;
        for (var n = FirstNode(node); n < AfterLastNode(node); n++)
        {
            free += FreeIn(n, ZoneKind.Normal);
            if (movable)
                free += FreeIn(n, ZoneKind.Movable);
        }

        return free;
    }

    /// <summary>
    /// Gives a whole run of a holder back to the buddy; its poisoned pages stay behind, held by nobody.
    /// </summary>
    public void Release(int run)
    {
        var start = state.Runs[run].Start;
        var count = state.Runs[run].Count;
        var block = state.BlockOf(start);
        state.Runs.Remove(run, block);
        state.Touch(block);
        var offset = state.OffsetOf(start);
        if (block.Poisoned.Count == 0)
        {
            var lost = rules.Keeps(Fault.LastPageOfRunLost) || count == 1 ? 0 : 1;
            state.Fill(block, offset, count - lost, PageUse.Free);
            pcplists.Give(block, offset, count - lost);
            return;
        }

        for (var i = offset; i < offset + count; i++)
            GiveBack(block, i);
    }

    /// <summary>
    /// As <see cref="Release"/>, page by page through the list of the CPU. What would only pass through goes on at
    /// once.
    /// </summary>
    public void ReleaseByCpu(int run, int cpu)
    {
        var block = state.BlockOf(state.Runs[run].Start);
        var zone = block.Home;
        if (!state.Pcplists.Exist || !block.IsListed
            || (state.Pcplists.High(zone) == 0 && rules.Keeps(Fault.DisabledListFilled)))
        {
            Release(run);
            return;
        }

        var offset = state.OffsetOf(state.Runs[run].Start);
        var end = offset + state.Runs[run].Count;
        var passing = end - offset - state.Pcplists.High(zone);
        if (passing > 0 && (!state.Pcplists.IsLocked || rules.Keeps(Fault.DisabledListFilled)))
        {
            pcplists.Flush(cpu, zone, int.MaxValue);
            var rest = state.Runs.Cut(run, block, passing);
            Release(run);
            run = rest;
            offset += passing;
        }

        state.Runs.Remove(run, block);
        for (; offset < end; offset++)
            pcplists.FreeCommit(cpu, pcplists.FreePrepare(block, offset));
        state.Touch(block);
    }

    /// <summary>
    /// As <see cref="ReleaseByCpu"/> for a single page, where others may come between the look at its pageblock and the
    /// list.
    /// </summary>
    public void ReleaseOverlapping(int run, int cpu)
    {
        var block = state.BlockOf(state.Runs[run].Start);
        var offset = state.OffsetOf(state.Runs[run].Start);
        state.Runs.Remove(run, block);
        state.Touch(block);
        var freed = pcplists.FreePrepare(block, offset);
        rules.At(SchedulePoint.FreeAfterMigratetypeRead, state.PageOf(block, offset));
        pcplists.FreeCommit(cpu, freed);
    }

    /// <summary>Gives the last pages of a holder back, run after run from the last.</summary>
    public void ReleaseTail(int holder, long count)
    {
        while (count > 0)
        {
            var run = state.Runs.HolderOf(holder).Last;
            if (state.Runs[run].Count > count)
                run = state.Runs.Cut(run, state.BlockOf(state.Runs[run].Start), (int)(state.Runs[run].Count - count));
            count -= state.Runs[run].Count;
            Release(run);
        }
    }

    /// <summary>Gives one page back to the buddy, which refuses a poisoned one: free_pages_prepare().</summary>
    public void GiveBack(MemoryBlock block, int offset)
    {
        if (block.IsPoisoned(offset) && rules.Keeps(Fault.PoisonedPageFreed))
        {
            state.Fill(block, offset, 1, PageUse.Movable);
            return;
        }

        if (rules.Overlaps && IsMishap(block, offset))
            return;
        state.Fill(block, offset, 1, PageUse.Free);
        pcplists.Give(block, offset, 1);
    }

    // Where operations overlap a rule that is broken shows in a page that is free already, or whose memory is gone.
    private bool IsMishap(MemoryBlock block, int offset)
    {
        if (block.IsOnline && state.UseAt(block, offset) != PageUse.Free)
            return false;
        rules.Report(block.IsOnline ? Mishap.FreedTwice : Mishap.FreedOffline, state.PageOf(block, offset));
        return true;
    }

    /// <summary>Gives all pages of a holder back.</summary>
    public void ReleaseAll(int holder)
    {
        while (state.Runs.HolderOf(holder).First is >= 0 and var run)
            Release(run);
    }

    private long FreeIn(int node, ZoneKind kind) => state.Zones.Find(node, kind) is { } zone
        ? zone.Free + state.Pcplists.PagesIn(ZoneTable.IndexOf(node, kind))
        : 0;

    private static int FirstNode(int node) => Math.Max(node, 0);

    private int AfterLastNode(int node) => node < 0 ? state.Zones.Nodes : node + 1;
}
