using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>
/// What the driver of a device memory does when one of its blocks goes offline: it drops its references of the
/// unplugged pages at GOING_OFFLINE and takes them back at CANCEL_OFFLINE (virtio_mem_memory_notifier_cb()).
/// </summary>
internal sealed class DeviceMemoryNotifier<TRules>(MachineState state, PageAllocator<TRules> pages, TRules rules)
    where TRules : struct, IRules
{
    public void Act(MemoryNotification notification, MemoryBlock block, int memory, EffectLog log)
    {
        if (block.Memory != memory)
            return;
        var device = state.Memories[memory - 1];
        switch (notification)
        {
            case MemoryNotification.GoingOnline:
                rules.Acquire(LockName.DeviceMemory, memory);
                device.HotplugActive = true;
                break;
            case MemoryNotification.GoingOffline:
                rules.Acquire(LockName.DeviceMemory, memory);
                device.HotplugActive = true;
                if (rules.Keeps(Fault.GoingKeepsReferences))
                    Drop(block, device, log);
                if (!rules.Keeps(RaceFault.DriverLockReleasedEarly))
                    rules.Release(LockName.DeviceMemory, memory);
                break;
            case MemoryNotification.CancelOffline when !device.HotplugActive:
                if (!rules.Keeps(Fault.CancelTakesUnasked))
                    TakeOnceMore(block, device);
                break;
            case MemoryNotification.CancelOffline:
                device.HotplugActive = false;
                if (rules.Keeps(Fault.CancelForgetsReference))
                    TakeBack(block, device, log);
                if (rules.Keeps(RaceFault.DriverLockReleasedEarly) && rules.Keeps(RaceFault.DriverLockKeptOnCancel))
                    rules.Release(LockName.DeviceMemory, memory);
                break;
            case MemoryNotification.Offline when !rules.Keeps(RaceFault.DriverLockReleasedEarly):
                device.HotplugActive = false;
                break;
            case MemoryNotification.Online or MemoryNotification.Offline or MemoryNotification.CancelOnline:
                if (device.HotplugActive)
                    rules.Release(LockName.DeviceMemory, memory);
                device.HotplugActive = false;
                break;
        }
    }

    /// <summary>PageOffline pages of the device memory in the block.</summary>
    public static int UnpluggedPages(MemoryBlock block, DeviceMemory device) =>
        (device.SubBlocksPerBlock - device.PluggedIn(block)) * device.Spec.SubBlockPages;

    private void Drop(MemoryBlock block, DeviceMemory device, EffectLog log)
    {
        if (!rules.Keeps(Fault.OfflineClearedAtGoingOffline))
        {
            FreeUnplugged(block, device);
            return;
        }

        block.ReferencesDropped = true;
        LogRuns(EffectKind.ReferencesDropped, block, device, log);
        RaiseManaged(block, device, +1, log);
    }

    private void TakeBack(MemoryBlock block, DeviceMemory device, EffectLog log)
    {
        if (!block.ReferencesDropped)
            return;
        block.ReferencesDropped = false;
        LogRuns(EffectKind.ReferencesTaken, block, device, log);
        if (!rules.Keeps(Fault.CancelTakesTwice))
            TakeOnceMore(block, device);
        if (!rules.Keeps(Fault.CancelFreesUnplugged))
            FreeUnplugged(block, device);
        if (rules.Keeps(Fault.ManagedNotLoweredByCancel))
            RaiseManaged(block, device, -1, log);
    }

    private void RaiseManaged(MemoryBlock block, DeviceMemory device, int sign, EffectLog log)
    {
        var unplugged = UnpluggedPages(block, device);
        if (unplugged > 0 && state.Spec.Dialect.Has(DialectItem.ManagedRaisedInGoingOffline))
            log.Managed(state.Zones[block.Home], sign * (long)unplugged);
    }

    private void LogRuns(EffectKind kind, MemoryBlock block, DeviceMemory device, EffectLog log)
    {
        // Source document 003: there is none to drop, they are skipped as they are.
        if (state.HasOfflineUnreferenced)
            return;
        var first = device.FirstOf(block);
        var end = first + device.SubBlocksPerBlock;
        var size = device.Spec.SubBlockPages;
        for (var sub = first; sub < end;)
        {
            var runEnd = device.RunEnd(sub, end);
            var range = new PageRange(state.PageOf(block, (sub - first) * size), (long)(runEnd - sub) * size);
            if (!device.IsPlugged(sub))
                log.Add(kind, range, state.Zones[block.Home].Id);
            sub = runEnd;
        }
    }

    // The seeded faults: references that nobody dropped are taken back.
    private void TakeOnceMore(MemoryBlock block, DeviceMemory device)
    {
        var first = device.FirstOf(block);
        for (var i = 0; i < state.Layout.PagesPerBlock; i++)
            if (!device.IsPlugged(first + (i / device.Spec.SubBlockPages)))
                state.References.Add(block, state.PageOf(block, i), +1);
        state.Touch(block);
    }

    // The seeded fault: what SEED-OFFLINE warns of. The pages are isolated still, but no longer marked.
    private void FreeUnplugged(MemoryBlock block, DeviceMemory device)
    {
        var first = device.FirstOf(block);
        for (var sub = 0; sub < device.SubBlocksPerBlock; sub++)
        {
            if (device.IsPlugged(first + sub))
                continue;
            var offset = sub * device.Spec.SubBlockPages;
            for (var i = offset; i < offset + device.Spec.SubBlockPages; i++)
                pages.GiveBack(block, i);
            state.Zones[block.Home].Managed += device.Spec.SubBlockPages;
        }

        state.Touch(block);
    }
}
