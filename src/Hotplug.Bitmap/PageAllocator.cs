using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace Hotplug.Bitmap;

/// <summary>
/// Takes free pages for holders and gives them back: planes, buddy and run lists together. Movable pages are taken from
/// low addresses and the kernel's from high ones, so that the two keep apart.
/// </summary>
internal sealed class PageAllocator<TRules>(MachineState state, BuddyAllocator buddy, TRules rules)
    where TRules : struct, IRules
{
    /// <summary>
    /// Takes up to <paramref name="pages"/> pages in whole chunks of the order from the zone; says how many. The role
    /// is the witness of each run; null for none.
    /// </summary>
    public long Take(Zone zone, long pages, int order, int holder, bool high, EffectLog log, WitnessRole? role)
    {
        long taken = 0;
        var use = state.Runs.HolderOf(holder).Use;
        while (taken < pages && buddy.TryFind(zone, order, high, out var block, out var offset, out var found))
        {
            var count = (int)Math.Min(pages - taken, 1L << found);
            buddy.TakeFront(block, offset, found, count);
            state.Fill(block, offset, count, use);
            var start = state.PageOf(block, offset);
            state.Runs.Append(holder, block, start, count);
            state.Touch(block);
            if (role is { } named)
                log.Witness(named, new PageRange(start, count));
            taken += count;
        }

        return taken;
    }

    /// <summary>
    /// As <see cref="Take"/>, from the zones that movable memory may live in: Movable first, node by node.
    /// </summary>
    public long TakeMovable(int node, long pages, int order, int holder, EffectLog log, WitnessRole? role)
    {
        long taken = 0;
        for (var n = FirstNode(node); n < AfterLastNode(node) && taken < pages; n++)
        {
            if (state.Zones.Find(n, ZoneKind.Movable) is { } movable)
                taken += Take(movable, pages - taken, order, holder, high: false, log, role);
            if (taken < pages && state.Zones.Find(n, ZoneKind.Normal) is { } normal)
                taken += Take(normal, pages - taken, order, holder, high: false, log, role);
        }

        return taken;
    }

    /// <summary>As <see cref="Take"/>, from the kernel zones, node by node.</summary>
    public long TakeKernel(int node, long pages, int order, int holder, bool high, EffectLog log, WitnessRole? role)
    {
        long taken = 0;
        for (var n = FirstNode(node); n < AfterLastNode(node) && taken < pages; n++)
            if (state.Zones.Find(n, ZoneKind.Normal) is { } normal)
                taken += Take(normal, pages - taken, order, holder, high, log, role);
        return taken;
    }

    /// <summary>Free pages that such an allocation may use; −1 for any node.</summary>
    public long FreeFor(int node, bool movable)
    {
        long free = 0;
        for (var n = FirstNode(node); n < AfterLastNode(node); n++)
        {
            free += state.Zones.Find(n, ZoneKind.Normal)?.Free ?? 0;
            if (movable)
                free += state.Zones.Find(n, ZoneKind.Movable)?.Free ?? 0;
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
            buddy.Free(block, offset, count - lost);
            return;
        }

        for (var i = offset; i < offset + count; i++)
            GiveBack(block, i);
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

        state.Fill(block, offset, 1, PageUse.Free);
        buddy.Free(block, offset, 1);
    }

    /// <summary>Gives all pages of a holder back.</summary>
    public void ReleaseAll(int holder)
    {
        while (state.Runs.HolderOf(holder).First is >= 0 and var run)
            Release(run);
    }

    private static int FirstNode(int node) => Math.Max(node, 0);

    private int AfterLastNode(int node) => node < 0 ? state.Zones.Nodes : node + 1;
}
