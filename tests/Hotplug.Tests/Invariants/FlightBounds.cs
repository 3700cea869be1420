using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

/// <summary>
/// While something is in flight a rule about what may lag stands back: each kind of rule for other things, and for what
/// happens elsewhere none does.
/// </summary>
internal static class FlightBounds
{
    private static readonly Name s_d2 = Name.Device(2);
    private static readonly Name s_d3 = Name.Device(3);
    private static readonly Name s_m2 = Name.DeviceMemory(2);

    private static readonly (string Name, Func<Scene, Scene> Fly)[] s_flights =
    [
        ("nothing", static s => s),
        ("block 4's device, before", static s => Before(s, D1)),
        ("block 4's device, after", static s => After(s, D1)),
        ("block 4's device", static s => After(Before(s, D1), D1)),
        ("a balloon, before", static s => s.From(static k => Balloon(k, true)).Then(static k => Balloon(k, false))),
        ("a balloon, after", static s => s.Then(static k => Balloon(k, true))),
        ("the node's device memory, before", static s => Before(s, M1)),
        ("the node's device memory, after", static s => After(s, M1)),
        ("another node's device", static s => After(s, s_d2)),
        ("another node's device memory", static s => After(s, s_m2)),
        ("a device whose node nobody knows", static s => After(s.From(static k => k.Remove(7)), s_d3)),
        ("another node's device, that loses its block", static s => After(s.Then(static k => k.Remove(7)), s_d3)),
        ("another node's device, that gets its block",
            static s => After(s.From(static k => k.Remove(7)).Then(static k => k.Add(7, node: 1)), s_d3)),
    ];

    public static readonly Bound[] All =
    [
        Flying(Blocks.StateMachine, [1, 2, 3], Of(Operation.Tick(1)).Then(static s => s.Offline(4))),
        Flying(PageOfflines.AppearsByRequest, [1, 2, 3, 4, 5],
            Of(Operation.Alloc(Name.Allocation(1), 1)).Then(static s => s[4].Fill(8, 1, Ballooned))),
        Flying(References.FreePageIsZero, [2, 3, 5], Of(Operation.Tick(1)).Then(static s => s[4].Fill(8, 8, PageState.Free(3) with { References = 1 }))),
        Flying(Zones.PresentPages, [2, 3, 7, 10], Of(Operation.Tick(1)).Then(Zone(static z => z with { Present = z.Present + 1 }))),
        Flying(Zones.ManagedPages, [2, 3, 5, 7, 10], Of(Operation.Tick(1)).Then(Zone(static z => z with { Managed = z.Managed - 1 }))),
        Flying(Rollback.NodesUnchanged, [1, 2, 3, 6, 7, 10, 11, 12],   // Of blocks that come and go their nodes know.
            Failing(Operation.Online(B5), Errno.EBUSY).Then(static s => s.Node(0, static n => n with { HasNormalMemory = false }))),
        Flying(Accounting.QuietOperations, [1, 2, 3, 4, 5, 6, 7, 10],
            Of(Operation.Free(Name.Allocation(1))).Then(Zone(static z => z with { Present = z.Present + 1 }))),
        Flying(Accounting.ManagedTotal, [.. Enumerable.Range(1, 12)], Of(Operation.Tick(1)).Then(static s => s.TotalOff = 1)),
        Flying(Blocks.OnlineAttributeIdempotent, [1, 2, 3], Failing(Operation.WriteOnline(B4, true), Errno.EINVAL)),
        Flying(Blocks.HasDevice, [], Of(Operation.Tick(1)).Then(static s => s.Add(3))),
    ];

    private static Bound Flying(Invariant rule, int[] silent, Scene scene) =>
        new(rule, "what is in flight", 0, s_flights.Length - 1, i => silent.Contains(i),
            i => s_flights[i].Fly(scene.Again().On(TwoNodes).From(Populate)));

    private static MachineSpec TwoNodes(MachineSpec spec) => spec with
    {
        Nodes = 2,
        DeviceMemories = [.. spec.DeviceMemories, new DeviceMemorySpec(10, 2, 8, 1)],
    };

    // On node 1 there are block 2, of d2, and block 7, of d3; block 3, behind d2, is on node 0.
    private static void Populate(Sketch sketch)
    {
        sketch.Add(2, node: 1);
        sketch.Add(3);
        sketch.Add(7, node: 1);
        sketch.Devices.Add(new DeviceObservation(s_d2, new PageRange(64, 32), 32, 32, false));
        sketch.Devices.Add(new DeviceObservation(s_d3, new PageRange(224, 32), 32, 32, false));
        sketch.Devices.Add(new DeviceObservation(s_m2, new PageRange(320, 64), 0, 0, false));
    }

    private static Scene Before(Scene scene, Name device) =>
        scene.From(s => s.Device(device, static d => d with { InFlight = true })).Then(s => s.Device(device, static d => d with { InFlight = false }));

    private static Scene After(Scene scene, Name device) => scene.Then(s => s.Device(device, static d => d with { InFlight = true }));

    private static void Balloon(Sketch sketch, bool inFlight) => sketch.Balloon(b => b with { InFlight = inFlight });

    private static Action<Sketch> Zone(Func<ZoneObservation, ZoneObservation> change) =>
        s => s.Zone(ZoneKind.Movable, z => z.Id.Node == 0 ? change(z) : z);
}
