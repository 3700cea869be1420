using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>
/// What user space writes to a block's attributes, and the removal of devices (kernel-semantics 3.6 to 3.8).
/// </summary>
internal sealed class BlockOperations<TRules>(
    MachineState state, Onlining<TRules> onlining, Offlining<TRules> offlining, Removing<TRules> removing,
    Ejecting<TRules> ejecting, TRules rules)
    where TRules : struct, IRules
{
    /// <summary>state_store(): the type stays behind when the block is online already.</summary>
    public Errno Online(OperationKind kind, in Target target, EffectLog log)
    {
        var wasOffline = Find(target) is { IsOnline: false };
        rules.Acquire(LockName.Hotplug);
        var errno = wasOffline && IsStale(target, online: true) ? Errno.None : OnlineLocked(kind, target, log);
        Unlock(errno == Errno.None);
        return errno;
    }

    private Errno OnlineLocked(OperationKind kind, in Target target, EffectLog log)
    {
        if (Find(target) is not { } block)
            return Errno.ENOENT;
        block.OnlineType = kind switch
        {
            OperationKind.OnlineKernel => AutoOnline.OnlineKernel,
            OperationKind.OnlineMovable => AutoOnline.OnlineMovable,
            _ => AutoOnline.Online,
        };
        if (block.IsOnline)
            return rules.Keeps(Fault.OnlineTwiceAccepted) ? Errno.EINVAL : Errno.None;
        return onlining.Online(block, log);
    }

    /// <summary>What may leave unfinished: offline, a write to <c>online</c>, and the two that also remove.</summary>
    public Answer Offline(in Operation operation, in Target target, EffectLog log)
    {
        var wasOnline = Find(target) is { IsOnline: true };
        var isInverted = operation.Kind == OperationKind.Offline && !rules.Keeps(RaceFault.LocksInverted);
        if (isInverted)
            rules.Acquire(LockName.PcpBatchHigh);
        rules.Acquire(LockName.Hotplug);
        if (isInverted)
            rules.Release(LockName.PcpBatchHigh);
        var answer = wasOnline && operation.Kind == OperationKind.Offline && IsStale(target, online: false)
            ? Answer.Ok
            : OfflineLocked(operation, target, log);
        Unlock(answer.IsOk);
        return answer;
    }

    // The seeded fault: who found the block in the other state before he had the lock does not look again.
    private bool IsStale(in Target target, bool online) =>
        !rules.Keeps(online ? RaceFault.OnlineCheckedBeforeLock : RaceFault.OfflineCheckedBeforeLock)
        && Find(target)?.IsOnline == online;

    private void Unlock(bool isOk)
    {
        if (isOk || rules.Keeps(RaceFault.HotplugLockKeptOnRefusal))
            rules.Release(LockName.Hotplug);
    }

    private Answer OfflineLocked(in Operation operation, in Target target, EffectLog log) => operation.Kind switch
    {
        OperationKind.Offline => Find(target) is not { } block ? Answer.Of(Errno.ENOENT)
            : block.IsOnline ? offlining.Offline(block, default, log) : Answer.Of(Errno.EINVAL),
        OperationKind.WriteOnline => WriteOnline(operation.Amount == 1, target, log),
        OperationKind.OfflineRemove => OfflineRemove(operation, target, log),
        _ => Eject(operation.Subject.Id, target, log),
    };

    public Errno WriteState(StateText text, in Target target) =>
        Find(target) is null ? Errno.ENOENT : text == StateText.Empty || !rules.Keeps(Fault.NonsenseAccepted)
            ? Errno.None
            : Errno.EINVAL;

    public Errno Remove(in Operation operation, in Target target, EffectLog log)
    {
        var range = RangeOf(operation, target);
        if (!IsHotAdded(range))
            return Errno.EINVAL;
        var wasFound = !rules.Keeps(RaceFault.RemoveCheckedBeforeLock) && removing.Check(range) == Errno.None;
        rules.Acquire(LockName.Hotplug);
        var errno = removing.Remove(range, log, isChecked: wasFound);
        rules.Release(LockName.Hotplug);
        return errno;
    }

    private Answer WriteOnline(bool online, in Target target, EffectLog log)
    {
        if (Find(target) is not { } block)
            return Answer.Of(Errno.ENOENT);
        if (block.IsOnline == online)
            return rules.Keeps(Fault.OnlineAttributeRefused) ? Answer.Ok : Answer.Of(Errno.EINVAL);
        return online ? Answer.Of(onlining.Online(block, log)) : offlining.Offline(block, default, log);
    }

    private Answer OfflineRemove(in Operation operation, in Target target, EffectLog log)
    {
        var range = RangeOf(operation, target);
        if (!IsHotAdded(range))
            return Answer.Of(Errno.EINVAL);
        return IsDriven(range) ? Answer.Of(Errno.EBUSY) : ejecting.OfflineAndRemove(range, log);
    }

    // acpi_scan_hot_remove(): whatever the reason, a refusal is EBUSY.
    private Answer Eject(int id, in Target target, EffectLog log)
    {
        if (id == 0)
            return Answer.Of(Errno.EINVAL);
        if (state.Devices.IndexOf(id) < 0)
            return Answer.Of(Errno.ENOENT);
        if (IsDriven(target.Range))
            return Answer.Of(Errno.EBUSY);
        var answer = ejecting.OfflineAndRemove(target.Range, log);
        return answer.IsErrno && rules.Keeps(Fault.EjectionToldAsIs) ? Answer.Of(Errno.EBUSY) : answer;
    }

    private PageRange RangeOf(in Operation operation, in Target target) => operation.Amount == 0
        ? target.Range
        : new PageRange(target.Range.Start, operation.Amount * state.Layout.PagesPerBlock);

    // Boot memory and what a driver added are not the firmware's to remove.
    private bool IsHotAdded(PageRange range) => range.Count > 0 && state.Spec.DimmRange.Contains(range);

    // A balloon driver adds memory and never takes it away: nobody may offline it on the driver's behalf.
    private bool IsDriven(PageRange range)
    {
        foreach (var number in state.Blocks.In(range))
            if (state.Blocks[number].Driver != CallbackOwner.Generic)
                return true;
        return false;
    }

    // What is not registered has no attributes to write to.
    private MemoryBlock? Find(in Target target) =>
        state.FindBlockOf(target.Range.Start) is { } block
        && (block.IsRegistered || !rules.Keeps(Fault.UnregisteredShown)) ? block : null;
}
