using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

/// <summary>By how many pages the counters of a zone may be off: by none, but for what cannot be seen.</summary>
internal static class ManagedBounds
{
    private const ZoneKind Normal = ZoneKind.Normal;
    private const ZoneKind Movable = ZoneKind.Movable;

    // A page that a balloon took, of a machine that does not tell so.
    private static readonly PageState s_nobodys = Ballooned with { Owner = 0 };
    private static readonly Operation s_tick = Operation.Tick(1);

    public static readonly Bound[] All =
    [
        Off("an ordinary zone", [0], Of(s_tick), Movable),
        Off("a zone of a PC that boot memory is not in", [0], Pc(s_tick), Movable),
        Off("a zone of a PC, of another node", [0],
            Pc(s_tick).On(static s => s with { Nodes = 2 }).From(static s => s.Add(6, Normal, node: 1)), Normal, node: 1),
        Off("boot memory lacks pages", [0, 4], Lacking(s_tick), Normal),
        Off("boot memory lacks pages, and a block joins", [0, 4], Lacking(Operation.Online(B5)).Then(static s => s.Online(5, Normal)), Normal),
        Off("boot memory lacks pages, and a block leaves", [0, 4],
            Lacking(Operation.Offline(B5)).From(static s => s.Online(5, Normal)).Then(static s => s.Offline(5)), Normal),
        Off("boot memory ends in the zone below", [4], Lacking(s_tick).From(static s =>
        {
            s.Online(5, Normal);
            s[0].Zone = ZoneKind.Dma32;
        }), Normal),
        Off("boot memory is not shown", [0, 4], Lacking(s_tick).From(static s =>
        {
            s.Online(5, Normal);
            s.Remove(0);
        }), Normal),
        Off("a block that spans zones is as it was", [0, 4], Spanning(), Normal),
        Off("a balloon takes a page of a block that spans zones", null, Spanning().Then(static s => s[0].Fill(12, 1, Ballooned)), Normal),
        Off("a block that spans zones does not show its pages", null, Spanning().From(static s => s[0].ShowsPages = false), Normal),
        Off("boot memory lacks pages from the start", null, Lacking(s_tick).AtStart(), Normal),
        Off("an ordinary zone at the start", [0], Of(s_tick).AtStart(), Movable),

        Off("a balloon's pages, and nobody tells", [0, 4], Nobodys(0), Normal),
        Off("never onlined, and nobody tells", [0],
            Deflating(s_tick).From(static s => s[0].Fill(8, 4, s_nobodys with { Flags = PageFlags.Offline | PageFlags.NeverOnlined })), Normal),
        Off("a device memory's pages", [0], Deflating(s_tick).From(static s => s[0].Fill(8, 4, Taken)), Normal),
        Off("used pages", [0], Deflating(s_tick).From(static s => s[0].Fill(8, 4, Used)), Normal),
        Off("a balloon's pages of another zone", [0], Nobodys(4), Normal),
        Off("a balloon's pages of an offline block", [0],
            Deflating(s_tick).From(static s => s.Offline(5).Fill(8, 4, s_nobodys).Zone = Normal), Normal),
        Off("of a balloon that does not deflate on OOM", [0], Nobodys(0).On(static s => s with { Balloons = [new(BalloonDriver.Virtio, false)] }), Normal),
        Off("told, of a balloon that deflates on OOM", [0], Deflating(s_tick), Normal),

        Off("nobody tells whose they are of a device memory", [0, -5], Untold(s_tick), Movable),
        Off("it is resized", [.. Enumerable.Range(-5, 25)], Untold(Operation.Resize(M1, 1)), Movable),
        Off("it is plugged", [.. Enumerable.Range(-5, 25)], Untold(Operation.Plug(M1, 1)), Movable),
        Off("it is unplugged", [.. Enumerable.Range(-5, 25)], Untold(Operation.Unplug(M1, 1)), Movable),
        Off("nobody tells whose they are at the start", [.. Enumerable.Range(-5, 25)], Untold(s_tick).AtStart(), Movable),
        Off("a device was in flight", [.. Enumerable.Range(-5, 25)], Untold(s_tick).From(BlockCases.InFlight)
            .Then(static s => s.Device(D1, static d => d with { InFlight = false })), Movable),
        Off("a defect is declared", [2, -3], Untold(s_tick).Deviating(Declared(DeviationKind.ManagedPages, Movable)), Movable),
        Off("a defect is declared of another zone", [0, -5],
            Untold(s_tick).Then(Off(Normal, 2)).Deviating(Declared(DeviationKind.ManagedPages, Normal)), Movable),
        Off("a defect is declared of something else", [0, -5], Untold(s_tick).Deviating(Declared(DeviationKind.PoisonedPages, Movable)), Movable),
        Off("a block joins", [0, -5], Untold(Operation.Online(B5)).Then(static s => s.Online(5, Movable)), Movable),
        Off("a block joins another zone", [0, -5], Untold(Operation.Online(B5)).Then(static s => s.Online(5, Normal)), Movable),
        Off("a block with memmap leaves", [0, -5], Untold(Operation.Offline(B4)).Then(static s => s.Offline(4)), Movable),
        Off("a block leaves another zone", [0, -5],
            Untold(Operation.Offline(B5)).From(static s => s.Online(5, Normal)).Then(static s => s.Offline(5)), Movable),
        Off("a block of device memory joins, unplugged pages and all", [0, -5],
            Untold(s_tick).Then(static s => s.Add(9, Movable).Fill(8, 24, Unplugged)), Movable),
        Off("a block of device memory joins, and nobody tells", [24, -5],
            Untold(s_tick).Then(static s => s.Add(9, Movable).Fill(8, 24, s_nobodys)), Movable),
        Off("a block of device memory leaves", [.. Enumerable.Range(-5, 25)],
            Untold(s_tick).From(static s => s.Add(9, Movable).Fill(8, 24, s_nobodys)).Then(static s => s.Offline(9)), Movable),

        Present("an ordinary zone", [0], Of(s_tick), Movable),
        Present("a zone of a PC that boot memory is not in", [0], Pc(s_tick), Movable),
        Present("boot memory lacks pages", [0, 4], LackingPresent(s_tick), Normal),
        Present("boot memory lacks pages, and a block joins", [0, 4],
            LackingPresent(Operation.Online(B5)).Then(static s => s.Online(5, Normal)), Normal),
        Present("boot memory lacks pages from the start", null, LackingPresent(s_tick).AtStart(), Normal),
        Present("a block that goes offline", [0, 8], Of(s_tick).Then(static s => s[4].State = BlockState.GoingOffline), Movable),

        new(Zones.CountersOrdered, "managed", -5, 35, static x => x is >= 0 and <= 32, static x => Managed(x, 0)),
        new(Zones.CountersOrdered, "managed, below as declared", -5, 35, static x => x is >= -3 and <= 32, static x => Managed(x, -3)),
        new(Zones.CountersOrdered, "managed, above as declared", -5, 35, static x => x is >= 0 and <= 32, static x => Managed(x, 3)),

        Span("an ordinary zone", [0], Of(s_tick), Movable),
        Span("what was wrong before", [0, -1], Of(s_tick).From(Spanned(Movable, 1)), Movable),
        Span("from the start", [0], Of(s_tick).AtStart(), Movable),
        Span("a block leaves inside", [0], Of(Operation.Offline(B5)).From(static s => s.Online(5, Movable)).Then(static s => s.Offline(5)), Movable),
        Span("boot memory ends in a block", [.. Enumerable.Range(-31, 32)], Pc(s_tick), Normal),
        Span("a block lies behind boot memory", [0], Pc(Operation.Online(B5)).Then(static s => s.Online(5, Normal)), Normal),
        Span("boot memory's start is not shown", null, Pc(s_tick).Showing(Visibility.All & ~Visibility.ZoneStart), Normal),
        Start("an ordinary zone", [0], Of(s_tick), Movable),
        Start("what was wrong before", [0, -1], Of(s_tick).From(static s => s.Zone(Movable, static z => z with { Start = z.Start + 1 })), Movable),
        Start("from the start", [0], Of(s_tick).AtStart(), Movable),
        Start("an empty zone", null, Of(s_tick).From(static s =>
        {
            s.Offline(4);
            s.Offline(8);
        }), Movable),
        Start("not shown", null, Of(s_tick).Showing(Visibility.All & ~Visibility.ZoneStart), Movable),
        new(Zones.SpanTight, "an empty zone that spans pages", 0, 2, static x => x == 0, static x => Of(s_tick).From(static s =>
        {
            s.Offline(4);
            s.Offline(8);
        }).Then(Spanned(Movable, x))),

        Shown("a block", [0, 32], static s => s, 4),
        Shown("boot memory", [0, 32], static s => s, 0),
        Shown("the first block of a PC", null, static s => s with { PcBoot = true }, 0),
        Shown("the last block of a PC's boot memory", null, static s => s with { PcBoot = true, BootBlocks = 2 }, 1),
        Shown("a block inside of a PC's boot memory", [0, 32], static s => s with { PcBoot = true, BootBlocks = 3 }, 1),
        Shown("a block that a PC did not boot with", [0, 32], static s => s with { PcBoot = true }, 4),
    ];

