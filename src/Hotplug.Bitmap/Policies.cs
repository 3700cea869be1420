using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>Settings of the machine, and what follows from them for offline blocks (kernel-semantics 3.15).</summary>
internal sealed class Policies<TRules>(MachineState state, ZonePolicy<TRules> policy, TRules rules)
    where TRules : struct, IRules
{
    private long _generation = -1;

    public Errno Set(PolicySetting setting)
    {
        state.Zones.Generation++;
        switch (setting)
        {
            case PolicySetting.AutoOffline:
                state.AutoOnline = AutoOnline.Offline;
                return Errno.None;
            case PolicySetting.AutoOnline:
                state.AutoOnline = AutoOnline.Online;
                return Errno.None;
            case PolicySetting.AutoOnlineKernel:
                state.AutoOnline = AutoOnline.OnlineKernel;
                return Errno.None;
            case PolicySetting.AutoOnlineMovable:
                state.AutoOnline = rules.Keeps(Fault.PolicyTakenForAnother)
                    ? AutoOnline.OnlineMovable
                    : AutoOnline.OnlineKernel;
                return Errno.None;
            case PolicySetting.ZonesContig:
                state.AutoMovable = false;
                return Errno.None;
            case PolicySetting.ZonesAutoMovable:
                state.AutoMovable = true;
                return Errno.None;
            case PolicySetting.AutoNonsense:
                return Errno.EINVAL;
            default:
                return SetMemmap(setting);
        }
    }

    // memmap_on_memory is read-only once booted; source document 001 wants it switched at run time.
    private Errno SetMemmap(PolicySetting setting)
    {
        if (!state.Spec.Dialect.Has(DialectItem.MemmapSwitchable))
            return Errno.EACCES;
        if (setting == PolicySetting.MemmapForce)
            return Errno.EINVAL;
        state.MemmapOnMemory = setting == PolicySetting.MemmapOn ? MemmapOnMemory.On : MemmapOnMemory.Off;
        return Errno.None;
    }

    /// <summary>Only the two GOING events have an attribute in the injector.</summary>
    public Errno SetNotifierError(MemoryNotification notification, Errno errno)
    {
        switch (notification)
        {
            case MemoryNotification.GoingOnline:
                state.Injection.OnlineError = errno;
                return Errno.None;
            case MemoryNotification.GoingOffline:
                state.Injection.OfflineError = errno;
                return Errno.None;
            default:
                return Errno.EINVAL;
        }
    }

    /// <summary>Works out again where offline blocks would go, when spans, counts or policies changed.</summary>
    public void RefreshChoices()
    {
        if (_generation == state.Zones.Generation || (_generation >= 0 && !rules.Keeps(Fault.ZoneChoiceStale)))
            return;
        _generation = state.Zones.Generation;
        for (var number = state.Blocks.NextOffline(0); number >= 0; number = state.Blocks.NextOffline(number + 1))
        {
            var block = state.Blocks[number];
            var chosen = policy.For(block, AutoOnline.Online);
            var other = policy.Other(block, chosen);
            if (block.DefaultZone == chosen && block.OtherZone == other)
                continue;
            (block.DefaultZone, block.OtherZone) = (chosen, other);
            state.Touch(block);
        }
    }
}
