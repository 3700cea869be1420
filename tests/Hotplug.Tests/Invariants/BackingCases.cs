using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.CallbackCases;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

internal static class BackingCases
{
    private static readonly Operation s_back = Operation.Back(Name.RawPage(200), 8);

    public static readonly InvariantCase[] All =
    [
        Refused(Backings.UnbackedStaysOut, "an unbacked page is free", Driven(Operation.Tick(1)).Then(static s =>
            s[6].Fill(8, 8, PageState.Free(3) with { Flags = PageFlags.Buddy | PageFlags.Unbacked }))),
        Kept(Backings.UnbackedStaysOut, "unbacked pages are PageOffline", Driven(Operation.Tick(1))),

        Refused(Backings.BackedByRequest, "the page behind is backed too", Backed()
            .Then(static s => s[6].Fill(16, 8, PageState.Free(3)))),
        Refused(Backings.BackedByRequest, "a page loses its backing", Driven(Operation.Tick(1))
            .Then(static s => s[6].Fill(0, 8, Unbacked))),
        Kept(Backings.BackedByRequest, "the named pages are backed", Backed()),
        Kept(Backings.BackedByRequest, "the balloon deflates", Driven(Operation.Deflate(BalloonDriver.Xen, 8))
            .With(WitnessRole.Released, 200, 8).Then(Back)),

        Refused(Backings.BackedIsFree, "nothing changes", Driven(s_back)),
        Refused(Backings.BackedIsFree, "managed stays", Backed()
            .Then(static s => s.Zone(ZoneKind.Normal, static z => z with { Managed = z.Managed - 8 }))),
        Kept(Backings.BackedIsFree, "they are free", Backed()),
        Kept(Backings.BackedIsFree, "backed while offline", Driven(s_back).From(static s =>
        {
            s.Offline(6).Zone = ZoneKind.Normal;
            s.Device(Name.Device(2), static d => d with { PluggedPages = 0, Owner = CallbackOwner.HyperV });
            s.Balloon(static b => b with { Pages = 4 });
            s.Callbacks |= CallbackOwners.HyperV;
        }).Then(static s => s.Device(Name.Device(2), static d => d with { PluggedPages = 8 }))),

        Refused(Backings.UsableWithinBacked, "a gap goes to the buddy", Driven(Operation.Tick(1))
            .Then(static s => s[6].Fill(8, 8, PageState.Free(3)))),
        Kept(Backings.UsableWithinBacked, "some of what is backed is ballooned", Driven(
            Operation.Inflate(BalloonDriver.Xen, 4)).With(WitnessRole.Taken, 192, 4).Then(static s =>
        {
            s[6].Fill(0, 4, Held).Fill(4, 4, PageState.Free(2));
            s.Balloon(static b => b with { Pages = 32, TargetPages = 32 });
        })),

        Refused(Backings.ReservedStopsIsolation, "drivers are asked", Raw(Failing(Operation.Offline(B6), Errno.EBUSY))
            .Doing(EffectScript.Step(EffectKind.Isolated, Block6),
                EffectScript.Call(MemoryNotification.GoingOffline, Block6, 0))),
        Kept(Backings.ReservedStopsIsolation, "nobody is told", Raw(Failing(Operation.Offline(B6), Errno.EBUSY))),

        Refused(Backings.ImmovableKeepsOnline, "it goes offline with them", Driven(Operation.Offline(B6))
            .Then(static s => s.Offline(6).Zone = ZoneKind.Normal)),
        Kept(Backings.ImmovableKeepsOnline, "it goes offline fully backed", Driven(Operation.Offline(B6))
            .From(static s =>
        {
            s[6].Fill(0, 32, PageState.Free(3));
            s.Device(Name.Device(2), static d => d with { PluggedPages = 32 });
            s.Balloon(static b => b with { Pages = 4 });
        }).Then(static s => s.Offline(6).Zone = ZoneKind.Normal)),

        Refused(Backings.ImmovableStaysInPlace, "a held page is migrated", Driven(Operation.Offline(Name.RawBlock(0)))
            .With(WitnessRole.Migrated, 160, 4, from: 8)),
        Kept(Backings.ImmovableStaysInPlace, "used pages are migrated", Driven(Operation.Offline(B4))
            .From(static s => s[4].Fill(8, 8, Used)).With(WitnessRole.Migrated, 16, 8, from: 136).Then(static s =>
        {
            s.Offline(4);
            s[0].Fill(16, 8, Used);
        })),

        Refused(Backings.ImmovableOutsideMovable, "taken from zone Movable",
            Driven(Operation.Inflate(BalloonDriver.Xen, 4)).With(WitnessRole.Taken, 136, 4)),
        Kept(Backings.ImmovableOutsideMovable, "taken from zone Normal", Driven(Operation.Inflate(BalloonDriver.Xen, 4))
            .With(WitnessRole.Taken, 16, 4).Then(static s =>
        {
            s[0].Fill(16, 4, Held).Fill(20, 4, PageState.Free(2));
            s.Balloon(static b => b with { Pages = 32, TargetPages = 32 });
        })),
    ];

    private static Scene Backed() => Driven(s_back).Then(Back);

    private static void Back(Sketch sketch)
    {
        sketch[6].Fill(8, 8, PageState.Free(3));
        sketch.Device(Name.Device(2), static d => d with { PluggedPages = 16 });
        sketch.Balloon(static b => b with { Pages = 20, TargetPages = 20 });
    }

    // 6.1: what its driver kept from the buddy is as raw as it was.
    public static Scene Raw(Scene scene) => scene.On(static s => s with
    {
        Balloons = [new(BalloonDriver.Xen, false)],
        Dialect = Dialect.Linux61,
    }).From(static s =>
    {
        s[0].Fill(8, 4, Held);
        s.Add(6, ZoneKind.Normal).Fill(0, 32, Unbacked with { Flags = Unbacked.Flags | PageFlags.Reserved });
        s.Devices.Add(new DeviceObservation(Name.Device(2), Block6, 0, 32, false, CallbackOwner.Xen));
        s.Balloons[0] = new BalloonObservation(BalloonDriver.Xen, 36, 36, false);
        s.Callbacks = CallbackOwners.Xen;
    });
}
