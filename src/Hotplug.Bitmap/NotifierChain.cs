using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>Who a callback of the chain belongs to.</summary>
internal enum CallbackKind : byte
{
    /// <summary>Somebody who agrees with everything.</summary>
    Agreeing,
    /// <summary>The error injector: answers what <c>notifier-error</c> set.</summary>
    Injector,
    /// <summary>The driver of one device memory.</summary>
    DeviceMemory,
    /// <summary>CMM.</summary>
    Cmm,
}

/// <summary>One callback of the chain.</summary>
/// <param name="Kind">Whose it is.</param>
/// <param name="Entry">Index of its entry in the spec's list.</param>
/// <param name="Memory">Number of the device memory; 0 for none.</param>
internal readonly record struct Callback(CallbackKind Kind, int Entry, int Memory);

/// <summary>
/// The memory notifier chain: by descending priority, ties in the order registered. GOING and PREPARE stop at the first
/// callback that refuses; the other events, CANCEL among them, go to the whole chain (kernel-semantics 3.0.1).
/// </summary>
internal sealed class NotifierChain<TRules>(
    MachineState state, DeviceMemoryNotifier<TRules> driver, CmmNotifier<TRules> cmm, TRules rules)
    where TRules : struct, IRules
{
    private readonly ImmutableArray<Callback> _callbacks =
        Register(state.Spec, rules.Keeps(Fault.PriorityIgnored));

    /// <summary>Sends the event; the errno of the callback that refused, if one did.</summary>
    public Errno Notify(MemoryNotification notification, MemoryBlock block, PageRange range, EffectLog log)
    {
        if (block.Vmemmap > 0 && !rules.Keeps(Fault.NotifiedWithVmemmap))
            range = state.RangeOf(block);
        var mayRefuse = notification is MemoryNotification.GoingOnline or MemoryNotification.GoingOffline
            or MemoryNotification.PrepareOnline;
        foreach (var callback in _callbacks)
        {
            var errno = mayRefuse ? state.Injection.Strike(VetoPoint.Notifier) : Errno.None;
            if (errno == Errno.None && callback.Kind == CallbackKind.Injector
                && rules.Keeps(Fault.StickyErrorForgotten))
                errno = Injected(notification);
            if (errno == Errno.None && callback.Kind == CallbackKind.Cmm)
                errno = cmm.Act(notification, range, log);
            log.Notified(notification, range, callback.Entry, errno);
            if (errno != Errno.None && rules.Keeps(Fault.RefusalIgnored))
                return rules.Keeps(Fault.RefusalReadAsInvalid) ? errno : Errno.EINVAL;
            if (callback.Kind == CallbackKind.DeviceMemory)
                driver.Act(notification, block, callback.Memory, log);
            if (notification == MemoryNotification.Online && !rules.Keeps(Fault.ChainStopsOnSuccess))
                return Errno.None;
            if (notification == MemoryNotification.CancelOffline && !rules.Keeps(Fault.CancelStopsEarly))
                return Errno.None;
        }

        return Errno.None;
    }

    private Errno Injected(MemoryNotification notification) => notification switch
    {
        MemoryNotification.GoingOnline => state.Injection.OnlineError,
        MemoryNotification.GoingOffline => state.Injection.OfflineError,
        _ => Errno.None,
    };

    private static CallbackKind KindOf(NotifierSpec notifier) => notifier.Name switch
    {
        "injector" => CallbackKind.Injector,
        NotifierChains.Cmm => CallbackKind.Cmm,
        _ => CallbackKind.Agreeing,
    };

    private static ImmutableArray<Callback> Register(MachineSpec spec, bool byPriority)
    {
        var callbacks = new List<(int Priority, Callback Callback)>();
        for (var i = 0; i < spec.Notifiers.Length; i++)
        {
            var notifier = spec.Notifiers[i];
            if (notifier.Name == NotifierChains.Cmm && !spec.HasCmm)
                continue;
            if (notifier.Name != "virtio-mem")
            {
                callbacks.Add((notifier.Priority, new Callback(KindOf(notifier), i, 0)));
                continue;
            }

            for (var id = 1; id <= spec.DeviceMemories.Length; id++)
                callbacks.Add((notifier.Priority, new Callback(CallbackKind.DeviceMemory, i, id)));
        }

        // A stable order: callbacks of equal priority stay as they were registered.
        return
        [
            .. callbacks.OrderByDescending(c => byPriority ? c.Priority : -c.Priority).Select(static c => c.Callback),
        ];
    }
}
