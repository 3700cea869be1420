using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.CallbackCases;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

/// <summary>Balloons, device memory and online callbacks: by how much they may grow, and what they may claim.</summary>
internal static class DriverBounds
{
    private const CallbackOwners None = CallbackOwners.None;
    private const CallbackOwners OfXen = CallbackOwners.Xen;
    private const CallbackOwners OfVirtioMem = CallbackOwners.VirtioMem;
    private const CallbackOwner Xen = CallbackOwner.Xen;
    private const CallbackOwner VirtioMem = CallbackOwner.VirtioMem;
    private const CallbackOwner Generic = CallbackOwner.Generic;

    private static readonly Operation s_tick = Operation.Tick(1);
    private static readonly Operation s_inflate = Operation.Inflate(BalloonDriver.Virtio, 4);

    public static readonly Bound[] All =
    [
        new(Balloons.SizeIsItsPages, "pages that it says", 0, 8, static x => x == 4, static x => Says(s_tick, x)),
        new(Balloons.SizeIsItsPages, "pages that it says, some in a block that spans zones", 0, 8, static x => x == 4,
            static x => Says(s_tick, x).From(static s => s[0].Zone = ZoneKind.None)),
        new(Balloons.GrowsByWhatItTook, "pages that it grows by and took", 0, 6, static x => x <= 4,
            static x => Says(s_inflate, 4 + x).With(WitnessRole.Taken, 16, x)),
        new(Balloons.GrowsByWhatItTook, "pages that it grows by, and took two", -2, 6, static x => x == 2,
            static x => Says(s_inflate, 4 + x).With(WitnessRole.Taken, 16, 2)),
        new(Balloons.ShrinksByWhatItGave, "pages that are left of four, of which it gave three", 0, 6, static x => x == 1,
            static x => Says(Operation.Deflate(BalloonDriver.Virtio, 3), x).With(WitnessRole.Released, 8, 3)),
        new(Balloons.ShrinksByWhatItGave, "pages that are left when it adds a block", 0, 40, static x => x == 20, static x => Adding(40, x)),
        new(Balloons.ShrinksByWhatItGave, "pages that are left when it adds a block and gives all", 0, 40, static x => x == 0, static x => Adding(100, x)),
        new(Balloons.ManagedFollows, "pages that managed rises by when it adds a block", 36, 44, static x => x == 40, static x => Adding(40, 20)
            .Then(Managed(x - 32))),
        Bound.Of(Balloons.SizeByRequest, "Xen's balloon, and what is not backed",
            [Driven(Operation.Online(B5)), Driven(Operation.Online(B5)).Then(static s => s[6].Fill(4, 4, Unbacked)).Then(Xens(32)),
                Driven(Operation.Online(B5)).Then(static s => s[6].Fill(4, 4, Unbacked))],
            [
                Driven(Operation.Online(B5)).Then(Xens(32)),
                Driven(Operation.Online(B5)).Then(static s => s[6].Fill(4, 4, Held)).Then(Xens(32)),
            ]),
        Bound.Of(Balloons.MigrationMovesPage, "a page that moves",
            [Moves(Ballooned, Ballooned), Moves(Used, Used), Moves(PageState.NotSeen, Ballooned), Moves(Ballooned, PageState.NotSeen)],
            [Moves(Ballooned, Used), Moves(Used, Ballooned), Moves(Ballooned, Held), Moves(Ballooned, Ballooned with { Owner = 1 })]),
        Bound.Of(Balloons.TakesFreePages, "pages that a witness names",
            [Says(s_inflate, 4).With(WitnessRole.Culprit, 0, 1), Says(s_inflate, 4).With(WitnessRole.Released, 0, 1)],
            [Says(s_inflate, 4).With(WitnessRole.Taken, 0, 1)]),

        Bound.Of(Backings.BackedByRequest, "a page is backed when a balloon deflates",
            [Gives(WitnessRole.Released, 200), Gives(WitnessRole.Released, 207)],
            [Driven(Operation.Deflate(BalloonDriver.Xen, 8)).Then(Back), Gives(WitnessRole.Released, 224), Gives(WitnessRole.Taken, 200)]),
        Bound.Of(Backings.BackedIsFree, "pages that were backed",
            [
                Backed(PageState.Free(0)), Backed(PageState.NotSeen),
                Backed(PageState.Free(0) with { Flags = PageFlags.Buddy | PageFlags.HwPoison }),
            ],
            [Backed(KernelUse), Backed(Held), Backed(PageState.Free(0) with { Flags = PageFlags.Buddy | PageFlags.Unbacked })]),
        Bound.Of(Backings.UsableWithinBacked, "whose memory it is",
            [
                Driven(s_tick),
                Driven(s_tick).Then(Free).Then(static s => s.Device(Name.Device(2), static d => d with { Owner = Generic })),
                Driven(s_tick).Then(static s => s.Add(7, ZoneKind.Normal)),
                Driven(s_tick).Then(Free).Then(static s => s.Devices.Add(new DeviceObservation(Name.Device(3), new PageRange(160, 96), 0, 96, false))),
                Driven(s_tick).Then(Free).Then(static s => s[6].IsRegistered = false),
                Driven(s_tick).Then(static s => s.Device(D1, static d => d with { PluggedPages = 0 })),
            ],
            [
                Driven(s_tick).Then(Free),
                Driven(s_tick).Then(Free).Then(static s => s.Devices.Add(new DeviceObservation(Name.Device(3), new PageRange(224, 32), 0, 32, false))),
            ]),

        Sized("any size", -1, 72, static x => x is >= 0 and <= 64 && x % 8 == 0, DeviceMemories.WholeSubBlocks, s_tick),
        Sized("plugged by two", 0, 40, static x => x is >= 8 and <= 24, DeviceMemories.MovesTowardsRequest, Operation.Plug(M1, 2)),
        Sized("unplugged by one", 0, 16, static x => x <= 8, DeviceMemories.MovesTowardsRequest, Operation.Unplug(M1, 1)),
        Sized("unplugged by more than it has", -8, 16, static x => x is >= 0 and <= 8, DeviceMemories.MovesTowardsRequest, Operation.Unplug(M1, 3)),
        Sized("to be four sub-blocks", 0, 40, static x => x is >= 8 and <= 32, DeviceMemories.MovesTowardsRequest, Operation.Resize(M1, 4)),
        Sized("to be one sub-block, as it is", 0, 16, static x => x == 8, DeviceMemories.MovesTowardsRequest, Operation.Resize(M1, 1)),
        Sized("to be nothing", -8, 16, static x => x is >= 0 and <= 8, DeviceMemories.MovesTowardsRequest, Operation.Resize(M1, 0)),
        Bound.Of(DeviceMemories.ReachedWhenOk, "it is not shown",
            [Of(Operation.Resize(M1, 4)).Then(Gone), Of(Operation.Resize(M1, 4)).From(Gone)], [Of(Operation.Resize(M1, 4))]),
        Bound.Of(DeviceMemories.PagesFollowSubBlocks, "steps, and the pages last",
            [
                Steps(Ballooned, WitnessRole.Plugged), Steps(PageState.NotSeen, WitnessRole.Plugged), Steps(Used, WitnessRole.Plugged),
                Steps(Unplugged, WitnessRole.Plugged, WitnessRole.Unplugged),
                Steps(Unplugged, WitnessRole.Plugged).From(static s => s.Offline(8)),
                Steps(Used, WitnessRole.Unplugged, WitnessRole.Plugged), Steps(Taken, WitnessRole.Unplugged),
                Steps(Unplugged, WitnessRole.Culprit),
            ],
            [
                Steps(Unplugged, WitnessRole.Plugged), Steps(Taken, WitnessRole.Plugged), Steps(Used, WitnessRole.Unplugged),
                Steps(Ballooned, WitnessRole.Unplugged),
                Steps(Unplugged, WitnessRole.Plugged, WitnessRole.Plugged), Steps(Used, WitnessRole.Plugged, WitnessRole.Unplugged),
                Steps(Unplugged, WitnessRole.Plugged).With(WitnessRole.Unplugged, 256, 8),
                Steps(Unplugged, WitnessRole.Plugged, WitnessRole.Culprit),
            ]),
        Usable("usable sub-blocks are told", static x => x >= 16, Dialect.Linux612),
        Usable("single pages may be usable", static x => x >= 9, Dialect.Linux61),

        Bound.Of(Callbacks.OthersRefused, "set and restored in a slot",
            [
                Set(CallbackRegistry.Slot, None, Xen), Restored(CallbackRegistry.Slot, OfVirtioMem, VirtioMem),
                Restored(CallbackRegistry.Slot, None, Generic),
            ],
            [
                Set(CallbackRegistry.Slot, OfVirtioMem, Xen), Set(CallbackRegistry.Slot, OfVirtioMem, VirtioMem),
                Restored(CallbackRegistry.Slot, OfVirtioMem, Xen),
                Restored(CallbackRegistry.Slot, None, Xen), Restored(CallbackRegistry.Slot, OfVirtioMem, Generic),
            ]),
        Bound.Of(Callbacks.OthersRefused, "set and restored in a list",
            [
                Set(CallbackRegistry.List, None, Xen), Set(CallbackRegistry.List, OfVirtioMem, Xen),
                Restored(CallbackRegistry.List, OfXen | OfVirtioMem, Xen),
            ],
            [
                Set(CallbackRegistry.List, OfXen, Xen), Set(CallbackRegistry.List, OfXen | OfVirtioMem, Xen),
                Set(CallbackRegistry.List, None, Generic),
                Restored(CallbackRegistry.List, OfVirtioMem, Xen), Restored(CallbackRegistry.List, OfXen, Generic),
            ]),
        Bound.Of(Callbacks.OthersRefused, "set and restored for a section", [],
            [Set(CallbackRegistry.Section, None, Xen), Restored(CallbackRegistry.Section, OfXen, Xen)]),
        Bound.Of(Callbacks.OneSlot, "callbacks after",
            [
                Set(CallbackRegistry.List, OfVirtioMem, Xen).Then(To(OfXen | OfVirtioMem)),
                Set(CallbackRegistry.Slot, None, Xen).Then(To(OfXen)),
                Restored(CallbackRegistry.List, OfXen | OfVirtioMem, Xen).Then(To(OfVirtioMem)),
                Set(CallbackRegistry.List, OfVirtioMem, Xen),
                Of(s_tick).On(In(CallbackRegistry.List)).Then(To(OfXen | OfVirtioMem)).AtStart(),
            ],
            [
                Set(CallbackRegistry.List, OfVirtioMem, Xen).Then(To(OfXen)), Set(CallbackRegistry.List, OfVirtioMem, Xen).Then(To(None)),
                Set(CallbackRegistry.Slot, OfVirtioMem, Xen).Then(To(OfXen | OfVirtioMem)),
                Restored(CallbackRegistry.List, OfXen | OfVirtioMem, Xen).Then(To(None)),
                Failing(Operation.SetCallback(Xen), Errno.EINVAL).On(In(CallbackRegistry.List)).Then(To(OfXen | OfVirtioMem)),
                Of(s_tick).On(In(CallbackRegistry.List)).Then(To(OfXen | OfVirtioMem)), Of(s_tick).Then(To(OfXen | OfVirtioMem)).AtStart(),
            ]),
        Bound.Of(Callbacks.SetWhileMemory, "memory, and a callback that is not set",
            [
                Memory(OfVirtioMem), Memory(None).From(Without8), Memory(None).From(Without8).Then(static s => s.Add(7)),
                Memory(None).From(Without8).Then(static s => s.Add(10)),
                Memory(OfXen | OfVirtioMem).Then(Devices(1)), Memory(OfXen).From(Without8).Then(Devices(2)),
                Memory(None).On(In(CallbackRegistry.Section)),
            ],
            [
                Memory(None), Memory(OfXen), Memory(None).From(Without8).Then(static s => s.Add(9)), Memory(OfVirtioMem).Then(Devices(1)),
                Memory(OfVirtioMem).Then(Devices(2)),
                Memory(OfXen).Then(Devices(1)), Memory(None).From(Without8).On(Two).Then(static s => s.Add(10)),
                Memory(None).On(Two).Then(static s => s.Add(10)),
                Memory(None).From(Without8).On(Two).Then(static s => s.Add(11)),
            ]),
    ];

