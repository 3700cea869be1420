using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

/// <summary>What a failed operation may leave as it was not before.</summary>
internal static class RollbackBounds
{
    private static readonly Effect[] s_prepareRefused = EffectScript.Event(MemoryNotification.PrepareOnline, EffectScript.Block4, refusing: 0);
    private static readonly Effect[] s_goingRefused = EffectScript.Event(MemoryNotification.GoingOnline, EffectScript.Body4, refusing: 1);

    public static readonly Bound[] All =
    [
        Bound.Of(Rollback.ReonlinedInSameZone, "a block comes back",
            [
                Rezoned(ZoneKind.Normal, ZoneKind.Dma32), Rezoned(ZoneKind.Normal, ZoneKind.Normal),
                Rezoned(ZoneKind.Movable, ZoneKind.Movable),
            ],
            [
                Rezoned(ZoneKind.Normal, ZoneKind.Movable), Rezoned(ZoneKind.Movable, ZoneKind.Dma32),
                Ejecting().Then(static s => s.Remove(5)),
                Ejecting().Then(static s => s.Online(5, ZoneKind.Normal)), Ejecting().Then(static s => s.Add(3)),
            ]),
        Bound.Of(Rollback.ReonlinedInSameZone, "a block stays offline",
            [Left().Doing(s_prepareRefused), Left().Doing(s_goingRefused), Left().Without(Levels.Effects)],
            [
                Left(), Left().Without(Levels.Effects | Levels.Faults), Left().Without(Levels.Faults),
                Left().Doing(EffectScript.Event(MemoryNotification.PrepareOnline, EffectScript.Block4)),
                Left().Doing(EffectScript.Event(MemoryNotification.GoingOffline, EffectScript.Body4, refusing: 1)),
                Left().Doing(EffectScript.Event(MemoryNotification.PrepareOnline, EffectScript.Block5, refusing: 0)),
                Left().Doing(EffectScript.Step(EffectKind.Isolated, EffectScript.Block4)),
            ]),
        Bound.Of(Rollback.ZonesUnchanged, "managed moves",
            [Moved(1), Moved(8), Moved(1).Then(static s => s.Offline(4))], [Moved(1).On(NoBalloon), Moved(1).Then(Less)]),
        Bound.Of(Rollback.PageOfflineUnchanged, "a page of device memory",
            [
                Page(Unplugged, Unplugged), Page(Unplugged, Taken), Page(Unplugged, PageState.NotSeen),
                Page(Unplugged, Unplugged with { References = PageState.Unknown }),
                Page(Unplugged with { References = PageState.Unknown }, Unplugged),
                Page(Ballooned, Used), Page(Ballooned with { Owner = 0 }, Used), Page(Used, KernelUse), Page(Used, Taken),
                Page(Unplugged, Used).Then(static s => s.Offline(8)), Page(Unplugged, Used).From(static s => s.Offline(8)),
                Page(Unplugged, Used).Then(static s => s.Remove(8)), OfDimm(), Page(Unplugged, Used).Deviating(Lost(8)),
                Page(Unplugged, Unplugged with { Flags = Unplugged.Flags | PageFlags.HwPoison }),
            ],
            [
                Page(Unplugged, Used), Page(Unplugged, PageState.Free(0)), Page(Unplugged, Unplugged with { References = 0 }),
                Page(Taken, Used),
                Page(Taken, Taken with { References = 2 }), Page(Unplugged with { Owner = 0 }, Used),
                Page(Taken with { Owner = 199 }, Used),
                Page(Unplugged, Used).Deviating(Lost(9)),
            ]),
        Bound.Of(Rollback.PagesUnchanged, "a page after an allocation that failed",
            [Drained(PageState.Free(0), PageState.Listed(1)), Drained(PageState.Listed(1), PageState.Free(0)), Drained(Used, Used)],
            [
                Drained(PageState.Free(0), Used), Drained(Used, PageState.Free(0)), Drained(PageState.Listed(1), Used),
                Drained(Used, PageState.Listed(1)),
                Page(PageState.Free(0), PageState.Listed(1)), Page(Used, PageState.Free(0)),
            ]),
        new(Rollback.MemmapUnchanged, "pages of memmap, four before", -1, 6, static x => x == 4, static x => Memmap(4, x)),
        new(Rollback.MemmapUnchanged, "pages of memmap, none before", -1, 3, static x => x == 0, static x => Memmap(0, x)),
        new(Rollback.MemmapUnchanged, "pages of memmap, not shown before", -1, 3, static _ => true, static x => Memmap(-1, x)),
        new(Vmemmap.CostFollowsBlocks, "pages of memmap, four before", -1, 6, static x => x is -1 or 4, static x => Cost(4, x)),
        new(Vmemmap.CostFollowsBlocks, "pages of memmap, none before", -1, 3, static x => x is -1 or 0, static x => Cost(0, x)),
        new(Vmemmap.CostFollowsBlocks, "pages of memmap, not shown before", -1, 3, static _ => true, static x => Cost(-1, x)),
        new(Vmemmap.CostFollowsBlocks, "pages of memmap at the start", -1, 3, static _ => true, static x => Cost(0, x).AtStart()),
        new(Vmemmap.CostFollowsBlocks, "pages of memmap, a block goes", 6, 26, static x => x is 8 or 16,
            static x => Cost(16, x).Then(static s => s.Remove(5))),
        new(Vmemmap.CostFollowsBlocks, "pages of memmap, a block comes", 6, 34, static x => x is 16 or 24, static x => Cost(16, x).Then(static s => s.Add(2))),
        new(Vmemmap.CostFollowsBlocks, "pages of memmap, a block comes and one goes", 6, 34, static x => x is 8 or 16 or 24,
            static x => Cost(16, x).Then(static s => s.Add(2)).Then(static s => s.Remove(5))),
        new(Vmemmap.CostFollowsBlocks, "pages of memmap, a block changes", 6, 34, static x => x == 16,
            static x => Cost(16, x).Then(static s => s[4].Fill(8, 8, Used))),
        new(Vmemmap.CostFollowsBlocks, "pages of memmap, in flight", 6, 34, static _ => true, static x => Cost(16, x).From(BlockCases.InFlight)),
    ];

