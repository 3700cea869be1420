using System.Diagnostics;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>
/// Memory that a balloon driver added without anything behind it, and the hypervisor backs page by page: steps 5 and 6
/// of source document 004. Hyper-V remembers what is backed while a block is offline; Xen knows only pages in its
/// balloon.
/// </summary>
internal sealed class Backing<TRules>(
    MachineState state, PageAllocator<TRules> pages, BuddyAllocator buddy, TRules rules)
    where TRules : struct, IRules
{
    /// <summary>The operation <c>back</c>: all of the pages or none.</summary>
    public Errno Back(long pfn, long count, EffectLog log)
    {
        if (state.FindBlockOf(pfn) is not { } block)
            return Errno.ENXIO;
        var offset = state.OffsetOf(pfn);
        if (block.Driver == CallbackOwner.Generic || count > state.Layout.PagesPerBlock - offset)
            return Errno.EINVAL;
        if (block.Driver == CallbackOwner.Xen && !block.IsOnline)
            return Errno.ENXIO;
        if (BitRanges.Count(block.Backed, offset, (int)count) > 0)
            return Errno.EEXIST;
        Back(block, offset, (int)count, log);
        return Errno.None;
    }

    /// <summary>Takes up to so many pages out of Xen's balloon that never had backing, lowest first; says how
    /// many.</summary>
    public long BackAny(long most, EffectLog log)
    {
        var left = most;
        for (var i = 0; i < state.Blocks.Numbers.Count && left > 0 && state.XenUnbacked > 0; i++)
        {
            var block = state.Blocks[state.Blocks.Numbers[i]];
            if (block.Driver == CallbackOwner.Xen && block.IsOnline)
                left -= BackIn(block, left, log);
        }

        return most - left;
    }

    /// <summary>A block of the driver comes online: the pages of the chunk go where their backing says.</summary>
    public void Give(MemoryBlock block, Zone zone, int offset, int count, EffectLog log)
    {
        for (var end = offset + count; offset < end;)
        {
            var isBacked = BitRanges.Get(block.Backed, offset);
            var after = BitRanges.RunEnd(block.Backed, offset, end);
            var range = new PageRange(state.PageOf(block, offset), after - offset);
            if (isBacked || !rules.Keeps(Fault.UnbackedGivenToBuddy))
            {
                buddy.Free(block, offset, after - offset);
                log.Add(EffectKind.PagesToBuddy, range, zone.Id, (long)block.Driver);
                log.Managed(zone, after - offset);
            }
            else
            {
                state.Fill(block, offset, after - offset, PageUse.NeverOnlined);
                log.Add(EffectKind.PagesKeptOffline, range, zone.Id, (long)block.Driver);
                state.XenUnbacked += block.Driver == CallbackOwner.Xen ? after - offset : 0;
            }

            offset = after;
        }
    }

    private long BackIn(MemoryBlock block, long most, EffectLog log)
    {
        var left = most;
        for (var offset = 0; offset < state.Layout.PagesPerBlock && left > 0;)
        {
            var end = BitRanges.RunEnd(block.Backed, offset, state.Layout.PagesPerBlock);
            if (!BitRanges.Get(block.Backed, offset))
            {
                var count = (int)Math.Min(left, end - offset);
                log.Witness(WitnessRole.Released, new PageRange(state.PageOf(block, offset), count));
                Back(block, offset, count, log);
                left -= count;
            }

            offset = end;
        }

        return most - left;
    }

    private void Back(MemoryBlock block, int offset, int count, EffectLog log)
    {
        Debug.Assert(BitRanges.Count(block.Backed, offset, count) == 0);
        BitRanges.Set(block.Backed, offset, count);
        if (!block.IsOnline)
            return;
        state.XenUnbacked -= block.Driver == CallbackOwner.Xen ? count : 0;
        state.Touch(block);
        for (var i = offset; i < offset + count; i++)
            if (rules.Keeps(Fault.BackedPagesKept))
                pages.GiveBack(block, i);
        var zone = state.Zones[block.Home];
        log.Add(EffectKind.PagesToBuddy, new PageRange(state.PageOf(block, offset), count), zone.Id, (long)block.Driver);
        log.Managed(zone, count);
    }
}