    private static Scene Says(Operation operation, int pages) => Of(operation).Then(s => s.Balloon(b => b with { Pages = pages }));

    // Xen's balloon, of 28 pages, adds block 3 for itself, gives pages back and is left with so many.
    private static Scene Adding(int asked, int left) => Driven(Operation.Deflate(BalloonDriver.Xen, asked))
        .With(WitnessRole.Released, 96, 60 - left).Then(static s => s.Add(3, ZoneKind.Normal).IsRegistered = false).Then(Xens(left));

    private static Action<Sketch> Xens(int pages) => s => s.Balloon(b => b with { Pages = pages });

    private static Action<Sketch> Managed(int pages) => s => s.Zone(ZoneKind.Normal, z => z with { Managed = z.Managed + pages });

    private static Scene Moves(PageState from, PageState to) => Of(Operation.Offline(B4)).From(s => s[4].Fill(8, 1, from))
        .With(WitnessRole.Culprit, 0, 1, 8).With(WitnessRole.Migrated, 16, 1, from: 136).Then(s => s[0].Fill(16, 1, to));

    private static Scene Gives(WitnessRole role, long start) => Driven(Operation.Deflate(BalloonDriver.Xen, 8)).With(role, start, 1).Then(Back);

    private static void Back(Sketch sketch) => sketch[6].Fill(8, 8, PageState.Free(3));

