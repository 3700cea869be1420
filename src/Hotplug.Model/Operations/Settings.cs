using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Operations;

/// <summary><c>policy</c>, <c>veto</c>, <c>notifier-error</c> and <c>tick</c>: nothing of memory changes at
/// once.</summary>
internal static class Settings
{
    private static readonly Citation s_policy = new("v6.12", "drivers/base/memory.c", "auto_online_blocks_store");
    private static readonly Citation s_memmap = new("v6.12", "mm/memory_hotplug.c", "memmap_on_memory_show");
    private static readonly Citation s_injector = new("v6.12", "lib/notifier-error-inject.c", "notifier_err_inject_init");
    private static readonly Citation s_virtioMem = new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_retry_timer");

    /// <summary>Judges <c>policy</c>. memmap_on_memory is a boot parameter, read-only when written, but in source
    /// document 001.</summary>
    public static Judgement JudgePolicy(in Ruling ruling)
    {
        var setting = (PolicySetting)ruling.Seen.Operation.Choice;
        if (setting == PolicySetting.AutoNonsense)
            return ruling.Demand(Errno.EINVAL, "not an online type", s_policy);
        var state = ruling.State;
        var memmap = setting is PolicySetting.MemmapOff or PolicySetting.MemmapOn or PolicySetting.MemmapForce;
        if (memmap && ruling.Is(Errno.EACCES) && !ruling.Spec.Dialect.Has(DialectItem.MemmapSwitchable))
            return ruling.PermitUnchanged();
        if (setting == PolicySetting.MemmapForce && (ruling.Spec.Dialect.Has(DialectItem.MemmapSwitchable)
            || !ruling.Spec.Dialect.Has(DialectItem.AltmapMultiBlock)))
            return ruling.Demand(Errno.EINVAL, "only 6.12 knows more than on and off", s_memmap);
        if (!ruling.IsOk)
            return ruling.RefuteAnswer("ok", s_policy);
        return ruling.Permit(
            setting switch
            {
                PolicySetting.AutoOffline => state with { AutoOnline = AutoOnline.Offline },
                PolicySetting.AutoOnline => state with { AutoOnline = AutoOnline.Online },
                PolicySetting.AutoOnlineKernel => state with { AutoOnline = AutoOnline.OnlineKernel },
                PolicySetting.AutoOnlineMovable => state with { AutoOnline = AutoOnline.OnlineMovable },
                PolicySetting.ZonesContig => state with { AutoMovable = false },
                PolicySetting.ZonesAutoMovable => state with { AutoMovable = true },
                PolicySetting.MemmapOff => state with { MemmapOnMemory = MemmapOnMemory.Off },
                PolicySetting.MemmapOn => state with { MemmapOnMemory = MemmapOnMemory.On },
                _ => state with { MemmapOnMemory = MemmapOnMemory.Force },
            },
            PageRule.Nothing);
    }

    /// <summary>Judges <c>veto</c>.</summary>
    public static Judgement JudgeVeto(in Ruling ruling)
    {
        var operation = ruling.Seen.Operation;
        var veto = operation.Errno == Errno.None ? default : new Veto((VetoPoint)operation.Choice, operation.Amount, operation.Errno);
        return ruling.IsOk
            ? ruling.Permit(ruling.State with { Veto = veto }, PageRule.Nothing)
            : ruling.RefuteAnswer("ok", s_injector);
    }

    /// <summary>Judges <c>notifier-error</c>.</summary>
    public static Judgement JudgeNotifierError(in Ruling ruling)
    {
        var operation = ruling.Seen.Operation;
        var notification = (MemoryNotification)operation.Choice;
        if (notification is not (MemoryNotification.GoingOnline or MemoryNotification.GoingOffline))
            return ruling.Demand(Errno.EINVAL, "only going-online and going-offline can be refused", s_injector);
        if (!ruling.IsOk)
            return ruling.RefuteAnswer("ok", s_injector);
        return ruling.Permit(notification == MemoryNotification.GoingOnline
            ? ruling.State with { OnlineError = operation.Errno }
            : ruling.State with { OfflineError = operation.Errno }, PageRule.Nothing);
    }

    /// <summary>Judges <c>tick</c>: drivers may retry what they could not finish.</summary>
    public static Judgement JudgeTick(in Ruling ruling) =>
        ruling.IsOk ? Plugging.Retry(ruling) : ruling.RefuteAnswer("ok", s_virtioMem);
}
