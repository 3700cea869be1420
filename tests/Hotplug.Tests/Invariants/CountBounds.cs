using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

/// <summary>Sums, lists and ranges: which pages count, and which do not.</summary>
internal static class CountBounds
{
    private const ZoneKind Normal = ZoneKind.Normal;
    private const ZoneKind Movable = ZoneKind.Movable;

    private static readonly Operation s_tick = Operation.Tick(1);
    private static readonly Operation s_alloc = Operation.Alloc(Name.Allocation(1), 1);
    private static readonly PageState s_listed = PageState.Listed(1);

    public static readonly Bound[] All =
    [
        new(Accounting.ManagedTotal, "pages that the total is off by", -62, 2, static x => x is 0 or < -60,
            static x => Of(s_tick).Then(s => s.TotalOff = x)),
        Free("an ordinary zone", [0], Of(s_tick), Movable),
        Free("a zone of a PC", [0], Pc(), Normal),
        Free("a zone of a PC, and its neighbour is off too", [], Pc().Then(Off(Movable, -3)), Normal),
        Free("a zone beside a block that spans zones", [20], Spanning(), Normal),
        Free("a zone beside a block that does not show its pages", null, Spanning().From(static s => s[0].ShowsPages = false), Normal),
        Free("a zone of a PC, and pages of its neighbour are not shown", null, Pc().From(static s => s[4].ShowsPages = false), Normal),
        Free("a zone of a PC, and a pageblock of its neighbour is isolated", null, Pc().Then(Isolated(1)), Normal),
        Free("a zone of a PC, and nobody tells what is isolated", [0], Pc().Then(Isolated(-1)), Normal),
        Free("a zone of a PC, and another node has pages too", [0],
            Pc().On(static s => s with { Nodes = 2 }).From(static s => s.Add(6, Normal, node: 1)).Then(static s => s[6].Fill(0, 8, Used)), Normal),
        Bound.Of(Accounting.FreePages, "pages that are not shown",
            [
                Of(s_tick).From(static s => s[4].ShowsPages = false).Then(Off(Movable, 1)),
                Of(s_tick).Then(Isolated(1)).Then(Off(Movable, 1)),
            ],
            [Of(s_tick).Then(Isolated(0)).Then(Off(Movable, 1)), Of(s_tick).Then(Isolated(1)).Then(Off(Normal, 1))]),
        Bound.Of(Accounting.QuietOperations, "managed rises by what nobody shows",
            [Freeing().Showing(Visibility.All & ~Visibility.Placement)],
            [Freeing(), Freeing().On(NoBalloon), Freeing().On(NoBalloon).Showing(Visibility.All & ~Visibility.Placement)]),
        Bound.Of(Accounting.NodeMemory, "zones of a node",
            [Of(s_tick).From(static s => s.Add(3, ZoneKind.Dma32)), Of(s_tick).On(static s => s with { Nodes = 2 })],
            [
                Of(s_tick).From(static s => s.Add(3, ZoneKind.Dma32)).Then(static s => s.Node(0, static n => n with { HasNormalMemory = false })),
                Of(s_tick).On(static s => s with { Nodes = 2 }).Then(static s => s.Node(1, static n => n with { HasMemory = true })),
            ]),
        Bound.Of(Accounting.NodeOnline, "a node loses a block",
            [Leaving(3, online: true), Leaving(-1, online: false)], [Leaving(3, online: false), Leaving(-1, online: true)]),

        new(Pcplists.WithinHigh, "pages on a list", 0, 7, static x => x <= 4, static x => Listing(s => s.Pcplist = l => l with { Pages = x })),
        new(Pcplists.WithinHigh, "pages on a disabled list", 0, 7, static _ => true,
            static x => Listing(s => s.Pcplist = l => l with { Pages = x, High = 0 })),
        new(Pcplists.LimitsRestored, "high mark", 2, 6, static x => x == 4, static x => Listing(s => s.Pcplist = l => l with { High = x })),
        new(Pcplists.LimitsRestored, "batch", 0, 4, static x => x == 2, static x => Listing(s => s.Pcplist = l => l with { Batch = x })),
        new(Pcplists.CountIsItsPages, "pages more than are seen", -1, 2, static x => x == 0, static x => Listing(More(x))),
        new(Pcplists.CountIsItsPages, "pages more than are seen, some of a block that spans zones", -1, 2, static x => x == 0,
            static x => Listing(More(x)).On(static s => s with { BootBlocks = 2 })
                .From(static s => s.Add(1, Normal)).From(static s => s[1].Fill(0, 1, s_listed))),
        new(Pcplists.CountIsItsPages, "pages more than are seen, and some are not", -1, 2, static _ => true,
            static x => Listing(More(x)).From(static s => s[4].ShowsPages = false)),
        new(Pcplists.CountIsItsPages, "pages that are counted on another node", 0, 2, static x => x == 0, static x => Listing(s =>
            s.Pcplist = l => l.Cpu != 1 || l.Zone.Kind != Normal ? l : l with { Pages = l.Pages + (l.Zone.Node == 0 ? -x : x) })
                .On(static s => s with { Nodes = 2 }).From(static s => s.Add(6, Normal, node: 1).Fill(0, 1, s_listed))),
        Bound.Of(Pcplists.LeavesToBuddyOrUser, "a page leaves its list",
            [
                Leaves(PageState.Free(0)), Leaves(s_listed), Leaves(Used).With(WitnessRole.Taken, 16, 1),
                Leaves(Used).With(WitnessRole.Migrated, 16, 1),
            ],
            [Leaves(Used), Leaves(Used).With(WitnessRole.Released, 16, 1), Leaves(Used).With(WitnessRole.Taken, 17, 1)]),

        new(Contigs.TakesNoPageOffline, "pages, of all that there can be", 126, 131, static x => x > 128, static x => Contig(264, x)),
        Bound.Of(Contigs.TakesNoPageOffline, "whose PageOffline page it is",
            [
                Over(Ballooned), Over(Ballooned with { Owner = PageState.LoanOwner }),
                Over(Taken with { Flags = PageFlags.Offline | PageFlags.Movable }), Over(Used),
            ],
            [Over(Taken), Over(CallbackCases.Held), Over(Ballooned with { Owner = PageState.BalloonOwner + (byte)BalloonDriver.HyperV })]),
        Bound.Of(Contigs.TakesFreeOrMovedPages, "as far as there is memory",
            [Contig(0, 32).From(Empty)], [Contig(0, 200).From(Empty), Contig(0, 129).From(Empty), Contig(0, 32)]),
        Bound.Of(Contigs.TakesExactlyTheRange, "a page that was taken",
            [Took(KernelUse), Took(KernelUse with { References = PageState.Unknown }), Took(PageState.NotSeen)],
            [
                Took(KernelUse with { References = 2 }), Took(KernelUse with { References = 0 }),
                Took(PageState.Free(0) with { References = 1 }), Took(PageState.Free(0)),
            ]),

        new(Conservation.ChunksAligned, "order of a chunk of 16 pages", 2, 7, static x => x != 5,
            static x => Of(s_tick).Then(s => s[4].Fill(8, 8, Used).Fill(16, 16, PageState.Free(x)))),
        Bound.Of(Conservation.AllocTakesFreePages, "pages that a witness names",
            [Of(s_alloc).With(WitnessRole.Culprit, 0, 1), Of(s_alloc).With(WitnessRole.Released, 0, 1)], [Of(s_alloc).With(WitnessRole.Taken, 0, 1)]),
        Bound.Of(Conservation.ReleasedIsFree, "pages that a witness names",
            [
                Given(KernelUse, WitnessRole.Taken), Given(PageState.Free(0), WitnessRole.Released), Given(Poisoned, WitnessRole.Released),
                Given(KernelUse, WitnessRole.Released).Then(Hidden),
            ],
            [
                Given(KernelUse, WitnessRole.Released), Given(Used, WitnessRole.Released).Then(Hidden),
                Given(KernelUse, WitnessRole.Released).Then(static s => s.Add(3, Normal)),
            ]),

        Bound.Of(Blocks.AddIsWhole, "what the witness names",
            [
                Added(WitnessRole.Placed, 64, 64), Added(WitnessRole.Culprit, 96, 64),
                Failing(Operation.Add(Name.Device(2), 64), Errno.ENOMEM).With(WitnessRole.Placed, 64, 64),
            ], [Added(WitnessRole.Placed, 64, 96), Added(WitnessRole.Placed, 32, 64)]),
        Bound.Of(Blocks.OnlineAttributeIdempotent, "what is refused",
            [
                Writing(B4, false), Writing(B5, true), Writing(B4, true).From(static s => s[4].IsRegistered = false),
                Writing(B5, false).From(static s => s[5].IsRegistered = false),
            ],
            [Writing(B4, true), Writing(B5, false)]),
        Bound.Of(Blocks.ResourcesAgree, "a block without a resource",
            [Lacking(), Lacking().Then(static s => s[4].Fill(8, 8, Used)), Of(s_tick).Then(static s => s.Add(1)), Of(s_tick).AtStart()],
            [
                Lacking().AtStart(), Lacking().Then(static s => s.Add(2)), Lacking().Then(static s => s.Remove(5)),
                Of(s_tick).Then(static s => s.Resources = [new(128, 64)]),
                Of(s_tick).Then(static s => s.Add(1)).Then(static s => s.Resources = [new(128, 64), new(256, 32)]),
            ]),
        Bound.Of(Blocks.HasDevice, "a block without a device",
            [
                Of(s_tick).Then(static s => s.Add(3).IsRegistered = false), Of(s_tick).From(BlockCases.InFlight),
                Of(s_tick).On(static s => s with { BootBlocks = 2 }).Then(static s => s.Add(1, Normal)),
            ],
            [
                Of(s_tick).Then(static s => s.Add(3)), Of(s_tick).Then(static s => s.Add(1)),
                Of(s_tick).Then(static s => s.Devices.RemoveAt(0)),
            ]),
    ];

