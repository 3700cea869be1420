using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Invariants;

/// <summary>
/// Which events of one memory block may follow each other. 6.1: GOING_ONLINE (ONLINE | CANCEL_ONLINE) and GOING_OFFLINE
/// (OFFLINE | CANCEL_OFFLINE). 6.12 frames them: PREPARE_ONLINE comes first, FINISH_OFFLINE follows OFFLINE and
/// CANCEL_ONLINE.
/// </summary>
internal static class NotificationGrammar
{
    /// <summary>True for the events that a callback may refuse.</summary>
    internal static bool CanBeRefused(MemoryNotification notification) => notification
        is MemoryNotification.GoingOnline or MemoryNotification.GoingOffline or MemoryNotification.PrepareOnline;

    /// <summary>True for the events that end what a GOING began.</summary>
    internal static bool Ends(MemoryNotification notification) => notification
        is MemoryNotification.Online or MemoryNotification.CancelOnline
        or MemoryNotification.Offline or MemoryNotification.CancelOffline;

    /// <summary>True if the event may be a block's first one in an operation.</summary>
    internal static bool MayBegin(MemoryNotification notification, bool framed) =>
        notification == MemoryNotification.GoingOffline
        || notification == (framed ? MemoryNotification.PrepareOnline : MemoryNotification.GoingOnline);

    /// <summary>True if the event may be a block's last one in an operation.</summary>
    internal static bool MayEnd(in NotificationWalk at, bool framed) => at.Notification switch
    {
        MemoryNotification.Online or MemoryNotification.CancelOffline => true,
        MemoryNotification.Offline or MemoryNotification.CancelOnline => !framed,
        MemoryNotification.FinishOffline => framed,
        MemoryNotification.PrepareOnline => framed && at.IsRefused,
        _ => false,
    };

    /// <summary>True if <paramref name="next"/> may be the block's next event.</summary>
    internal static bool MayFollow(in NotificationWalk at, MemoryNotification next, bool framed)
    {
        if (MayEnd(at, framed))
            return MayBegin(next, framed);
        return (at.Notification, next) switch
        {
            (MemoryNotification.PrepareOnline,
                MemoryNotification.GoingOnline or MemoryNotification.FinishOffline) => !at.IsRefused,
            (MemoryNotification.GoingOnline, MemoryNotification.Online) => !at.IsRefused,
            (MemoryNotification.GoingOnline, MemoryNotification.CancelOnline) => at.IsRefused,
            (MemoryNotification.GoingOffline, MemoryNotification.Offline) => !at.IsRefused,
            (MemoryNotification.GoingOffline, MemoryNotification.CancelOffline) => true,
            (MemoryNotification.Offline or MemoryNotification.CancelOnline, MemoryNotification.FinishOffline) => framed,
            _ => false,
        };
    }

    /// <summary>
    /// How many callbacks an entry of the chain stands for: virtio-mem registers one per device memory, CMM one where
    /// there is CMM.
    /// </summary>
    internal static int CallbacksOf(MachineSpec spec, int entry) => spec.Notifiers[entry].Name switch
    {
        "virtio-mem" => spec.DeviceMemories.Length,
        NotifierChains.Cmm => spec.HasCmm ? 1 : 0,
        _ => 1,
    };
}