    // Four pages of the eight that were backed; managed rises by all of them.
    private static Scene Backed(PageState page) => Driven(Operation.Back(Name.RawPage(200), 8)).Then(Back).Then(s => s[6].Fill(12, 4, page))
        .Then(static s => s.Zone(ZoneKind.Normal, static z => z with { Managed = 36 }))
        .From(static s => s.Zone(ZoneKind.Normal, static z => z with { Managed = 28 }));

    private static void Free(Sketch sketch) => sketch[6].Fill(0, 32, PageState.Free(3));

    private static Bound Sized(string name, int from, int to, Func<int, bool> holds, Invariant rule, Operation operation) =>
        new(rule, $"pages of device memory, {name}", from, to, holds, x => Of(operation).Then(s => s.Device(M1, d => d with { PluggedPages = x })));

    private static Bound Usable(string name, Func<int, bool> holds, Dialect dialect) =>
        new(PageOfflines.OwnerUnplugged, $"pages plugged of 16, {name}", 0, 24, holds, x => Of(s_tick)
            .On(s => s with { Dialect = dialect }).Then(static s => s[8].Fill(8, 8, PageState.Free(3))).Then(s => s.Device(M1, d => d with { PluggedPages = x })));

    private static void Gone(Sketch sketch) => sketch.Devices.RemoveAll(static d => d.Name == M1);