    private static Bound Free(string name, int[]? right, Scene scene, ZoneKind kind) =>
        new(Accounting.FreePages, $"free pages more, of {name}", -4, 22, x => right?.Contains(x) ?? true, x => scene.Again().Then(Off(kind, x)));

    private static Action<Sketch> Off(ZoneKind kind, int pages) =>
        s => s.Zone(kind, z => z.Id.Node == 0 ? z with { Free = z.Free + pages } : z);

    private static Action<Sketch> Isolated(int pageblocks) => s => s.Zone(Movable, z => z with { IsolatedPageblocks = pageblocks });

    private static Scene Pc() => Of(s_tick).On(static s => s with { PcBoot = true });

    private static Scene Spanning() => Pc().On(static s => s with { BootBlocks = 2 }).From(static s =>
    {
        s.Add(1, Normal);
        s[0].Zone = ZoneKind.None;
    });

    private static MachineSpec NoBalloon(MachineSpec spec) => spec with { Balloons = [] };

    private static Scene Freeing() => Of(Operation.Free(Name.Allocation(1)))
        .Then(static s => s.Zone(Movable, static z => z with { Managed = z.Managed + 1 }));

    // Block 2 of node 1 goes; another one of that node may be left.
    private static Scene Leaving(int left, bool online) => Of(Operation.Remove(Name.Device(2))).On(static s => s with { Nodes = 2 }).From(s =>
    {
        s.Add(2, node: 1);
        if (left >= 0)
            s.Add(left, node: 1);
    }).Then(static s => s.Remove(2)).Then(s => s.Node(1, n => n with { Online = online }));

