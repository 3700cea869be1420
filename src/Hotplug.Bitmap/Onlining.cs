using System.Numerics;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>Brings a memory block online: memory_block_online(), online_pages() (kernel-semantics 3.2).</summary>
internal sealed class Onlining<TRules>(
    MachineState state, BuddyAllocator buddy, NotifierChain<TRules> chain, ZoneMembership<TRules> membership,
    ZonePolicy<TRules> policy, Backing<TRules> backing, TRules rules)
    where TRules : struct, IRules
{
    /// <summary>
    /// Onlines an offline block with its online type. A rollback brings back what it took away: poison does not stop
    /// it.
    /// </summary>
    public Errno Online(MemoryBlock block, EffectLog log, bool isRollback = false)
    {
        var type = block.OnlineType == AutoOnline.Offline ? AutoOnline.Online : block.OnlineType;
        block.OnlineType = AutoOnline.Offline;
        if (!rules.Keeps(Fault.OnlineTypeIgnored))
            type = AutoOnline.Online;
        var dialect = state.Spec.Dialect;
        if (!isRollback && block.Poisoned.Count > 0 && rules.Keeps(Fault.PoisonedBlockOnlined)
            && dialect.Has(DialectItem.PoisonBlocksOnline))
        {
            if (!rules.Keeps(Fault.PoisonedBlockTold))
                chain.Notify(MemoryNotification.CancelOnline, block, state.BodyOf(block), log);
            return Errno.EHWPOISON;
        }

        return OnlineTo(block, state.Zones.Of(block.Node, policy.For(block, type)), log);
    }

    /// <summary>
    /// What a driver does that adds memory without registering it: steps 4 and 5 of source document 004, in the zone
    /// that a plain online would choose.
    /// </summary>
    public Errno OnlineUnregistered(MemoryBlock block, EffectLog log) =>
        OnlineTo(block, state.Zones.Of(block.Node, policy.For(block, AutoOnline.Online)), log);

    private Errno OnlineTo(MemoryBlock block, Zone zone, EffectLog log)
    {
        var body = state.BodyOf(block);
        var hosted = state.HostedOf(block);
        var prepares = state.Spec.Dialect.Has(DialectItem.PrepareFinishEvents);
        if (prepares && chain.Notify(MemoryNotification.PrepareOnline, block, state.RangeOf(block), log) is var refused
            && refused != Errno.None)
            return refused;
        if (block.Vmemmap > 0)
        {
            if (rules.Keeps(Fault.VmemmapNotInitialised))
                log.Add(EffectKind.VmemmapInitialised, VmemmapOf(block), zone.Id);
            if (hosted.Count > 0)
                membership.Enter(zone, hosted, log);
        }

        membership.Enter(zone, body, log);
        var vetoed = chain.Notify(MemoryNotification.GoingOnline, block, body, log);
        rules.At(SchedulePoint.OnlineAfterGoingOnline, body.Start);
        if (vetoed == Errno.None)
        {
            Commit(block, zone, body, hosted, log);
            return Errno.None;
        }

        if (rules.Keeps(Fault.CancelOnlineNotSent))
            chain.Notify(MemoryNotification.CancelOnline, block, body, log);
        if (rules.Keeps(Fault.VetoedOnlineKeepsSpan))
            membership.Leave(zone, body, log);
        if (block.Vmemmap > 0 && rules.Keeps(Fault.VetoedOnlineKeepsVmemmap))
        {
            log.Add(EffectKind.VmemmapDeinitialised, VmemmapOf(block), zone.Id);
            if (hosted.Count > 0)
                membership.Leave(zone, hosted, log);
        }

        if (prepares && rules.Keeps(Fault.VetoedOnlineNotFinished))
            chain.Notify(MemoryNotification.FinishOffline, block, state.RangeOf(block), log);
        return vetoed;
    }

    private PageRange VmemmapOf(MemoryBlock block) => new(state.PageOf(block, 0), block.Vmemmap);

    // From here nothing can fail.
    private void Commit(MemoryBlock block, Zone zone, PageRange body, PageRange hosted, EffectLog log)
    {
        var wasPopulated = zone.IsPopulated;
        block.Home = ZoneTable.IndexOf(zone.Id.Node, zone.Id.Kind);
        block.ReferencesDropped &= !rules.Keeps(Fault.ReonlineKeepsReferencesDropped);
        state.Touch(block);
        if (block.Vmemmap > 0)
            state.Fill(block, 0, block.Vmemmap, PageUse.Kernel);
        if (block.Vmemmap < state.Layout.PagesPerBlock)
            GiveAll(block, zone, log);
        if (rules.Keeps(Fault.PoisonedPageOnlined))
            SetPoisonAside(block);
        if (!rules.Keeps(Fault.OnlineToldEarly))
            chain.Notify(MemoryNotification.Online, block, body, log);
        zone.AddMember(block.Number);
        log.Add(EffectKind.SectionsOnline, state.RangeOf(block), zone.Id);
        if (rules.Keeps(Fault.PresentForgottenOnOnline))
            membership.ChangePresent(block, zone, body, +1, log);
        if (!wasPopulated)
            log.Add(EffectKind.ZonelistsRebuilt, default, zone.Id);
        if (rules.Keeps(Fault.OnlinedBlockStaysIsolated))
            buddy.List(block);
        log.Add(EffectKind.Unisolated, body, zone.Id);
        if (rules.Keeps(Fault.OnlineToldEarly) && rules.Keeps(Fault.OnlineNotTold))
            chain.Notify(MemoryNotification.Online, block, body, log);
        if (block.Vmemmap > 0)
        {
            if (hosted.Count > 0 && rules.Keeps(Fault.VmemmapNotPresent))
                membership.ChangePresent(block, zone, hosted, +1, log);
            if (!rules.Keeps(Fault.VmemmapManaged))
                zone.Managed += block.Vmemmap;
        }

        block.Zone = zone.Id.Kind;
        state.Blocks.SetState(block, BlockState.Online);
        block.WasOnline = true;
        if (block.IsRegistered)
            log.Add(EffectKind.BlockStateChanged, state.RangeOf(block), zone.Id, (long)BlockState.Online);
    }

    // online_pages_range(): the online callback sees chunks as large as their alignment allows.
    private void GiveAll(MemoryBlock block, Zone zone, EffectLog log)
    {
        var offset = block.Vmemmap;
        var end = state.Layout.PagesPerBlock;
        if (IsDropped(block))
        {
            state.Fill(block, offset, end - offset, PageUse.Kernel);
            return;
        }

        if (IsClaimed(block))
        {
            state.Fill(block, offset, end - offset, PageUse.NeverOnlined);
            log.Add(EffectKind.PagesKeptOffline, new PageRange(state.PageOf(block, offset), end - offset), zone.Id,
                (long)CallbackOwner.VirtioMem);
            return;
        }

        // xen_online_page() puts every page into the balloon, whatever it was before.
        if (block.Driver == CallbackOwner.Xen)
            block.Backed.AsSpan().Clear();
        var isDriven = block.Driver != CallbackOwner.Generic;
        var isMixed = block.Memory > 0 && (rules.Keeps(Fault.ReonlineFreesUnplugged) || !block.WasOnline);
        state.Fill(block, offset, end - offset, PageUse.Free);
        if (!isMixed && !isDriven && !rules.Overlaps)
            buddy.Free(block, offset, end - offset);
        while (offset < end)
        {
            var order = Math.Min(state.Layout.MaxOrder, BitOperations.Log2((uint)(end - offset)));
            if (offset != 0)
                order = Math.Min(order, BitOperations.TrailingZeroCount(offset));
            if (isMixed)
                GivePlugged(block, zone, state.Memories[block.Memory - 1], offset, 1 << order, log);
            else if (isDriven)
                backing.Give(block, zone, offset, 1 << order, log);
            else
                GiveChunk(block, zone, offset, 1 << order, log);
            offset += 1 << order;
            if (offset < end)
                rules.At(SchedulePoint.OnlineAfterChunk, state.PageOf(block, offset));
        }
    }

    // The seeded fault: hv_online_page() knows its own regions only, and keeps what lies outside of them from
    // everybody.
    private bool IsDropped(MemoryBlock block) => !rules.Keeps(Fault.CallbackDropsForeignPages) && block.Memory == 0
        && block.Driver == CallbackOwner.Generic
        && (state.Callbacks & (CallbackOwners.Xen | CallbackOwners.HyperV)) != CallbackOwners.None;

    // The seeded fault: in a list of callbacks the first one takes whatever comes for its own.
    private bool IsClaimed(MemoryBlock block) => !rules.Keeps(Fault.FirstCallbackClaimsAll) && block.Memory == 0
        && block.Driver == CallbackOwner.Generic && state.Spec.OnlineCallbacks == CallbackRegistry.List
        && state.Callbacks != CallbackOwners.None;

    private void GiveChunk(MemoryBlock block, Zone zone, int offset, int count, EffectLog log)
    {
        if (rules.Overlaps)
            buddy.Free(block, offset, count);
        Give(block, zone, offset, count, log);
    }

    // generic_online_page()
    private void Give(MemoryBlock block, Zone zone, int offset, int count, EffectLog log)
    {
        log.Add(EffectKind.PagesToBuddy, new PageRange(state.PageOf(block, offset), count), zone.Id);
        log.Managed(zone, rules.Keeps(Fault.CallbackCountsFirstPageOnly) ? count : 1);
    }

    // virtio_mem_online_page(): what is unplugged is kept from the buddy, sub-block by sub-block where a chunk is
    // mixed.
    private void GivePlugged(MemoryBlock block, Zone zone, DeviceMemory device, int offset, int count, EffectLog log)
    {
        var first = device.FirstOf(block);
        var end = offset + count;
        while (offset < end)
        {
            var sub = offset / device.Spec.SubBlockPages;
            var runEnd = device.RunEnd(first + sub, first + device.SubBlocksPerBlock) - first;
            var pages = (int)Math.Min(end, (long)runEnd * device.Spec.SubBlockPages) - offset;
            if (!rules.Keeps(Fault.ChunkDecidedByFirstSubBlock))
                pages = end - offset;
            if (device.IsPlugged(first + sub)
                || (end == state.Layout.PagesPerBlock && !rules.Keeps(Fault.CallbackGivesTail)))
            {
                buddy.Free(block, offset, pages);
                Give(block, zone, offset, pages, log);
            }
            else
            {
                state.Fill(block, offset, pages,
                    rules.Keeps(Fault.FreshPagesMarkedTaken) ? PageUse.NeverOnlined : PageUse.Unplugged);
                if (!rules.Keeps(Fault.UnpluggedCountedManaged))
                    log.Managed(zone, pages);
                log.Add(EffectKind.PagesKeptOffline, new PageRange(state.PageOf(block, offset), pages), zone.Id,
                    (long)CallbackOwner.VirtioMem);
            }

            offset += pages;
        }
    }

    // The buddy does not keep poisoned pages; they stay managed.
    private void SetPoisonAside(MemoryBlock block)
    {
        foreach (var offset in block.Poisoned)
        {
            if (offset < block.Vmemmap || state.UseAt(block, offset) != PageUse.Free)
                continue;
            buddy.Take(block, offset, 1);
            state.Fill(block, offset, 1, PageUse.Movable);
        }
    }
}
