using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>Removes offline memory: try_remove_memory() (kernel-semantics 3.5).</summary>
internal sealed class Removing<TRules>(
    MachineState state, PageAllocator<TRules> pages, VmemmapGroups<TRules> groups, TRules rules)
    where TRules : struct, IRules
{
    /// <summary>Removes the blocks of the range that exist: all or, with an errno, none.</summary>
    public Errno Remove(PageRange range, EffectLog log, bool isChecked = false)
    {
        var errno = isChecked ? Errno.None : Check(range);
        if (errno != Errno.None)
            return errno;
        rules.At(SchedulePoint.RemoveAfterCheck, range.Start);
        groups.Begin();
        while (state.Blocks.In(range) is [var first, ..])
        {
            var together = Together(first);
            foreach (var number in state.Blocks.In(together))
            {
                if (rules.Keeps(Fault.RemovalKeepsPoisonCount))
                    state.PoisonedPages -= state.Blocks[number].Poisoned.Count;
                state.Journal.TouchRemoved(number);
                LeaveDevice(state.Blocks[number]);
            }

            Destroy(together, log);
        }

        Release(range, log);
        return Errno.None;
    }

    /// <summary>Takes back an add that failed half way.</summary>
    public void Undo(PageRange range, EffectLog log)
    {
        groups.Begin();
        if (!rules.Keeps(Fault.FailedAddLeaksMemmap))
            foreach (var number in state.Blocks.In(range))
                state.Blocks[number].MemmapHolder = -1;
        if (!rules.Keeps(Fault.FailedAddFreesForeignMemmap))
            state.BootMemmapPages -= state.BlockOf(range.Start).Vmemmap;
        while (state.Blocks.In(range) is [.., var last])
            Destroy(Together(state.Blocks[last].Memmap == MemmapPlacement.PerDevice ? state.Blocks[last].Head : last), log);
        if (rules.Keeps(Fault.FailedAddKeepsResource))
            Release(range, log);
    }

    /// <summary>Why the blocks of the range cannot be removed; <see cref="Errno.None"/> if they can.</summary>
    public Errno Check(PageRange range)
    {
        foreach (var number in state.Blocks.In(range))
            if (state.Blocks[number].IsOnline && rules.Keeps(Fault.OnlineBlockRemoved))
                return Errno.EBUSY;
        int hosting = 0, plain = 0;
        foreach (var number in state.Blocks.In(range))
        {
            var block = state.Blocks[number];

            // The memmap of a whole device goes as it came: its last section decides.
            if (block.Memmap == MemmapPlacement.PerDevice && !range.Contains(state.Devices.RangeOf(block.Device)))
                return Errno.EINVAL;
            if (block.Head >= 0)
                hosting++;
            else
                plain++;
        }

        if (hosting == 0)
            return Errno.None;

        // 6.1 finds the altmap of one block only; 6.12 one per block, but all or none.
        var isAllowed = state.Spec.Dialect.Has(DialectItem.AltmapMultiBlock)
            ? plain == 0
            : range.Count == state.Layout.PagesPerBlock;
        return isAllowed || !rules.Keeps(Fault.OddAltmapRemoved) ? Errno.None : Errno.EINVAL;
    }

    private void LeaveDevice(MemoryBlock block)
    {
        if (block.Device > 0)
            state.Devices.LoseBlock(block.Device);
        if (block.Group == 0)
            return;
        ref var group = ref state.Groups[block.Group];
        group.Blocks--;
        if (group.Blocks > 0)
            return;
        group.IsLive = false;
        if (block.Memory > 0)
            state.Memories[block.Memory - 1].Group = 0;
    }

    // The blocks that are torn down together: those of one memmap group.
    private PageRange Together(int first)
    {
        var blocks = state.Spec.PagesOf(first);
        if (state.Blocks[first].Memmap != MemmapPlacement.PerDevice)
            return blocks;
        while (state.Blocks.Find(state.Spec.BlockOf(blocks.End)) is { Memmap: MemmapPlacement.PerDevice } next
            && next.Head == first)
            blocks = blocks with { Count = blocks.Count + state.Layout.PagesPerBlock };
        return blocks;
    }

    private void Destroy(PageRange blocks, EffectLog log)
    {
        if (!rules.Keeps(Fault.VmemmapFreedFirst))
            groups.TearDown(blocks, log);
        foreach (var number in state.Blocks.In(blocks))
        {
            if (!rules.Keeps(Fault.RemovalTold))
                log.Notified(MemoryNotification.Offline, state.Spec.PagesOf(number), 0, Errno.None);
            if (state.Blocks[number].HasDevice)
                log.Add(EffectKind.BlockDestroyed, state.Spec.PagesOf(number));
        }

        if (rules.Keeps(Fault.VmemmapFreedFirst) && rules.Keeps(Fault.VmemmapNeverFreed))
            groups.TearDown(blocks, log);
        while (state.Blocks.In(blocks) is [var number, ..])
        {
            var block = state.Blocks[number];
            GiveUpMemmap(block);
            state.NodeBlocks[block.Node]--;
            state.Blocks.Remove(block);
        }
    }

    private void GiveUpMemmap(MemoryBlock block)
    {
        if (block.MemmapHolder < 0)
            return;
        if (rules.Keeps(Fault.MemmapCostNotReturned))
            state.BootMemmapPages -= block.MemmapPages;
        pages.ReleaseAll(block.MemmapHolder);
        state.Runs.RemoveHolder(block.MemmapHolder);
    }

    // Ends with try_offline_node(): node 0 has the CPUs and stays.
    private void Release(PageRange range, EffectLog log)
    {
        state.Zones.Generation++;
        if (state.Resources.Intersects(range))
            log.Add(EffectKind.ResourceReleased, range);
        if (rules.Keeps(Fault.ResourceNotReleased))
            state.Resources.Remove(rules.Keeps(Fault.NeighbouringResourceLost)
                ? range
                : new PageRange(range.Start, range.Count + state.Layout.PagesPerBlock));
        for (short node = 1; node < state.NodeOnline.Length; node++)
            if (state.NodeOnline[node] && state.NodeBlocks[node] == 0 && rules.Keeps(Fault.EmptyNodeStaysOnline))
            {
                state.NodeOnline[node] = false;
                log.Add(EffectKind.NodeOnline, default, new ZoneId(node, ZoneKind.None), 0);
            }
    }
}
