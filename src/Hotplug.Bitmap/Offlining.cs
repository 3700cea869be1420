using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>Takes a memory block offline: memory_block_offline(), offline_pages() (kernel-semantics 3.4).</summary>
internal sealed class Offlining<TRules>(
    MachineState state, BuddyAllocator buddy, NotifierChain<TRules> chain, ZoneMembership<TRules> membership,
    Evacuation<TRules> evacuation, PcplistSteps<TRules> pcplists, Loaning<TRules> loaning, TRules rules)
    where TRules : struct, IRules
{
    /// <summary>
    /// Offlines an online block; on any failure everything but the place of migrated pages is as before. Pages leave
    /// for blocks outside <paramref name="leaving"/> as long as there is room. With <paramref name="mayReturn"/> the
    /// holders of its poisoned pages stay known: the caller brings the block back, or abandons them.
    /// </summary>
    public Answer Offline(MemoryBlock block, PageRange leaving, EffectLog log, bool mayReturn = false)
    {
        if (block.SpansZones || block.Hole > 0)
            return Answer.Of(Errno.EINVAL);

        // Waits for pcp_batch_high_lock, and for as long as somebody else has disabled the lists.
        rules.Acquire(LockName.PcpBatchHigh);
        while (state.Pcplists.IsLocked)
        {
            rules.Release(LockName.PcpBatchHigh);
            if (!rules.AwaitChange(SchedulePoint.OfflineAfterDisable))
                return Answer.Unfinished;
            rules.Acquire(LockName.PcpBatchHigh);
        }

        var zone = state.Zones[block.Home];
        var body = state.BodyOf(block);
        var hosted = state.HostedOf(block);
        state.Touch(block);
        log.Add(EffectKind.BlockStateChanged, state.RangeOf(block), zone.Id, (long)BlockState.GoingOffline);
        if (hosted.Count > 0 && rules.Keeps(Fault.VmemmapUncountedLate))
            membership.ChangePresent(block, zone, hosted, -1, log);
        DisablePcplists(block.Home, zone, log);
        log.Add(EffectKind.LruDisabled);
        var answer = Empty(block, zone, body, leaving, log);
        if (answer.IsOk)
        {
            Commit(block, zone, body, hosted, log);
            if (!mayReturn)
                evacuation.Abandon(block);
            return answer;
        }

        if (rules.Keeps(Fault.LruLeftDisabled))
            log.Add(EffectKind.LruEnabled);
        if (rules.Keeps(Fault.PcplistsLeftDisabled))
            EnablePcplists(zone, log);
        if (hosted.Count > 0 && !rules.Keeps(Fault.FailedOfflineFreesVmemmap))
            FreeLastOfVmemmap(block);
        if (hosted.Count > 0 && rules.Keeps(Fault.VmemmapNotCountedBack))
            membership.ChangePresent(block, zone, hosted, +1, log);
        log.Add(EffectKind.BlockStateChanged, state.RangeOf(block), zone.Id, (long)BlockState.Online);
        return answer;
    }

    /// <summary>
    /// zone_pcp_disable(): high 0 and batch 1, then all lists are drained, also those that look empty. From here on
    /// whatever is freed reaches the buddy at once.
    /// </summary>
    public void DisablePcplists(int home, Zone zone, EffectLog log)
    {
        if (!rules.Keeps(RaceFault.DrainedBeforeDisabled))
            pcplists.ForceDrain(home);
        rules.At(SchedulePoint.OfflineAfterDisable);
        if (rules.Keeps(Fault.SingleDrain))
        {
            if (rules.Keeps(RaceFault.DrainedOnce) && rules.Keeps(RaceFault.DrainedEachPass))
                state.Pcplists.Disable(home);
            log.Add(EffectKind.PcpDisabled, default, zone.Id);
        }

        rules.At(SchedulePoint.OfflineAfterDisable);
        if (rules.Keeps(RaceFault.DrainedBeforeDisabled))
            pcplists.ForceDrain(home);
        log.Add(EffectKind.PcpDrained, default, zone.Id);
        if (!rules.Keeps(RaceFault.LimitsRestoredEarly))
            state.Pcplists.Enable();
        rules.At(SchedulePoint.OfflineAfterDrain);
    }

    /// <summary>zone_pcp_enable(): the values cached in the zone again.</summary>
    public void EnablePcplists(Zone zone, EffectLog log)
    {
        if (rules.Keeps(Fault.SingleDrain))
        {
            state.Pcplists.Enable();
            log.Add(EffectKind.PcpEnabled, default, zone.Id);
        }

        if (rules.Keeps(RaceFault.PcpLockKept))
            rules.Release(LockName.PcpBatchHigh);
    }

    /// <summary>start_isolate_page_range(): the type of the pageblocks is ISOLATE.</summary>
    public void Isolate(MemoryBlock block, PageRange body, EffectLog log)
    {
        buddy.Unlist(block);
        log.Add(EffectKind.Isolated, body, state.Zones[block.Home].Id);
    }

    /// <summary>undo_isolate_page_range(): the type of the pageblocks is MOVABLE.</summary>
    public void Unisolate(MemoryBlock block, PageRange body, EffectLog log)
    {
        if (rules.Keeps(Fault.FailedOfflineStaysIsolated))
            buddy.List(block);
        log.Add(EffectKind.Unisolated, body, state.Zones[block.Home].Id);
    }

    private Answer Empty(MemoryBlock block, Zone zone, PageRange body, PageRange leaving, EffectLog log)
    {
        // Whoever isolates a part of it first wins: the other one is refused.
        if (block.Isolations.Count > 0 && rules.Keeps(RaceFault.IsolationNotRefused))
            return Answer.Of(Errno.EBUSY);

        // start_isolate_page_range(): a page that never moves is refused before anybody is told.
        var culprit = evacuation.FindReserved(block);
        if (culprit < 0 && zone.Id.IsKernel && rules.Keeps(Fault.UnmovablePagesIgnored))
            culprit = evacuation.FindUnmovable(block, block.Vmemmap, state.Layout.PagesPerBlock, log);
        if (culprit >= 0)
        {
            log.Witness(WitnessRole.Culprit, new PageRange(state.PageOf(block, culprit), 1));
            if (!rules.Keeps(Fault.CancelWithoutGoing))
                chain.Notify(MemoryNotification.CancelOffline, block, body, log);
            return Answer.Of(Errno.EBUSY);
        }

        if (!rules.Keeps(RaceFault.NotifiedBeforeIsolation) || !rules.Keeps(Fault.GoingOfflineBeforeIsolation))
            return EmptyNotIsolated(block, zone, body, leaving, log);
        if (!rules.Keeps(RaceFault.IsolatedAfterLook))
            rules.At(SchedulePoint.OfflineAfterDrain, body.Start);
        Isolate(block, body, log);
        rules.At(SchedulePoint.OfflineAfterIsolation, body.Start);
        var errno = chain.Notify(MemoryNotification.GoingOffline, block, body, log);
        if (errno == Errno.None && !rules.Overlaps)
            loaning.WakeWhileRemoving(log);
        rules.At(SchedulePoint.OfflineAfterGoingOffline, body.Start);
        var answer = errno == Errno.None ? EmptyByPasses(block, leaving, log) : Answer.Of(errno);
        if (answer.IsOk)
        {
            UnisolateEarly(block, body);
            return answer;
        }

        if (!rules.Keeps(Fault.CancelBeforeUnisolation))
            chain.Notify(MemoryNotification.CancelOffline, block, body, log);
        // undo_isolate_page_range() comes before CANCEL_OFFLINE: drivers cannot get back what they gave away.
        Unisolate(block, body, log);
        rules.At(SchedulePoint.OfflineAfterUnisolation, body.Start);
        if (!rules.Keeps(Fault.ManagedDriftsAfterVeto))
            zone.Managed -= body.Count;
        if (rules.Keeps(Fault.CancelOfflineNotSent) && rules.Keeps(Fault.CancelBeforeUnisolation))
            chain.Notify(MemoryNotification.CancelOffline, block, body, log);
        return answer;
    }

    // The seeded fault: everybody has agreed before the pageblocks are isolated, so that what drivers gave back may be
    // taken again.
    private Answer EmptyNotIsolated(MemoryBlock block, Zone zone, PageRange body, PageRange leaving, EffectLog log)
    {
        var errno = chain.Notify(MemoryNotification.GoingOffline, block, body, log);
        rules.At(SchedulePoint.OfflineAfterGoingOffline, body.Start);
        var answer = Answer.Of(errno);
        Isolate(block, body, log);
        if (errno == Errno.None && zone.Id.IsKernel
            && evacuation.FindUnmovable(block, block.Vmemmap, state.Layout.PagesPerBlock, log) >= 0)
            answer = Answer.Of(Errno.EBUSY);
        if (answer.IsOk)
            answer = EmptyByPasses(block, leaving, log);
        if (answer.IsOk)
            return answer;
        Unisolate(block, body, log);
        chain.Notify(MemoryNotification.CancelOffline, block, body, log);
        return answer;
    }

    // Scans and migrates until the test finds nothing left: as long as somebody else may still do something about it.
    private Answer EmptyByPasses(MemoryBlock block, PageRange leaving, EffectLog log)
    {
        var isLast = !rules.Overlaps;
        while (true)
        {
            var answer = evacuation.EmptyBlock(block, leaving, log, out var left);
            if (answer != Answer.Unfinished)
                return answer;
            if (DrainAgain(block, left) || rules.AwaitChange(SchedulePoint.OfflineAfterFailedTest, left))
                continue;

            // Nobody else is left: once more, for what was done since this pass looked.
            if (isLast)
                return answer;
            isLast = true;
        }
    }

    // The seeded fault is what was done before lists were disabled: whatever landed on one since is drained as well.
    private bool DrainAgain(MemoryBlock block, long left)
    {
        if (block.OnPcplists.Count == 0 || rules.Keeps(RaceFault.DrainedEachPass))
            return false;
        rules.At(SchedulePoint.OfflineAfterFailedTest, left);
        pcplists.ForceDrain(block.Home);
        return true;
    }

    // The seeded fault: between the test and the end anybody may allocate from the block.
    private void UnisolateEarly(MemoryBlock block, PageRange body)
    {
        if (rules.Keeps(RaceFault.UnisolatedBeforeCommit))
            return;
        buddy.List(block);
        rules.At(SchedulePoint.OfflineAfterCommit, body.Start);
        buddy.Unlist(block);
    }

    // The seeded fault: the range that is put back begins a pageblock early.
    private void FreeLastOfVmemmap(MemoryBlock block)
    {
        var count = Math.Min(block.Vmemmap, state.Spec.PagesPerPageblock);
        block.Vmemmap -= count;
        state.Fill(block, block.Vmemmap, count, PageUse.Free);
        buddy.Free(block, block.Vmemmap, count);
        state.Touch(block);
    }

    // From here nothing can fail.
    private void Commit(MemoryBlock block, Zone zone, PageRange body, PageRange hosted, EffectLog log)
    {
        zone.RemoveMember(block.Number);
        log.Add(EffectKind.SectionsOffline, state.RangeOf(block), zone.Id);
        if (!rules.Keeps(Fault.CancelledAfterCommit))
            chain.Notify(MemoryNotification.CancelOffline, block, body, log);
        log.Add(EffectKind.LruEnabled);
        EnablePcplists(zone, log);
        if (!rules.Keeps(Fault.OfflineToldEarly))
            chain.Notify(MemoryNotification.Offline, block, body, log);
        log.Managed(zone, -ManagedOf(block));
        if (rules.Keeps(Fault.PresentKeptOnOffline))
            membership.ChangePresent(block, zone, body, -1, log);
        if (!zone.IsPopulated)
            log.Add(EffectKind.ZonelistsRebuilt, default, zone.Id);
        if (rules.Keeps(Fault.OfflineToldEarly) && rules.Keeps(Fault.OfflineNotTold))
            chain.Notify(MemoryNotification.Offline, block, body, log);
        membership.Leave(zone, body, log);
        if (block.Vmemmap > 0)
        {
            if (!rules.Keeps(Fault.VmemmapFreedAtOffline))
                log.Add(EffectKind.VmemmapFreed, state.RangeOf(block));
            if (rules.Keeps(Fault.VmemmapStaysInitialised))
                log.Add(EffectKind.VmemmapDeinitialised, new PageRange(state.PageOf(block, 0), block.Vmemmap), zone.Id);
            if (hosted.Count > 0)
                membership.Leave(zone, hosted, log);
            if (hosted.Count > 0 && !rules.Keeps(Fault.VmemmapUncountedLate))
                membership.ChangePresent(block, zone, hosted, -1, log);
        }

        if (state.Spec.Dialect.Has(DialectItem.PrepareFinishEvents) && rules.Keeps(Fault.FinishOfflineNotSent))
            chain.Notify(MemoryNotification.FinishOffline, block, state.RangeOf(block), log);
        buddy.Clear(block);
        block.ReferencesDropped &= !rules.Keeps(Fault.ReonlineKeepsReferencesDropped);
        if (!rules.Keeps(Fault.PoisonForgottenByOffline))
            block.Poisoned.Clear();
        block.Home = -1;
        block.Zone = ZoneKind.None;
        state.Blocks.SetState(block, BlockState.Offline);
        log.Add(EffectKind.BlockStateChanged, state.RangeOf(block), zone.Id, (long)BlockState.Offline);
    }

    // 6.1 subtracts all, for which its driver raised managed by the unplugged pages in GOING_OFFLINE; 6.12 subtracts
    // what is not PageOffline.
    private long ManagedOf(MemoryBlock block)
    {
        var body = state.Layout.PagesPerBlock - block.Vmemmap;
        if (block.Memory == 0
            || (block.ReferencesDropped && state.Spec.Dialect.Has(DialectItem.OfflineSubtractsAllPages)))
            return body;
        if (!rules.Keeps(Fault.OfflineSubtractsUnplugged))
            return body;
        var poisoned = rules.Keeps(Fault.PoisonedUnpluggedSubtracted) ? 0 : PoisonedUnplugged(block);
        return body + poisoned - DeviceMemoryNotifier<TRules>.UnpluggedPages(block, state.Memories[block.Memory - 1]);
    }

    // The seeded fault: a poisoned PageOffline page is taken for one that the buddy had.
    private int PoisonedUnplugged(MemoryBlock block)
    {
        var count = 0;
        foreach (var offset in block.Poisoned)
            if (state.UseAt(block, offset) is PageUse.NeverOnlined or PageUse.Unplugged)
                count++;
        return count;
    }
}
