using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>
/// A page that is being freed: its pageblock's type was read, and the lists were not touched yet. What the type is by
/// then may be another one.
/// </summary>
/// <param name="Page">The page frame; −1: free_unref_page_prepare() kept it, it is poisoned.</param>
/// <param name="WasIsolated">The type that was read was ISOLATE.</param>
internal readonly record struct FreeInFlight(long Page, bool WasIsolated);

/// <summary>
/// What happens to per-CPU lists, one method for each step that others may come between (kernel-semantics 4.3.1): every
/// operation is made of these, one after the other.
/// </summary>
internal sealed class PcplistSteps<TRules>(MachineState state, BuddyAllocator buddy, TRules rules)
    where TRules : struct, IRules
{
    private Pcplists Lists => state.Pcplists;

    /// <summary>free_unref_page_prepare(): reads the type of the page's pageblock, before the list is locked.</summary>
    public FreeInFlight FreePrepare(MemoryBlock block, int offset)
    {
        if (block.IsPoisoned(offset))
        {
            state.Fill(block, offset, 1, PageUse.Movable);
            return new FreeInFlight(-1, false);
        }

        state.Fill(block, offset, 1, PageUse.Free);
        if (rules.Overlaps)
            block.InFlight.Add(offset);
        return new FreeInFlight(state.PageOf(block, offset), !block.IsListed);
    }

    /// <summary>
    /// free_unref_page_commit(): to the CPU's list, unless the type that was read goes straight to the buddy. A list
    /// that is full is flushed by a batch; of a disabled one that is the page itself.
    /// </summary>
    public void FreeCommit(int cpu, in FreeInFlight freed)
    {
        if (freed.Page < 0)
            return;
        if (rules.Overlaps)
        {
            CommitOverlapping(cpu, freed);
            return;
        }

        var block = state.BlockOf(freed.Page);
        state.Touch(block);
        if (freed.WasIsolated || !Lists.Exist)
        {
            Give(block, state.OffsetOf(freed.Page), 1);
            return;
        }

        Enlist(cpu, block, freed.Page);
        if (Lists.Count(cpu, block.Home) >= Lists.High(block.Home)
            && rules.Keeps(Lists.IsLocked ? Fault.DisabledListFilled : Fault.FullListNotFlushed))
            Flush(cpu, block.Home, Lists.Batch(block.Home));
    }

    // As above, with the list's lock: the page is on its way until it has arrived.
    private void CommitOverlapping(int cpu, in FreeInFlight freed)
    {
        var home = state.FindBlockOf(freed.Page)?.Home ?? -1;
        if (freed.WasIsolated || !Lists.Exist || home < 0)
        {
            if (TryLand(freed.Page, out var there))
                Give(there, state.OffsetOf(freed.Page), 1);
            return;
        }

        // The seeded fault: the limits may be other ones by the time the list is locked.
        var isLocked = rules.Keeps(RaceFault.LimitsReadUnlocked);
        if (isLocked)
            rules.Acquire(LockName.Pcplist, cpu);
        var (high, batch) = (Lists.High(home), Lists.Batch(home));
        rules.At(SchedulePoint.FreeAfterLimitsRead, freed.Page);
        if (!isLocked)
            rules.Acquire(LockName.Pcplist, cpu);
        if (TryLand(freed.Page, out var block))
        {
            Enlist(cpu, block, freed.Page);
            if (Lists.Count(cpu, home) >= high)
                FlushLocked(cpu, home, batch);
        }

        rules.Release(LockName.Pcplist, cpu);
    }

    // False if there is nothing any more that the page could be given to.
    private bool TryLand(long page, out MemoryBlock block)
    {
        block = state.FindBlockOf(page)!;
        if (block is not { Home: >= 0 })
        {
            rules.Report(Mishap.FreedOffline, page);
            return false;
        }

        block.InFlight.Remove(state.OffsetOf(page));
        state.Touch(block);
        return true;
    }

    /// <summary>
    /// To the buddy; pages of a range that somebody isolated to take it for himself stay there for him.
    /// </summary>
    public void Give(MemoryBlock block, int offset, int count)
    {
        if (!rules.Overlaps || block.Isolations.Count == 0)
        {
            buddy.Free(block, offset, count);
            return;
        }

        for (var end = offset + count; offset < end; offset++)
            if (IsTaken(block, offset))
                state.Fill(block, offset, 1, PageUse.Kernel);
            else
                buddy.Free(block, offset, 1);
    }

    // Apart from the caller: what a lambda captures is allocated where the method begins.
    private static bool IsTaken(MemoryBlock block, int offset) =>
        block.Isolations.Exists(i => offset >= i.Start && offset < i.End);

    /// <summary>rmqueue_pcplist(): the page that was freed last; a batch from the buddy first if there is
    /// none.</summary>
    public bool TryTake(int cpu, Zone zone, bool high, out long page)
    {
        var index = ZoneTable.IndexOf(zone.Id.Node, zone.Id.Kind);
        rules.Acquire(LockName.Pcplist, cpu);
        if (Lists.Count(cpu, index) == 0)
            Refill(cpu, zone, index, high);
        page = Lists.Count(cpu, index) == 0 ? -1 : Lists.Pop(cpu, index);
        rules.Release(LockName.Pcplist, cpu);
        if (page < 0)
            return false;
        var block = state.BlockOf(page);
        block.LeavePcplist(state.OffsetOf(page));
        state.Touch(block);
        return true;
    }

    /// <summary>free_pcppages_bulk(): the oldest pages go to the buddy list of the type that their pageblock has
    /// now.</summary>
    public void Flush(int cpu, int zone, int count)
    {
        rules.Acquire(LockName.Pcplist, cpu);
        FlushLocked(cpu, zone, count);
        rules.Release(LockName.Pcplist, cpu);
    }

    private void FlushLocked(int cpu, int zone, int count)
    {
        for (var left = Math.Min(count, Lists.Count(cpu, zone)); left > 0; left--)
        {
            var page = Lists.TakeOldest(cpu, zone);
            var block = state.BlockOf(page);
            block.LeavePcplist(state.OffsetOf(page));
            Give(block, state.OffsetOf(page), 1);
            state.Touch(block);
        }
    }

    /// <summary>drain_all_pages(): the lists that look as if they held something. False if none did.</summary>
    public bool Drain(int zone)
    {
        if (Lists.PagesIn(zone) == 0)
            return false;
        for (var cpu = 0; cpu < state.Spec.Cpus; cpu++)
            if (Lists.Count(cpu, zone) > 0)
                Flush(cpu, zone, int.MaxValue);
        return true;
    }

    /// <summary>As <see cref="Drain(int)"/>, of every zone.</summary>
    public void DrainEvery()
    {
        for (var zone = 0; zone < state.Zones.Count; zone++)
            Drain(zone);
    }

    /// <summary>
    /// __drain_all_pages() with force_all_cpus: also the lists that look empty. A page may be on its way to one.
    /// </summary>
    public void ForceDrain(int zone)
    {
        if (!Lists.Exist)
            return;
        for (var cpu = 0; cpu < state.Spec.Cpus; cpu++)
            if (Lists.Count(cpu, zone) > 0 || rules.Keeps(RaceFault.DrainSkipsEmptyLists))
                Flush(cpu, zone, int.MaxValue);
    }

    // rmqueue_bulk(): in the order that the lowest is taken first.
    private void Refill(int cpu, Zone zone, int index, bool high)
    {
        var wanted = Lists.Batch(index);
        while (wanted > 0 && buddy.TryFind(zone, 0, high, out var block, out var offset, out var order))
        {
            var count = Math.Min(wanted, 1 << order);
            buddy.TakeFront(block, offset, order, count);
            if (rules.Overlaps)
                WaitForAll(block, offset, count, cpu);
            for (var i = offset + count - 1; i >= offset; i--)
                Enlist(cpu, block, state.PageOf(block, i));
            state.Touch(block);
            wanted -= count;
        }
    }

    private void WaitForAll(MemoryBlock block, int offset, int count, int cpu)
    {
        if (!rules.Keeps(RaceFault.RefillUnlocked))
            rules.Release(LockName.Pcplist, cpu);
        for (var i = offset; i < offset + count; i++)
            block.InFlight.Add(i);
        rules.At(SchedulePoint.AllocAfterRefill, state.PageOf(block, offset));
        if (!rules.Keeps(RaceFault.RefillUnlocked))
            rules.Acquire(LockName.Pcplist, cpu);
        for (var i = offset; i < offset + count; i++)
            block.InFlight.Remove(i);
    }

    private void Enlist(int cpu, MemoryBlock block, long page)
    {
        Lists.Push(cpu, block.Home, page);
        block.EnterPcplist(state.OffsetOf(page), cpu);
    }
}
