using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>The operation pcp: somebody drains the lists, or holds their lock for a while (kernel-semantics
/// 3.9.4).</summary>
internal sealed class PcplistOperations<TRules>(MachineState state, PcplistSteps<TRules> steps, TRules rules)
    where TRules : struct, IRules
{
    public Errno Do(PcpAction action, EffectLog log)
    {
        // A removal that is under way has the lock: it is waited for.
        var waits = action == PcpAction.Disable;
        if (waits)
            rules.Acquire(LockName.PcpBatchHigh);
        var errno = DoLocked(action, log);
        if (waits)
            rules.Release(LockName.PcpBatchHigh);
        return errno;
    }

    private Errno DoLocked(PcpAction action, EffectLog log)
    {
        switch (action)
        {
            case PcpAction.Drain:
                if (rules.Keeps(Fault.DrainOfOneZone))
                    steps.DrainEvery();
                else
                    steps.Drain(0);
                log.Add(EffectKind.PcpDrained);
                return Errno.None;
            case PcpAction.Disable when state.Pcplists.IsLocked:
                return Errno.EBUSY;
            case PcpAction.Disable:
                state.Pcplists.DisableEvery();
                log.Add(EffectKind.PcpDisabled);
                for (var zone = 0; zone < state.Zones.Count; zone++)
                    steps.ForceDrain(zone);
                log.Add(EffectKind.PcpDrained);
                return Errno.None;
            default:
                if (!state.Pcplists.IsLockedByOperation
                    && (!state.Pcplists.IsLocked || rules.Keeps(RaceFault.LimitsRestoredByAnybody)))
                    return Errno.EINVAL;
                state.Pcplists.Enable();
                log.Add(EffectKind.PcpEnabled);
                return Errno.None;
        }
    }
}