    // Managed off by so many more than the scene says; null: any number is right.
    private static Bound Off(string name, int[]? right, Scene scene, ZoneKind kind, short node = 0) =>
        new(Zones.ManagedPages, name, -8, 26, x => right?.Contains(x) ?? true,
            x => scene.Again().Then(s => s.Zone(kind, z => z.Id.Node == node ? z with { Managed = z.Managed + x } : z)));

    private static Bound Present(string name, int[]? right, Scene scene, ZoneKind kind) =>
        new(Zones.PresentPages, name, -8, 8, x => right?.Contains(x) ?? true,
            x => scene.Again().Then(s => s.Zone(kind, z => z with { Present = z.Present + x })));

    private static Bound Span(string name, int[]? right, Scene scene, ZoneKind kind) =>
        new(Zones.SpanTight, $"span of {name}", -33, 3, x => right?.Contains(x) ?? true, x => scene.Again().Then(Spanned(kind, x)));

    private static Bound Start(string name, int[]? right, Scene scene, ZoneKind kind) =>
        new(Zones.SpanTight, $"start of {name}", -3, 3, x => right?.Contains(x) ?? true,
            x => scene.Again().Then(s => s.Zone(kind, z => z with { Start = z.Start + x })));

    private static Bound Shown(string name, int[]? right, Func<MachineSpec, MachineSpec> spec, int block) =>
        new(Conservation.PageCount, $"pages of {name}", 0, 32, x => right?.Contains(x) ?? true,
            x => Of(s_tick).On(spec).From(s => s.Add(block, Normal)).Then(s => s[block].Shown = x));

