using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

internal static class AccountingCases
{
    public static readonly InvariantCase[] All =
    [
        Refused(Accounting.ManagedTotal, "the total drifts", Tick(static s => s.TotalOff = 1)),
        Kept(Accounting.ManagedTotal, "the total follows a block", BlockCases.Online5(Operation.Online(B5))),
        Kept(Accounting.ManagedTotal, "a balloon in flight", Tick(static s =>
        {
            s.Balloon(static b => b with { InFlight = true });
            s.TotalOff = 1;
        })),

        Refused(Accounting.NodeMemory, "a node that lost its memory still has it", Tick(static s => s.Node(1,
            static n => n with { HasMemory = true }))),
        Refused(Accounting.NodeMemory, "movable memory counts as normal", Tick(static s => s.Node(1,
            static n => n with { HasMemory = true, HasNormalMemory = true }))
            .From(static s => s.Add(2, ZoneKind.Movable, node: 1))),
        Kept(Accounting.NodeMemory, "movable memory only", Tick(static _ => { }).From(MovableOnNode1)),

        Refused(Accounting.NodeOnline, "a node with a block is offline", Tick(static s => s.Node(1,
            static n => n with { Online = false })).From(MovableOnNode1)),
        Refused(Accounting.NodeOnline, "a node stays after its last block", RemoveNode1()
            .Then(static s => s.Node(1, static n => n with { Online = true }))),
        Kept(Accounting.NodeOnline, "a node goes with its last block", RemoveNode1()),

        Refused(Accounting.FreePages, "a free page is not counted", Tick(static s => s.Zone(ZoneKind.Movable,
            static z => z with { Free = z.Free - 1 }))),
        Refused(Accounting.FreePages, "a free page of boot memory's zone is not counted", Tick(static s =>
            s.Zone(ZoneKind.Normal, static z => z with { Free = z.Free - 1 })).On(static s =>
                s with { PcBoot = true })),
        Kept(Accounting.FreePages, "isolated pages are not counted", Ending(Operation.Eject(D1), Answer.Pending)
            .Then(static s => s.Zone(ZoneKind.Movable, static z => z with { Free = z.Free - 8,
                IsolatedPageblocks = 1 }))),

        Refused(Accounting.FreeWithinManaged, "more free than managed", Tick(static s => s.Zone(ZoneKind.Normal,
            static z => z with { Free = z.Managed + 1 }))),
        Kept(Accounting.FreeWithinManaged, "all managed pages are free", Tick(static _ => { })),

        Refused(Accounting.NothingIsolated, "a failed offline leaves a pageblock isolated",
            Failing(Operation.Offline(B4), Errno.EBUSY)
            .Then(static s => s.Zone(ZoneKind.Movable, static z => z with { Free = z.Free - 8,
                IsolatedPageblocks = 1 }))),
        Kept(Accounting.NothingIsolated, "a count that cannot be seen", Tick(static s => s.Zone(ZoneKind.Movable,
            static z => z with { IsolatedPageblocks = -1 }))),

        Refused(Accounting.QuietOperations, "a free raises managed pages", Of(Operation.Free(Name.Allocation(1)))
            .Then(static s => s.Zone(ZoneKind.Movable, static z => z with { Managed = z.Managed + 1 }))),
        Refused(Accounting.QuietOperations, "a free raises managed pages where there is no balloon",
            Of(Operation.Free(Name.Allocation(1))).On(static s => s with { Balloons = [] })
                .Then(static s => s.Zone(ZoneKind.Movable, static z => z with { Managed = z.Managed + 1 }))),
        Refused(Accounting.QuietOperations, "a free raises present pages", Of(Operation.Free(Name.Allocation(1)))
            .Then(static s => s.Zone(ZoneKind.Movable, static z => z with { Present = z.Present + 1 }))),
        Kept(Accounting.QuietOperations, "a free changes only free pages", Of(Operation.Free(Name.Allocation(1)))
            .From(static s => s[4].Fill(8, 8, Used)).Then(static s => s[4].Fill(8, 8, PageState.Free(3)))),
    ];

    private static Scene Tick(Action<Sketch> change) => Of(Operation.Tick(1)).On(TwoNodes).Then(change);

    private static MachineSpec TwoNodes(MachineSpec spec) => spec with { Nodes = 2 };

    private static void MovableOnNode1(Sketch sketch)
    {
        sketch.Add(2, ZoneKind.Movable, node: 1);
        sketch.Devices.Add(new DeviceObservation(Name.Device(2), new PageRange(64, 32), 32, 32, false));
    }

    private static Scene RemoveNode1() => Of(Operation.Remove(Name.Device(2))).On(TwoNodes).From(MovableOnNode1)
        .From(static s => s.Offline(2))
        .Then(static s =>
        {
            s.Remove(2);
            s.Devices.RemoveAt(2);
        }).Doing(EffectScript.Removal(new PageRange(64, 32)));
}
