using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>
/// Plugs and unplugs sub-blocks of one block. In an online block that means to give the pages to the buddy
/// (virtio_mem_fake_online()) or to take all of them from it (virtio_mem_fake_offline()).
/// </summary>
internal sealed class SubBlocks<TRules>(
    MachineState state, ContigRange<TRules> contig, IsolatedParts<TRules> isolated, PcplistSteps<TRules> pcplists,
    TRules rules)
    where TRules : struct, IRules
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
        rules.At(SchedulePoint.PlugBeforeOnline, range.Start);
        var zone = state.Zones[block.Home];
        state.Touch(block);
        ForgetReferences(block, start, length);
        if (rules.Keeps(Fault.PlugKeepsOffline))
            contig.GiveAll(block, start, length);
        log.Add(EffectKind.PagesToBuddy, range, zone.Id);
        log.Managed(zone, rules.Keeps(Fault.PlugCountedTwice) ? length : 2 * length);
    }

    // __free_pages_core() sets the count of a page that it gives to the buddy, whoever else had it.
    private void ForgetReferences(MemoryBlock block, int start, int count)
    {
        if (block.Referenced == 0)
            return;
        for (var pfn = state.PageOf(block, start); pfn < state.PageOf(block, start) + count; pfn++)
            if (state.References.Of(pfn) is > 0 and var extra)
                state.References.Add(block, pfn, -extra);
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
        if (block.IsOnline && rules.Keeps(Fault.UnplugLeavesPagesInBuddy)
            && !TryFakeOffline(device, block, start, start + length, log))
            return false;
        if (rules.Keeps(Fault.UnplugNotRecorded))
            device.Unplug(sub, count);
        log.Witness(WitnessRole.Unplugged, new PageRange(state.PageOf(block, start), length));
        return true;
    }

    private bool TryFakeOffline(DeviceMemory device, MemoryBlock block, int start, int end, EffectLog log)
    {
        var obstacle = contig.FindObstacle(block, start, end);
        if (obstacle >= 0)
        {
            contig.Blame(block, obstacle, log);
            return false;
        }

        if (rules.Overlaps)
            return TryTakeOverlapping(device, new BlockPart(block, start, end), log);
        pcplists.Drain(block.Home);
        contig.TakeFree(block, start, end,
            rules.Keeps(Fault.TakenPagesMarkedFresh) ? PageUse.Unplugged : PageUse.NeverOnlined);
        var region = new PageRange((long)device.Spec.FirstBlock * state.Layout.PagesPerBlock,
            (long)device.Spec.Blocks * state.Layout.PagesPerBlock);
        if (!contig.MoveOthers(block, start, end, PageUse.Unplugged, region, log))
        {
            if (rules.Keeps(Fault.FailedUnplugKeepsTaken))
                contig.GiveBackTaken(block, start, end, PageUse.Unplugged);
            return false;
        }

        Keep(block, start, end, log);
        return true;
    }

    private void Keep(MemoryBlock block, int start, int end, EffectLog log)
    {
        var zone = state.Zones[block.Home];
        log.Add(EffectKind.PagesKeptOffline, new PageRange(state.PageOf(block, start), end - start), zone.Id,
            (long)Contract.Operations.CallbackOwner.VirtioMem);
        if (rules.Keeps(Fault.UnplugKeepsManaged))
            log.Managed(zone, start - end);
    }

    // virtio_mem_fake_offline(): alloc_contig_range() first, then the pages are marked.
    private bool TryTakeOverlapping(DeviceMemory device, in BlockPart part, EffectLog log)
    {
        if (isolated.IsRefused(part))
            return false;
        isolated.Enter(part);
        var first = state.PageOf(part.Block, part.Start);
        rules.At(SchedulePoint.UnplugAfterIsolation, first);
        pcplists.Drain(part.Block.Home);
        var region = new PageRange((long)device.Spec.FirstBlock * state.Layout.PagesPerBlock,
            (long)device.Spec.Blocks * state.Layout.PagesPerBlock);
        var hasRoom = contig.MoveOthers(part.Block, part.Start, part.End, PageUse.Kernel, region, log);
        IsolatedParts<TRules>.Leave(part);
        if (!hasRoom || !isolated.IsHeld(part))
        {
            isolated.GiveBack(part);
            return false;
        }

        rules.At(SchedulePoint.UnplugBeforeMark, first);
        state.Fill(part.Block, part.Start, part.End - part.Start, PageUse.Unplugged);
        state.Touch(part.Block);

        // Nobody asked the driver to drop these: it has its references still while it has none of the others.
        if (part.Block.ReferencesDropped)
            for (var offset = part.Start; offset < part.End; offset++)
                state.References.Add(part.Block, state.PageOf(part.Block, offset), +1);
        Keep(part.Block, part.Start, part.End, log);
        return true;
    }
}
