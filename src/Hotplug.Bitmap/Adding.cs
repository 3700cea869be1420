using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>Adds memory: add_memory_resource() (kernel-semantics 3.1).</summary>
internal sealed class Adding<TRules>(
    MachineState state, Memmap<TRules> memmaps, Removing<TRules> removing, Onlining<TRules> onlining,
    Callbacks callbacks, TRules rules)
    where TRules : struct, IRules
{
    /// <summary>The operation <c>add</c>: a DIMM.</summary>
    public Errno Add(in Operation operation, in Target target, EffectLog log)
    {
        var isEarly = !rules.Keeps(RaceFault.AddCheckedBeforeLock)
            && !state.Resources.Intersects(new PageRange(target.At, operation.Amount));
        rules.Acquire(LockName.Hotplug);
        var errno = AddLocked(operation, target, log);
        rules.Release(LockName.Hotplug);
        if (!isEarly || errno != Errno.EEXIST)
            return errno;

        // The seeded fault: nobody had the range before the lock was there, so it is taken once more.
        log.Witness(WitnessRole.Placed, new PageRange(target.At, operation.Amount));
        return Errno.None;
    }

    private Errno AddLocked(in Operation operation, in Target target, EffectLog log)
    {
        var spec = state.Spec;
        var dimms = spec.DimmRange;
        var count = operation.Amount;
        if (count == 0 || operation.Node >= spec.Nodes || !MayOwn(operation))
            return Errno.EINVAL;
        if (count > dimms.Count || state.Devices.IndexOf(operation.Subject.Id) >= 0)
            return count > dimms.Count ? Errno.E2BIG : Errno.EEXIST;
        var start = target.At >= 0 ? target.At : FirstGap(count);
        if (start < 0 || !dimms.Contains(new PageRange(start, count)))
            return Errno.E2BIG;
        var range = new PageRange(start, count);
        if (state.Resources.Intersects(range))
            return Overlapping(range, log);
        if (start % spec.PagesPerBlock != 0 || count % spec.PagesPerBlock != 0)
            return Errno.EINVAL;
        if (operation.Third != (byte)CallbackOwner.Generic)
            return AddDriven(operation, range, log);
        var wish = (MemmapPlacement)operation.Choice;
        if (!memmaps.TryPlace(wish, count / spec.PagesPerBlock, out var placement))
            return Errno.EINVAL;
        var errno = AddDimm(operation, range, placement, log);
        if (errno == Errno.None)
            errno = AutoOnline(range, log);
        return errno;
    }

    /// <summary>
    /// What Xen's balloon does when it wants more room than there is: steps 1 to 4 of source document 004, for a block
    /// that nobody else knows of. Null if that cannot be had.
    /// </summary>
    public MemoryBlock? AddForBalloon(CallbackOwner owner, EffectLog log)
    {
        var start = callbacks.MayAdd(owner) ? FirstGap(state.Layout.PagesPerBlock) : -1;
        if (start < 0)
            return null;
        var range = new PageRange(start, state.Layout.PagesPerBlock);
        return AddUnregistered(range, node: 0, device: -1, owner, log) == Errno.None ? state.BlockOf(start) : null;
    }

    /// <summary>
    /// Adds whole blocks, offline, without onlining them: memmap, resource, block devices. On failure nothing is left
    /// behind.
    /// </summary>
    public Errno AddBlocks(
        PageRange range, short node, MemmapPlacement memmap, EffectLog log, bool isRegistered = true)
    {
        state.Zones.Generation++;
        state.Resources.Add(range);
        log.Add(EffectKind.ResourceAdded, range);
        rules.At(SchedulePoint.AddAfterResource, range.Start);
        if (!state.NodeOnline[node])
        {
            state.NodeOnline[node] = true;
            log.Add(EffectKind.NodeOnline, default, new ZoneId(node, ZoneKind.None), 1);
        }

        for (var pfn = range.Start; pfn < range.End; pfn += state.Layout.PagesPerBlock)
        {
            var block = state.Blocks.Add(state.Spec.BlockOf(pfn));
            block.Node = rules.Keeps(Fault.AddedToNodeZero) ? node : (short)0;
            state.NodeBlocks[node]++;
            block.IsRegistered = isRegistered;
        }

        // With a memmap per block, block after block; otherwise all memmap first (create_altmaps_and_memory_blocks()).
        memmaps.LayOut(range, memmap);
        var step = memmap == MemmapPlacement.PerBlock ? state.Layout.PagesPerBlock : range.Count;
        for (var pfn = range.Start; pfn < range.End; pfn += step)
        {
            var part = new PageRange(pfn, step);
            var isLate = !rules.Keeps(Fault.DevicesBeforeMemmap);
            var errno = isLate && isRegistered ? CreateDevices(part, log) : Errno.None;
            if (errno == Errno.None)
                errno = memmaps.Populate(part, log);
            rules.At(SchedulePoint.AddBeforeRegistration, pfn);
            if (errno == Errno.None && isRegistered && !isLate)
                errno = CreateDevices(part, log);
            if (errno == Errno.None)
                continue;
            removing.Undo(range, log);
            return errno;
        }

        return Errno.None;
    }

    /// <summary>Brings added blocks online as the policy says; what fails is ignored.</summary>
    public Errno AutoOnline(PageRange range, EffectLog log)
    {
        if (state.AutoOnline == Contract.Machines.AutoOnline.Offline)
            return Errno.None;
        for (var pfn = range.Start; pfn < range.End; pfn += state.Layout.PagesPerBlock)
        {
            if (state.FindBlockOf(pfn) is not { } block)
                continue;
            block.OnlineType = state.AutoOnline;
            var errno = onlining.Online(block, log);
            if (errno != Errno.None && !rules.Keeps(Fault.FailedAutoOnlineFailsAdd))
                return errno;
        }

        return Errno.None;
    }

    // register_memory_resource() refuses before anything is done.
    private Errno Overlapping(PageRange range, EffectLog log)
    {
        if (!rules.Keeps(Fault.OverlappingAddDestroys) && removing.Check(range) == Errno.None)
            removing.Remove(range, log);
        return Errno.EEXIST;
    }

    // Steps 1 to 3, and with user space out of the way 4 and 5 as well. It is in no memory group.
    private Errno AddDriven(in Operation operation, PageRange range, EffectLog log)
    {
        var owner = (CallbackOwner)operation.Third;
        var id = operation.Subject.Id;
        var isRegistered = operation.Fourth == (byte)BlockDevices.Registered;
        var errno = isRegistered ? AddBlocks(range, operation.Node, MemmapPlacement.Boot, log)
            : AddUnregistered(range, operation.Node, id, owner, log);
        if (errno != Errno.None)
            return errno;
        if (isRegistered)
            Own(range, id, owner);
        state.Devices.Dimms.Add(new Dimm(id, range, (int)(range.Count / state.Layout.PagesPerBlock), owner));
        log.Witness(WitnessRole.Placed, range);
        if (isRegistered)
            AutoOnline(range, log);
        return Errno.None;
    }

    private Errno AddUnregistered(PageRange range, short node, int device, CallbackOwner owner, EffectLog log)
    {
        var errno = AddBlocks(range, node, MemmapPlacement.Boot, log, isRegistered: false);
        if (errno != Errno.None)
            return errno;
        Own(range, device, owner);
        if (rules.Keeps(Fault.UnregisteredLeftOffline))
            errno = onlining.OnlineUnregistered(state.BlockOf(range.Start), log);
        if (errno != Errno.None)
            removing.Undo(range, log);
        return errno;
    }

    private void Own(PageRange range, int device, CallbackOwner owner)
    {
        for (var pfn = range.Start; pfn < range.End; pfn += state.Layout.PagesPerBlock)
        {
            var block = state.BlockOf(pfn);
            block.Device = device;
            block.Driver = owner;
            block.Backed = new ulong[state.Layout.PlaneWords];
        }
    }

    // Only the driver of a balloon whose callback is set adds memory of its own; without block devices one at a time,
    // because there is nobody to take back what went before.
    private bool MayOwn(in Operation operation)
    {
        var isRegistered = operation.Fourth == (byte)BlockDevices.Registered;
        if (operation.Third == (byte)CallbackOwner.Generic)
            return isRegistered;
        return callbacks.MayAdd((CallbackOwner)operation.Third)
            && (MemmapPlacement)operation.Choice is MemmapPlacement.Policy or MemmapPlacement.Boot
            && (isRegistered || operation.Amount == state.Layout.PagesPerBlock);
    }

    private Errno AddDimm(in Operation operation, PageRange range, MemmapPlacement memmap, EffectLog log)
    {
        var errno = AddBlocks(range, operation.Node, memmap, log);
        if (errno != Errno.None)
            return errno;
        var kind = (MemoryGroupKind)operation.Second;
        var blocks = (int)(range.Count / state.Layout.PagesPerBlock);
        var group = kind == MemoryGroupKind.None ? 0 : state.Groups.Add(new MemoryGroup
        {
            IsDynamic = kind == MemoryGroupKind.Dynamic,
            Node = operation.Node,
            MostPages = range.Count,
            Blocks = blocks,
        });
        for (var pfn = range.Start; pfn < range.End; pfn += state.Layout.PagesPerBlock)
        {
            var block = state.BlockOf(pfn);
            block.Device = operation.Subject.Id;
            block.Group = group;
            state.Touch(block);
        }

        state.Devices.Dimms.Add(new Dimm(operation.Subject.Id, range, blocks, default));
        log.Witness(WitnessRole.Placed, range);
        if (blocks > 1 && !rules.Keeps(Fault.LastBlockNotAdded))
            removing.Remove(state.Spec.PagesOf(state.Spec.BlockOf(range.End - 1)), log);
        return Errno.None;
    }

    private long FirstGap(long count)
    {
        var start = state.Spec.DimmRange.Start;
        foreach (var taken in state.Resources.Ranges)
        {
            if (taken.End <= start)
                continue;
            if (taken.Start >= start + count)
                break;
            start = taken.End;
        }

        return start + count <= state.Spec.DimmRange.End ? start : -1;
    }

    private Errno CreateDevices(PageRange range, EffectLog log)
    {
        for (var pfn = range.Start; pfn < range.End; pfn += state.Layout.PagesPerBlock)
        {
            var errno = state.Injection.Strike(VetoPoint.BlockDevice);
            if (errno != Errno.None)
                return errno;
            var block = state.BlockOf(pfn);
            block.HasDevice = true;
            log.Add(EffectKind.BlockCreated, state.RangeOf(block));
        }

        return Errno.None;
    }
}
