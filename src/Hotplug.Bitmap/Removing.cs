using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace Hotplug.Bitmap;

/// <summary>Removes offline memory: try_remove_memory() (kernel-semantics 3.5).</summary>
internal sealed class Removing(MachineState state, PageAllocator pages)
{
    /// <summary>Removes the blocks of the range that exist: all or, with an errno, none.</summary>
    public Errno Remove(PageRange range, EffectLog log)
    {
        var errno = Check(range);
        if (errno != Errno.None)
            return errno;
        while (state.Blocks.In(range) is [var number, ..])
        {
            var block = state.Blocks[number];
            state.PoisonedPages -= block.Poisoned.Count;
            state.Journal.TouchRemoved(number);
            LeaveDevice(block);
            Destroy(block, log);
        }

        Release(range, log);
        return Errno.None;
    }

    /// <summary>Takes back an add that failed half way.</summary>
    public void Undo(PageRange range, EffectLog log)
    {
        for (var pfn = range.End - state.Layout.PagesPerBlock; pfn >= range.Start; pfn -= state.Layout.PagesPerBlock)
            Destroy(state.BlockOf(pfn), log);
        Release(range, log);
    }

    /// <summary>Why the blocks of the range cannot be removed; <see cref="Errno.None"/> if they can.</summary>
    public Errno Check(PageRange range)
    {
        int hosting = 0, plain = 0;
        foreach (var number in state.Blocks.In(range))
        {
            var block = state.Blocks[number];
            if (block.IsOnline)
                return Errno.EBUSY;
            if (block.Vmemmap > 0)
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
        return isAllowed ? Errno.None : Errno.EINVAL;
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

    private void Destroy(MemoryBlock block, EffectLog log)
    {
        if (block.HasDevice)
            log.Add(EffectKind.BlockDestroyed, state.RangeOf(block));
        for (var section = 0; section < block.PopulatedSections; section++)
            log.Add(EffectKind.VmemmapFreed, new PageRange(
                state.PageOf(block, section * state.Spec.PagesPerSection), state.Spec.PagesPerSection));
        if (block.MemmapHolder >= 0)
        {
            state.BootMemmapPages -= block.MemmapPages;
            pages.ReleaseAll(block.MemmapHolder);
            state.Runs.RemoveHolder(block.MemmapHolder);
        }

        state.NodeBlocks[block.Node]--;
        state.Blocks.Remove(block);
    }

    // Ends with try_offline_node(): node 0 has the CPUs and stays.
    private void Release(PageRange range, EffectLog log)
    {
        state.Zones.Generation++;
        if (state.Resources.Intersects(range))
            log.Add(EffectKind.ResourceReleased, range);
        state.Resources.Remove(range);
        for (short node = 1; node < state.NodeOnline.Length; node++)
            if (state.NodeOnline[node] && state.NodeBlocks[node] == 0)
            {
                state.NodeOnline[node] = false;
                log.Add(EffectKind.NodeOnline, default, new ZoneId(node, ZoneKind.None), 0);
            }
    }
}