    private static Action<Sketch> Off(ZoneKind kind, int pages) => s => s.Zone(kind, z => z with { Managed = z.Managed + pages });

    private static Action<Sketch> Spanned(ZoneKind kind, int pages) => s => s.Zone(kind, z => z with { Spanned = z.Spanned + pages });

    private static Scene Managed(int pages, int declared) => Of(s_tick).Then(s => s.Zone(Normal, z => z with { Managed = pages }))
        .Deviating(new Deviation("d", DeviationKind.ManagedPages, new ZoneId(0, Normal), Amount: declared));

    private static Scene Pc(Operation operation) => Of(operation).On(static s => s with { PcBoot = true });

    // Boot memory ends inside a block: four pages of it are not there.
    private static Scene Lacking(Operation operation) => Pc(operation).From(Off(Normal, -4));

    private static Scene LackingPresent(Operation operation) =>
        Pc(operation).From(static s => s.Zone(Normal, static z => z with { Present = z.Present - 4 }));

    private static Scene Spanning() => Lacking(s_tick).On(static s => s with { BootBlocks = 2 }).From(static s =>
    {
        s.Add(1, Normal);
        s[0].Zone = ZoneKind.None;
    });

    private static Scene Deflating(Operation operation) => Of(operation).On(static s => s with { Balloons = [new(BalloonDriver.Virtio, true)] });

    private static Scene Nobodys(int block) => Deflating(s_tick).From(s => s[0].Fill(8, 4, Used)).From(s => s[block].Fill(8, 4, s_nobodys));

    // Of device memory's block 24 pages are somebody's, and five of them are managed.
    private static Scene Untold(Operation operation) =>
        Deflating(operation).From(static s => s[8].Fill(8, 24, s_nobodys)).From(Off(Movable, 5));

    private static Deviation Declared(DeviationKind kind, ZoneKind zone) => new("d", kind, new ZoneId(0, zone), Amount: 2);
}
