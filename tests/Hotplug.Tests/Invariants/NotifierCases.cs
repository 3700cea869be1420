using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.EffectScript;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

internal static class NotifierCases
{
    public static readonly InvariantCase[] All =
    [
        Refused(Notifiers.Grammar, "ONLINE is missing", Onlining(Without(EffectScript.Online(Block5),
            Is(MemoryNotification.Online)))),
        Refused(Notifiers.Grammar, "PREPARE_ONLINE is missing", Onlining(Without(EffectScript.Online(Block5),
            Is(MemoryNotification.PrepareOnline)))),
        Refused(Notifiers.Grammar, "FINISH_OFFLINE is missing", Offlining(Without(EffectScript.Offline(),
            Is(MemoryNotification.FinishOffline)))),
        Refused(Notifiers.Grammar, "ONLINE after a refusal", Failing(Operation.Online(B5), Errno.EBUSY).Doing(
            [.. Event(MemoryNotification.PrepareOnline, Block5), .. Event(MemoryNotification.GoingOnline, Block5,
                refusing: 0), .. Event(MemoryNotification.Online, Block5)])),
        Refused(Notifiers.Grammar, "frames that 6.1 does not have", Onlining(EffectScript.Online(Block5)).On(In61)),
        Kept(Notifiers.Grammar, "online", Onlining(EffectScript.Online(Block5))),
        Kept(Notifiers.Grammar, "online without frames in 6.1", Onlining(Without(EffectScript.Online(Block5),
            Is(MemoryNotification.PrepareOnline))).On(In61)),
        Kept(Notifiers.Grammar, "a refused online", Failing(Operation.Online(B5), Errno.EBUSY)
            .Doing(OnlineRefused(Block5))),
        Kept(Notifiers.Grammar, "PREPARE_ONLINE is refused and nothing follows", Failing(Operation.Online(B5),
            Errno.EBUSY)
            .Doing(Event(MemoryNotification.PrepareOnline, Block5, refusing: 2))),
        Kept(Notifiers.Grammar, "offline", Offlining(EffectScript.Offline())),
        Kept(Notifiers.Grammar, "isolation fails without an event", Failing(Operation.Offline(B4), Errno.EBUSY)
            .Doing(Step(EffectKind.PcpDisabled, Body4), Step(EffectKind.PcpEnabled, Body4))),

        Refused(Notifiers.PriorityOrder, "priority 0 before 1", Offlining([Call(MemoryNotification.Offline, Body4,
            1), Call(MemoryNotification.Offline, Body4, 0)])),
        Refused(Notifiers.PriorityOrder, "equals out of order", Offlining([Call(MemoryNotification.Offline, Body4,
            2), Call(MemoryNotification.Offline, Body4, 1)])),
        Kept(Notifiers.PriorityOrder, "in order", Offlining(EffectScript.Offline())),

        Refused(Notifiers.StopsAtRefusal, "the chain goes on", Failing(Operation.Offline(B4), Errno.EBUSY).Doing(
            Call(MemoryNotification.GoingOffline, Body4, 0), Call(MemoryNotification.GoingOffline, Body4, 1,
                Errno.EBUSY), Call(MemoryNotification.GoingOffline, Body4, 2))),
        Kept(Notifiers.StopsAtRefusal, "the chain stops", Failing(Operation.Offline(B4), Errno.EBUSY)
            .Doing(OfflineRefused())),

        Refused(Notifiers.CancelReachesWholeChain, "only those that had agreed are told",
            Failing(Operation.Offline(B4), Errno.EBUSY).Doing(
            Without(OfflineRefused(), static e => e is { Notification: MemoryNotification.CancelOffline,
                Kind: EffectKind.Notified, Value: 3 }))),
        Refused(Notifiers.CancelReachesWholeChain, "a callback is told twice", Offlining(
            [.. EffectScript.Offline(), Call(MemoryNotification.FinishOffline, Block4, 3)])),
        Kept(Notifiers.CancelReachesWholeChain, "everybody is told", Failing(Operation.Offline(B4),
            Errno.EBUSY).Doing(OfflineRefused())),

        Refused(Notifiers.RefusalIsTheAnswer, "another errno", Failing(Operation.Offline(B4), Errno.EINVAL)
            .Doing(OfflineRefused())),
        Kept(Notifiers.RefusalIsTheAnswer, "the same errno", Failing(Operation.Offline(B4), Errno.EBUSY)
            .Doing(OfflineRefused())),

        Refused(NotifierSteps.GoingOfflineAfterIsolation, "not isolated", Offlining(Without(EffectScript.Offline(),
            static e => e.Kind == EffectKind.Isolated))),
        Refused(NotifierSteps.GoingOfflineAfterIsolation, "isolated too late", Offlining(Last(EffectScript.Offline(),
            EffectKind.Isolated))),
        Kept(NotifierSteps.GoingOfflineAfterIsolation, "isolated first", Offlining(EffectScript.Offline())),

        Refused(NotifierSteps.CancelOfflineAfterUnisolation, "still isolated", Failing(Operation.Offline(B4),
            Errno.EBUSY).Doing(Last(OfflineRefused(), EffectKind.Unisolated))),
        Kept(NotifierSteps.CancelOfflineAfterUnisolation, "out of isolation first", Failing(Operation.Offline(B4),
            Errno.EBUSY).Doing(OfflineRefused())),

        Refused(NotifierSteps.OfflineAfterAccounting, "present is lowered later", Offlining(Last(EffectScript.Offline(),
            EffectKind.PresentChanged))),
        Refused(NotifierSteps.OfflineAfterAccounting, "sections are still online",
            Offlining(Last(EffectScript.Offline(),
            EffectKind.SectionsOffline))),
        Refused(NotifierSteps.OfflineAfterAccounting, "the span shrinks before",
            Offlining([Step(EffectKind.RemovedFromZone, Body4), .. EffectScript.Offline()])),
        Kept(NotifierSteps.OfflineAfterAccounting, "in order", Offlining(EffectScript.Offline())),

        Refused(NotifierSteps.OnlineAfterAccounting, "pageblocks are still isolated",
            Onlining(Last(EffectScript.Online(Block5), EffectKind.Unisolated))),
        Refused(NotifierSteps.OnlineAfterAccounting, "present is raised later",
            Onlining(Last(EffectScript.Online(Block5), EffectKind.PresentChanged))),
        Kept(NotifierSteps.OnlineAfterAccounting, "in order", Onlining(EffectScript.Online(Block5))),

        Refused(Notifiers.RangeExcludesVmemmap, "the whole block goes offline",
            Offlining([.. Event(MemoryNotification.GoingOffline, Block4)])),
        Refused(Notifiers.RangeExcludesVmemmap, "FINISH_OFFLINE without the vmemmap",
            Offlining([.. Event(MemoryNotification.FinishOffline, Body4)])),
        Kept(Notifiers.RangeExcludesVmemmap, "the block without its vmemmap", Offlining(EffectScript.Offline())),

        Refused(Notifiers.RemoveIsSilent, "OFFLINE on removal", BlockCases.Removed()
            .Doing(Event(MemoryNotification.Offline, Body4))),
        Kept(Notifiers.RemoveIsSilent, "no event on removal", BlockCases.Removed()),

        Refused(Notifiers.EarlyRefusalIsSilent, "GOING_OFFLINE and CANCEL_OFFLINE for a block with a hole",
            Failing(Operation.Offline(B4), Errno.EINVAL).Doing(
            [Step(EffectKind.Isolated, Body4), .. Event(MemoryNotification.GoingOffline, Body4),
                Step(EffectKind.Unisolated, Body4), .. Event(MemoryNotification.CancelOffline, Body4)])),
        Kept(Notifiers.EarlyRefusalIsSilent, "no event for a block with a hole", Failing(Operation.Offline(B4),
            Errno.EINVAL)),

        Refused(NotifierSteps.PcplistsRestored, "lists stay disabled", Failing(Operation.Offline(B4), Errno.EBUSY)
            .Doing(Step(EffectKind.PcpDisabled, Body4))),
        Refused(NotifierSteps.PcplistsRestored, "LRU caches stay disabled", Failing(Operation.Offline(B4),
            Errno.EBUSY).Doing(Step(EffectKind.LruDisabled, Body4))),
        Refused(NotifierSteps.PcplistsRestored, "two disablers at once", Failing(Operation.Offline(B4),
            Errno.EBUSY).Doing(Step(EffectKind.PcpDisabled, Body4),
            Step(EffectKind.PcpDisabled, Body4), Step(EffectKind.PcpEnabled, Body4), Step(EffectKind.PcpEnabled,
                Body4))),
        Kept(NotifierSteps.PcplistsRestored, "enabled on the way out", Failing(Operation.Offline(B4), Errno.EBUSY)
            .Doing(OfflineRefused())),

        Refused(NotifierSteps.CommitIsFinal, "cancelled after the commit", Failing(Operation.Offline(B4),
            Errno.EBUSY).Doing(
            [Step(EffectKind.Isolated, Body4), .. Event(MemoryNotification.GoingOffline, Body4),
                Step(EffectKind.SectionsOffline, Block4),
                Step(EffectKind.Unisolated, Body4), .. Event(MemoryNotification.CancelOffline, Body4)])),
        Kept(NotifierSteps.CommitIsFinal, "cancelled before the commit", Failing(Operation.Offline(B4),
            Errno.EBUSY).Doing(OfflineRefused())),
    ];

    private static Scene Onlining(Effect[] effects) => Of(Operation.Online(B5))
        .Then(static s => s.Online(5, ZoneKind.Normal)).Doing(effects);

    private static Scene Offlining(Effect[] effects) => Of(Operation.Offline(B4))
        .Then(static s => s.Offline(4)).Doing(effects);

    private static MachineSpec In61(MachineSpec spec) => spec with { Dialect = Dialect.Linux61 };

    private static Predicate<Effect> Is(MemoryNotification notification) =>
        e => e.Kind == EffectKind.Notified && e.Notification == notification;
}