    private static Scene Listing(Action<Sketch> change) => PcplistCases.Listing(Of(s_tick)).Then(change);

    private static Action<Sketch> More(int pages) =>
        s => s.Pcplist = l => l.Cpu == 1 && l.Zone == new ZoneId(0, Normal) ? l with { Pages = l.Pages + pages } : l;

    private static Scene Leaves(PageState after) => PcplistCases.Listing(Of(s_alloc)).Then(s => s[0].Fill(16, 1, after));

    private static Scene Contig(long start, long pages) => Of(Operation.Contig(Name.Allocation(1), Name.RawPage(start), pages));

    private static Scene Over(PageState page) => Contig(256, 8).From(s => s[8].Fill(0, 8, page));

    private static void Empty(Sketch sketch) => sketch[0].Fill(0, 32, PageState.Free(3));

    private static Scene Took(PageState page) =>
        Contig(256, 8).With(WitnessRole.Taken, 256, 8).Then(s => s[8].Fill(0, 8, KernelUse).Fill(4, 1, page));

    private static Scene Given(PageState after, WitnessRole role) =>
        Of(Operation.Deflate(BalloonDriver.Xen, 4)).With(role, 8, 4).Then(s => s[0].Fill(8, 4, after));

    private static void Hidden(Sketch sketch) => sketch.Add(3, Normal).IsRegistered = false;

    private static Scene Added(WitnessRole role, long start, long pages) => Of(Operation.Add(Name.Device(2), 64)).From(static s => s.Remove(4))
        .With(role, start, pages).Then(static s => s.Add(2)).Then(static s => s.Add(3));

    private static Scene Writing(Name block, bool online) => Failing(Operation.WriteOnline(block, online), Errno.EINVAL);

    // Block 8 has none; that was so before.
    private static Scene Lacking() => Of(s_tick).From(static s => s.Resources = [new(128, 64)]);
}