    private static Scene Steps(PageState page, params ReadOnlySpan<WitnessRole> roles)
    {
        var scene = Of(Operation.Resize(M1, 1)).Then(s => s[8].Fill(8, 8, page));
        foreach (var role in roles)
            scene.With(role, 264, 8);
        return scene;
    }

    private static Func<MachineSpec, MachineSpec> In(CallbackRegistry registry) => s => s with { OnlineCallbacks = registry };

    private static Scene Set(CallbackRegistry registry, CallbackOwners before, CallbackOwner owner) =>
        Of(Operation.SetCallback(owner)).On(In(registry)).From(To(before));

    private static Scene Restored(CallbackRegistry registry, CallbackOwners before, CallbackOwner owner) =>
        Of(Operation.SetCallback(owner, CallbackAction.Restore)).On(In(registry)).From(To(before));

    private static Action<Sketch> To(CallbackOwners callbacks) => s => s.Callbacks = callbacks;

    private static Scene Memory(CallbackOwners callbacks) => Of(s_tick).From(To(callbacks)).AtStart();

    private static void Without8(Sketch sketch) => sketch.Remove(8);

    private static MachineSpec Two(MachineSpec spec) => spec with { DeviceMemories = [.. spec.DeviceMemories, new DeviceMemorySpec(10, 2, 8, 0)] };

    // So many devices that Xen's driver added.
    private static Action<Sketch> Devices(int count) => s =>
    {
        for (var device = 0; device < count; device++)
            s.Devices.Add(new DeviceObservation(Name.Device(3 + device), new PageRange(64 + (32 * device), 32), 0, 32, false, Xen));
    };
}
