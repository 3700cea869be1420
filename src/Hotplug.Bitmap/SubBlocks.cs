using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace Hotplug.Bitmap;

/// <summary>
/// Plugs and unplugs sub-blocks of one block. In an online block that means to give the pages to the buddy
/// (virtio_mem_fake_online()) or to take all of them from it (virtio_mem_fake_offline()).
/// </summary>
internal sealed class SubBlocks(
    MachineState state, BuddyAllocator buddy, PageAllocator pages, Migration migration, Evacuation evacuation)
{
    public void Plug(DeviceMemory device, MemoryBlock block, int sub, int count, EffectLog log)
    {
        var start = (sub - device.FirstOf(block)) * device.Spec.SubBlockPages;
        var length = count * device.Spec.SubBlockPages;
        var range = new PageRange(state.PageOf(block, start), length);
        device.Plug(sub, count);
        log.Witness(WitnessRole.Plugged, range);
        if (!block.IsOnline)
            return;
        var zone = state.Zones[block.Home];
        state.Touch(block);
        GiveAll(block, start, length);
        log.Add(EffectKind.PagesToBuddy, range, zone.Id);
        log.Managed(zone, length);
    }

    /// <summary>Unplugs up to <paramref name="count"/> sub-blocks, the highest first; says how many.</summary>
    public int UnplugFrom(DeviceMemory device, MemoryBlock block, int count, EffectLog log)
    {
        var first = device.FirstOf(block);
        var subs = device.SubBlocksPerBlock;
        if (block.IsOnline && count == subs && TryUnplug(device, block, first, subs, log))
            return subs;
        var done = 0;
        for (var sub = first + subs - 1; sub >= first && done < count; sub--)
            if (device.IsPlugged(sub) && TryUnplug(device, block, sub, 1, log))
                done++;
        return done;
    }

    private bool TryUnplug(DeviceMemory device, MemoryBlock block, int sub, int count, EffectLog log)
    {
        var start = (sub - device.FirstOf(block)) * device.Spec.SubBlockPages;
        var length = count * device.Spec.SubBlockPages;
        if (block.IsOnline && !TryFakeOffline(device, block, start, start + length, log))
            return false;
        device.Unplug(sub, count);
        log.Witness(WitnessRole.Unplugged, new PageRange(state.PageOf(block, start), length));
        return true;
    }

    // alloc_contig_range(): nothing but free and movable pages; then the free ones are taken and the others moved away.
    private bool TryFakeOffline(DeviceMemory device, MemoryBlock block, int start, int end, EffectLog log)
    {
        var obstacle = FindObstacle(block, start, end);
        if (obstacle >= 0)
        {
            log.Witness(WitnessRole.Culprit, new PageRange(state.PageOf(block, obstacle), 1));
            return false;
        }

        state.Touch(block);
        TakeFree(block, start, end);
        var region = new PageRange((long)device.Spec.FirstBlock * state.Layout.PagesPerBlock,
            (long)device.Spec.Blocks * state.Layout.PagesPerBlock);
        if (!evacuation.MoveAway(block, start, end, PageUse.Unplugged, region, log))
        {
            GiveBackTaken(block, start, end);
            return false;
        }

        var zone = state.Zones[block.Home];
        log.Add(EffectKind.PagesKeptOffline, new PageRange(state.PageOf(block, start), end - start), zone.Id);
        log.Managed(zone, start - end);
        return true;
    }

    private int FindObstacle(MemoryBlock block, int start, int end)
    {
        foreach (var poisoned in block.Poisoned)
            if (poisoned >= start && poisoned < end)
                return poisoned;
        for (var offset = start; offset < end;)
        {
            var use = state.UseAt(block, offset);
            var runEnd = state.RunEnd(block, offset, end);
            if (use is not (PageUse.Free or PageUse.Movable or PageUse.Ballooned))
                return offset;
            if (use != PageUse.Free && block.Referenced > 0)
                for (var i = offset; i < runEnd; i++)
                    if (!migration.CanMove(block, i))
                        return i;
            offset = runEnd;
        }

        return -1;
    }

    private void TakeFree(MemoryBlock block, int start, int end)
    {
        for (var offset = start; offset < end;)
        {
            var use = state.UseAt(block, offset);
            var runEnd = state.RunEnd(block, offset, end);
            if (use == PageUse.Free)
            {
                buddy.Take(block, offset, runEnd - offset);
                state.Fill(block, offset, runEnd - offset, PageUse.Unplugged);
            }

            offset = runEnd;
        }
    }

    // What failed took only free pages, and pages that moved away since.
    private void GiveBackTaken(MemoryBlock block, int start, int end)
    {
        for (var offset = start; offset < end;)
        {
            var use = state.UseAt(block, offset);
            var runEnd = state.RunEnd(block, offset, end);
            if (use == PageUse.Unplugged)
                GiveAll(block, offset, runEnd - offset);
            offset = runEnd;
        }
    }

    private void GiveAll(MemoryBlock block, int start, int count)
    {
        if (block.Poisoned.Count == 0)
        {
            state.Fill(block, start, count, PageUse.Free);
            buddy.Free(block, start, count);
            return;
        }

        for (var offset = start; offset < start + count; offset++)
            pages.GiveBack(block, offset);
    }
}