    private static Scene Ejecting() => Failing(Operation.Eject(D1), Errno.EBUSY);

    private static Scene Left() => Ejecting().Then(static s => s.Offline(4));

    private static Scene Rezoned(ZoneKind from, ZoneKind to) => Ejecting().From(s => s.Online(5, from)).Then(s => s[5].Zone = to);

    private static Scene Moved(int pages) => Failing(Operation.Offline(B4), Errno.EBUSY)
        .Then(s => s.Zone(ZoneKind.Normal, z => z with { Managed = z.Managed - pages }))
        .Then(s => s.Zone(ZoneKind.Movable, z => z with { Managed = z.Managed + pages }));

    private static void Less(Sketch sketch) => sketch.Zone(ZoneKind.Movable, static z => z with { Managed = z.Managed - 1 });

    private static MachineSpec NoBalloon(MachineSpec spec) => spec with { Balloons = [] };

    private static Scene Page(PageState before, PageState after) => Failing(Operation.Alloc(Name.Allocation(1), 1), Errno.ENOMEM)
        .From(s => s[8].Fill(8, 1, before)).Then(s => s[8].Fill(8, 1, after));

    private static Scene Drained(PageState before, PageState after) =>
        Page(before, after).On(static s => s with { Cpus = 2, PcpBatch = 2, PcpHigh = 4 });

    private static Scene OfDimm() => Failing(Operation.Offline(B4), Errno.EBUSY)
        .From(static s => s[4].Fill(8, 1, Unplugged)).Then(static s => s[4].Fill(8, 1, Used));

    private static Deviation Lost(int block) => new("d", DeviationKind.OfflineLost, default, block, 8);

    private static Scene Memmap(int before, int after) => Failing(Operation.Add(Name.Device(2), 32), Errno.ENOMEM)
        .From(s => s.MemmapPages = before).Then(s => s.MemmapPages = after);

    private static Scene Cost(int before, int after) =>
        Of(Operation.Tick(1)).From(s => s.MemmapPages = before).Then(s => s.MemmapPages = after);
}
