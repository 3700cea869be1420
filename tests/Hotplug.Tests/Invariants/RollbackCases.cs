using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

internal static class RollbackCases
{
    private static readonly Operation s_add = Operation.Add(Name.Device(2), 32);

    public static readonly InvariantCase[] All =
    [
        Refused(Rollback.BlocksUnchanged, "a failed offline leaves the block offline", Failing(Operation.Offline(B4),
            Errno.EBUSY).Then(static s => s.Offline(4))),
        Refused(Rollback.BlocksUnchanged, "a failed add leaves a block", Failing(s_add, Errno.ENOMEM)
            .Then(static s => s.Add(2))),
        Refused(Rollback.BlocksUnchanged, "an interrupted offline leaves the block going offline",
            Ending(Operation.Offline(B4), Answer.Unfinished)
            .Then(static s => s[4].State = BlockState.GoingOffline)),
        Kept(Rollback.BlocksUnchanged, "a failed offline", Failing(Operation.Offline(B4), Errno.EBUSY)),
        Kept(Rollback.BlocksUnchanged, "a block of a device in flight", Failing(Operation.Offline(B5),
            Errno.EINVAL).From(BlockCases.InFlight).Then(static s => s.Offline(4))),

        Refused(Rollback.ReonlinedInSameZone, "back in another zone", Refusal()
            .Then(static s => s[4].Zone = ZoneKind.Normal)),
        Refused(Rollback.ReonlinedInSameZone, "left offline", Refusal().Then(static s => s.Offline(4))),
        Kept(Rollback.ReonlinedInSameZone, "back in its zone", Refusal()),
        Kept(Rollback.ReonlinedInSameZone, "in another zone as declared", Refusal()
            .Then(static s => s[4].Zone = ZoneKind.Normal)
            .Deviating(new Deviation("d", DeviationKind.ZoneAfterRollback, new ZoneId(0, ZoneKind.Normal), 4))),
        Kept(Rollback.ReonlinedInSameZone, "left offline as declared", Refusal().Then(static s => s.Offline(4))
            .Deviating(new Deviation("d", DeviationKind.OfflineAfterRollback, default, 4))),
        Kept(Rollback.ReonlinedInSameZone, "left offline because its online was refused", Refusal()
            .Then(static s => s.Offline(4))
            .Doing([.. EffectScript.Offline(),
                .. EffectScript.OnlineRefused(EffectScript.Block4).Where(static e => e.Kind != EffectKind.Notified
                || e.Notification is MemoryNotification.PrepareOnline or MemoryNotification.FinishOffline)])
            .Doing(EffectScript.Event(MemoryNotification.PrepareOnline, EffectScript.Block4, refusing: 0))),

        Refused(Rollback.ZonesUnchanged, "the span stays grown", Failing(Operation.Online(B5), Errno.EBUSY)
            .Then(static s => s.Zone(ZoneKind.Normal, static z => z with { Spanned = 192 }))),
        Refused(Rollback.ZonesUnchanged, "present is not given back", Failing(Operation.Offline(B4), Errno.EBUSY)
            .Then(static s => s.Zone(ZoneKind.Movable, static z => z with { Present = z.Present - 8 }))),
        Refused(Rollback.ZonesUnchanged, "managed is not given back", Failing(Operation.Offline(B4), Errno.EBUSY)
            .On(static s => s with { Balloons = [] })
            .Then(static s => s.Zone(ZoneKind.Movable, static z => z with { Managed = z.Managed - 8 }))),
        Kept(Rollback.ZonesUnchanged, "a balloon's pages migrated to another zone", Failing(Operation.Offline(B4),
            Errno.EBUSY)
            .From(static s => s[4].Fill(8, 8, PageState.Free(0)).Fill(8, 1, Ballooned))
                .From(static s => s[0].Fill(8, 4, PageState.Free(0)).Fill(8, 3, Ballooned))
            .Then(static s => s[4].Fill(8, 1, PageState.Free(0))).Then(static s => s[0].Fill(11, 1, Ballooned))),

        Refused(Rollback.PageOfflineUnchanged, "references are not taken back", Failing(Operation.Offline(B8),
            Errno.EBUSY)
            .Then(static s => s[8].Fill(8, 24, Unplugged with { References = 0 }))),
        Kept(Rollback.PageOfflineUnchanged, "a refused poisoning marks the page all the same",
            Failing(Operation.Poison(Name.RawPage(270)), Errno.EBUSY)
            .Then(static s => s[8].Fill(14, 1, Unplugged with { Flags = Unplugged.Flags | PageFlags.HwPoison }))),

        Refused(Rollback.PagesUnchanged, "a failed add keeps memmap pages", Failing(s_add, Errno.ENOMEM)
            .Then(static s => s[0].Fill(12, 4, KernelUse))),
        Kept(Rollback.PagesUnchanged, "a failed offline may migrate", Failing(Operation.Offline(B4), Errno.EBUSY)
            .From(static s => s[4].Fill(8, 8, Used)).Then(static s => s[4].Fill(8, 8, PageState.Free(3)))
                .Then(static s => s[0].Fill(16, 8, Used))),

        Refused(Rollback.MemmapUnchanged, "a failed add keeps memmap", Failing(s_add, Errno.ENOMEM)
            .Then(static s => s.MemmapPages += 8)),
        Kept(Rollback.MemmapUnchanged, "a failed add", Failing(s_add, Errno.ENOMEM)),

        Refused(Rollback.ResourcesUnchanged, "a failed add keeps its range", Failing(s_add, Errno.ENOMEM)
            .Then(static s => s.Resources = [new(64, 32), new(128, 64), new(256, 32)])),
        Kept(Rollback.ResourcesUnchanged, "a failed add gives its range back", Failing(s_add, Errno.EEXIST)),

        Refused(Rollback.NodesUnchanged, "a vetoed online leaves its node with memory", Failing(Operation.Online(B5),
            Errno.EBUSY).On(static s => s with { Nodes = 2 })
            .Then(static s => s.Node(1, static n => n with { HasMemory = true }))),
        Kept(Rollback.NodesUnchanged, "nothing changed", Failing(Operation.Online(B5), Errno.EBUSY)
            .On(static s => s with { Nodes = 2 })),

        Refused(Rollback.DevicesUnchanged, "a refused ejection forgets the device", Failing(Operation.Eject(D1),
            Errno.EBUSY).Then(static s => s.Devices.RemoveAt(0))),
        Kept(Rollback.DevicesUnchanged, "a DIMM that brought no memory is there",
            Failing(Operation.Add(Name.Device(2), 33), Errno.EINVAL)
            .Then(static s => s.Devices.Add(new DeviceObservation(Name.Device(2), new PageRange(64, 33), 33, 33,
                false)))),
    ];

    private static Scene Refusal() => Failing(Operation.Eject(D1), Errno.EBUSY);
}
