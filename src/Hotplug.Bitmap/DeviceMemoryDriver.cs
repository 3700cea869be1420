using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>
/// The driver of device memories in sub-block mode: virtio_mem_run_wq() (kernel-semantics 3.13). Plugging fills partial
/// blocks before it adds new ones; unplugging starts where it hurts least.
/// </summary>
internal sealed class DeviceMemoryDriver<TRules>(
    MachineState state, SubBlocks<TRules> subBlocks, Adding<TRules> adding, Ejecting<TRules> ejecting, TRules rules)
    where TRules : struct, IRules
{
    // VIRTIO_MEM_DEFAULT_OFFLINE_THRESHOLD
    private const long OfflineThresholdBytes = 1L << 30;

    /// <summary>Brings a device memory to <paramref name="requested"/> sub-blocks, or as near as it gets.</summary>
    public Errno Resize(DeviceMemory device, long requested, EffectLog log)
    {
        if (requested > device.SubBlocks)
            return Errno.EINVAL;
        if (device.Plugged <= device.Requested || rules.Keeps(Fault.RequestNotNoticed))
            device.Requested = requested;
        var missing = requested - device.Plugged;
        var errno = missing >= 0 ? Plug(device, missing, log) : Unplug(device, -missing, log);
        if (!rules.Keeps(RaceFault.DriverHoldsLockIntoRemoval))
            rules.Acquire(LockName.DeviceMemory, device.Id);
        RemoveEmpty(device, log);
        if (!rules.Keeps(RaceFault.DriverHoldsLockIntoRemoval))
            rules.Release(LockName.DeviceMemory, device.Id);
        return errno;
    }

    private Errno Plug(DeviceMemory device, long missing, EffectLog log)
    {
        rules.Acquire(LockName.DeviceMemory, device.Id);
        missing = PlugPartial(device, ZoneKind.Normal, missing, log);
        missing = PlugPartial(device, ZoneKind.Movable, missing, log);
        missing = PlugPartial(device, ZoneKind.None, missing, log);
        rules.Release(LockName.DeviceMemory, device.Id);
        for (var number = device.Spec.FirstBlock; missing > 0 && number < AfterLast(device); number++)
        {
            if (state.Blocks.Find(number) is not null)
                continue;
            if (OfflinePages(device) + state.Layout.PagesPerBlock > OfflineThreshold)
                return Errno.ENOSPC;
            var count = (int)Math.Min(missing, device.SubBlocksPerBlock);
            var errno = AddBlock(device, number, count, log);
            if (errno != Errno.None)
                return errno;
            missing -= count;
        }

        return Errno.None;
    }

    // Blocks of this zone (none: offline ones) that have unplugged sub-blocks, lowest first.
    private long PlugPartial(DeviceMemory device, ZoneKind zone, long missing, EffectLog log)
    {
        for (var number = device.Spec.FirstBlock; missing > 0 && number < AfterLast(device); number++)
        {
            if (state.Blocks.Find(number) is not { } block || block.Zone != zone)
                continue;
            var first = device.FirstOf(block);
            var end = first + device.SubBlocksPerBlock;
            for (var sub = first; sub < end && missing > 0;)
            {
                var runEnd = device.RunEnd(sub, end);
                if (!device.IsPlugged(sub))
                {
                    var count = (int)Math.Min(missing, runEnd - sub);
                    subBlocks.Plug(device, block, sub, count, log);
                    missing -= count;
                }

                sub = runEnd;
            }
        }

        return missing;
    }

    // virtio_mem_sbm_plug_and_add_mb(): a block that cannot be added is unplugged again.
    private Errno AddBlock(DeviceMemory device, int number, int count, EffectLog log)
    {
        rules.Acquire(LockName.Hotplug);
        var errno = AddBlockLocked(device, number, count, log);
        rules.Release(LockName.Hotplug);
        return errno;
    }

    private Errno AddBlockLocked(DeviceMemory device, int number, int count, EffectLog log)
    {
        var range = state.Spec.PagesOf(number);

        // register_memory_resource(): nobody but another request of the same driver can have it.
        if (state.Resources.Intersects(range))
            return Errno.EEXIST;
        var placement = rules.Keeps(Fault.DeviceMemorySelfHosts) || !state.Spec.CanSelfHost(state.MemmapOnMemory)
            ? MemmapPlacement.Boot
            : MemmapPlacement.PerBlock;
        var errno = adding.AddBlocks(range, device.Spec.Node, placement, log);
        if (errno != Errno.None)
        {
            if (!rules.Keeps(Fault.PluggedThoughRefused))
                device.Plug((number - device.Spec.FirstBlock) * device.SubBlocksPerBlock, count);
            return errno;
        }

        var block = state.Blocks[number];
        if (device.Group == 0)
            device.Group = state.Groups.Add(new MemoryGroup { IsDynamic = true, Node = device.Spec.Node });
        state.Groups[device.Group].Blocks++;
        block.Device = -1;
        block.Memory = device.Id;
        block.Group = device.Group;
        subBlocks.Plug(device, block, device.FirstOf(block), count, log);
        adding.AutoOnline(range, log);
        return Errno.None;
    }

    private Errno Unplug(DeviceMemory device, long excess, EffectLog log)
    {
        rules.Acquire(LockName.DeviceMemory, device.Id);
        excess = UnplugBlocks(device, ZoneKind.None, isPartial: true, excess, log);
        excess = UnplugBlocks(device, ZoneKind.None, isPartial: false, excess, log);
        excess = UnplugBlocks(device, ZoneKind.Movable, isPartial: true, excess, log);
        excess = UnplugBlocks(device, ZoneKind.Normal, isPartial: true, excess, log);
        excess = UnplugBlocks(device, ZoneKind.Movable, isPartial: false, excess, log);
        excess = UnplugBlocks(device, ZoneKind.Normal, isPartial: false, excess, log);
        rules.Release(LockName.DeviceMemory, device.Id);
        return excess > 0 && rules.Keeps(Fault.ShortUnplugClaimsSuccess) ? Errno.EBUSY : Errno.None;
    }

    // Blocks of this zone (none: offline ones), highest first.
    private long UnplugBlocks(DeviceMemory device, ZoneKind zone, bool isPartial, long excess, EffectLog log)
    {
        for (var number = AfterLast(device) - 1; excess > 0 && number >= device.Spec.FirstBlock; number--)
        {
            if (state.Blocks.Find(number) is not { } block || block.Zone != zone)
                continue;
            var plugged = device.PluggedIn(block);
            if (plugged == 0 || plugged < device.SubBlocksPerBlock != isPartial)
                continue;
            excess -= subBlocks.UnplugFrom(device, block, (int)Math.Min(excess, plugged), log);
        }

        return excess;
    }

    // virtio_mem_cleanup_pending_mb(): blocks that were emptied now, or earlier and could not be removed then. What
    // fails is tried again with the next request.
    private void RemoveEmpty(DeviceMemory device, EffectLog log)
    {
        for (var number = device.Spec.FirstBlock; number < AfterLast(device); number++)
        {
            if (state.Blocks.Find(number) is not { } block || device.PluggedIn(block) > 0
                || !rules.Keeps(Fault.EmptyBlockNeverRemoved))
                continue;
            rules.Acquire(LockName.Hotplug);
            ejecting.OfflineAndRemove(state.RangeOf(block), log);
            rules.Release(LockName.Hotplug);
        }
    }

    private static int AfterLast(DeviceMemory device) => device.Spec.FirstBlock + device.Spec.Blocks;

    private long OfflineThreshold =>
        Math.Max(OfflineThresholdBytes / state.Spec.PageBytes, 2L * state.Layout.PagesPerBlock);

    private long OfflinePages(DeviceMemory device)
    {
        long offline = 0;
        for (var number = device.Spec.FirstBlock; number < AfterLast(device); number++)
            if (state.Blocks.Find(number) is { IsOnline: false })
                offline += state.Layout.PagesPerBlock;
        return offline;
    }
}
