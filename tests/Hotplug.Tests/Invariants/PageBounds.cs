using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

/// <summary>References, PageOffline and poison, page by page. Of block 8 the first 8 pages are free, the others unplugged.</summary>
internal static class PageBounds
{
    private static readonly Operation s_tick = Operation.Tick(1);
    private static readonly Operation s_alloc = Operation.Alloc(Name.Allocation(1), 1);
    private static readonly Operation s_poison = Operation.Poison(Name.RawPage(3));
    private static readonly PageState s_nobodys = Ballooned with { Owner = 0 };
    private static readonly PageState s_broken = KernelUse with { Flags = KernelUse.Flags | PageFlags.HwPoison };
    private static readonly PageRange s_dropped = new(264, 24);
    private static readonly Effect s_drop = EffectScript.Step(EffectKind.ReferencesDropped, s_dropped);

    public static readonly Bound[] All =
    [
        Held("an unplugged page", 1, Of(s_tick), Unplugged),
        Held("an unplugged page of source document 003", 0, Sourced(), Unplugged),
        Held("a balloon's page", 1, Of(s_tick), Ballooned),
        Held("a balloon's page of source document 003", 1, Sourced(), Ballooned),
        Held("a page that may be moved, of source document 003", 1, Sourced(), Taken with { Flags = PageFlags.Offline | PageFlags.Movable }),
        Held("an unbacked page of source document 003", 1, Sourced(), Taken with { Flags = PageFlags.Offline | PageFlags.Unbacked }),
        new(References.OfflinePageIsOne, "references as before", 0, 3, static x => x > 0,
            static x => Of(s_tick).From(s => Refer(s, 9, 1, x)).Then(static s => s[8].Fill(0, 8, Used))),
        new(References.OfflinePageIsOne, "references, two before", 0, 3, static x => x is 1 or 2,
            static x => Of(s_tick).From(static s => Refer(s, 9, 1, 2)).Then(s => Refer(s, 9, 1, x))),
        Named("first of three that have one more", 9), Named("second of three that have one more", 10),
        Named("third of three that have one more", 11),
        new(References.OfflinePageIsOne, "offset that nobody named", 0, 9, static _ => false,
            static x => Of(s_tick).From(static s => s[8].Fill(0, 32, Unplugged)).Then(s => Refer(s, x, 1, 2))),
        Bound.Of(References.OfflinePageIsOne, "a page that may be on its way",
            [Migrating(s_nobodys).Then(Flying)],
            [
                Migrating(s_nobodys), Migrating(Ballooned).Then(Flying), Migrating(Unplugged with { Owner = 0 }).Then(Flying),
                Migrating(s_nobodys).Then(Flying).On(static s => s with { Balloons = [] }),
                Migrating(s_nobodys).From(Flying).Then(static s => s.Device(M1, static d => d with { InFlight = false })),
            ]),
        Bound.Of(References.OfflinePageIsOne, "pages without a reference, as declared",
            [Unreferenced(9, 10), Unreferenced(10, 9), Unreferenced(9, 10, 12)],
            [Unreferenced(), Unreferenced(9), Unreferenced(10), Unreferenced(9, 11), Unreferenced(8, 9)]),
        new(References.VmemmapPageIsOne, "references of the first page", 0, 3, static x => x == 1,
            static x => Of(s_tick).Then(s => s[4].Fill(0, 1, Hosted with { References = x }))),
        new(References.VmemmapPageIsOne, "references of the first page, a head", 0, 3, static _ => true,
            static x => In2019().Then(s => s[4].Fill(0, 1, Hosted with { References = x }))
                .From(static s => s[4].Fill(0, 1, Hosted with { References = 9 }))),
        new(References.VmemmapPageIsOne, "references of all pages, where heads are counted", 0, 3, static x => x == 1,
            static x => In2019().Then(s => s[4].Fill(0, 8, Hosted with { References = x }))),
        new(References.VmemmapPageIsOne, "references of the page behind a head", 0, 3, static x => x == 1,
            static x => In2019().Then(s => s[4].Fill(0, 1, Hosted with { References = 9 }).Fill(1, 7, Hosted with { References = x }))),
        new(References.GetAddsOne, "references after, one before", 0, 3, static x => x == 2, static x => Counted(Operation.Get(Name.RawPage(3)), 1, x)),
        new(References.PutDropsOne, "references after, two before", 0, 3, static x => x == 1, static x => Counted(Operation.Put(Name.RawPage(3)), 2, x)),
        Bound.Of(References.GetAddsOne, "a count that is not shown",
            [Counted(Operation.Get(Name.RawPage(3)), PageState.Unknown, 5), Counted(Operation.Get(Name.RawPage(3)), 5, PageState.Unknown)], []),
        Bound.Of(References.PutDropsOne, "the last reference",
            [Last(KernelUse, PageState.Free(0)), Last(s_broken, Poisoned with { References = 0 }), Last(s_broken, Poisoned)],
            [
                Last(KernelUse, KernelUse), Last(KernelUse, KernelUse with { References = 0 }),
                Last(s_broken, PageState.Free(0) with { References = 1 }),
            ]),
        Bound.Of(References.TakenBack, "references are dropped",
            [
                Doing(s_drop, Taking(s_dropped)), Doing(s_drop, Taking(new PageRange(256, 32))),
                Doing(s_drop, Offline(new PageRange(256, 32))),
            ],
            [
                Doing(s_drop), Doing(Taking(s_dropped), s_drop), Doing(s_drop, Taking(new PageRange(264, 23))),
                Doing(s_drop, Offline(EffectScript.Block4)),
                Doing(s_drop, EffectScript.Step(EffectKind.Unisolated, s_dropped)), Doing(s_drop, Taking(s_dropped), s_drop),
            ]),

        new(PageOfflines.SurvivesUntilOffline, "offset that a defect is declared of, one page leaves", 7, 12, static x => x == 9,
            static x => Of(s_alloc).Then(static s => s[8].Fill(9, 1, KernelUse)).Deviating(Lost(x))),
        new(PageOfflines.OwnerUnplugged, "offset that a defect is declared of, one page is given away", 7, 12, static x => x == 9,
            static x => Of(s_alloc).Then(static s => s[8].Fill(9, 1, KernelUse)).Deviating(Lost(x)).From(Sized)),
        new(PageOfflines.OwnerUnplugged, "offset that a defect is declared of, two pages are given away", 7, 12, static _ => false,
            static x => Of(s_alloc).Then(static s => s[8].Fill(9, 2, KernelUse)).Deviating(Lost(x)).From(Sized)),
        Bound.Of(PageOfflines.SurvivesUntilOffline, "whose it was, nobody tells",
            [Leaves(4, s_nobodys), Leaves(8, s_nobodys), Leaves(8, s_nobodys).On(NoBalloon), Leaves(4, Ballooned).On(NoBalloon)],
            [Leaves(4, s_nobodys).On(NoBalloon), Leaves(4, Taken), Leaves(8, Taken), Leaves(8, Unplugged with { Owner = 0 })]),

        Bound.Of(Poison.Persists, "pages of a block with a broken one",
            [
                Of(s_tick).From(Broken).Then(static s => s[0].Fill(4, 1, Used)),
                Of(s_tick).From(Broken).Then(static s => s[0].Fill(3, 1, PageState.NotSeen)),
                Of(s_tick).From(Broken).Then(static s => s.Offline(0)),
            ],
            [Of(s_tick).From(Broken).Then(static s => s[0].Fill(3, 1, Used))]),
        Bound.Of(Poison.OnlyNamed, "a page is broken",
            [
                Of(s_tick).From(Broken).Then(static s => s[0].Fill(4, 1, Used)),
                Of(s_tick).From(static s => s[0].Fill(3, 1, PageState.NotSeen)).Then(Broken),
                Of(Operation.Online(B5)).Then(static s => s.Online(5, ZoneKind.Normal).Fill(0, 1, Poisoned)),
                Of(Operation.Offline(B4)).Then(static s => s.Offline(4).Fill(9, 1, Poisoned)),
            ],
            [Of(s_tick).Then(Broken), Of(s_tick).From(Broken).Then(static s => s[0].Fill(4, 1, s_broken))]),
        Bound.Of(Poison.FreshBlockIsClean, "a block has a broken page",
            [
                Of(s_tick).Then(Broken).AtStart(), Of(s_tick).Then(Broken),
                Fresh().On(static s => s with { Dialect = Dialect.Linux61 }),
            ],
            [Fresh()]),
        Bound.Of(Poison.Counter, "the count is not always shown",
            [Count(-1, 3), Count(3, -1), Count(-1, -1), Count(2, 3).AtStart()], [Count(2, 3), Count(0, 3), Count(3, 0)]),
        Changed("a poisoning, and the page is seen", static x => x == 1, s_poison, static _ => { }, Broken),
        Changed("a poisoning, and the page is not seen after", static x => x is >= -1 and <= 1, s_poison,
            static _ => { }, static s => s[0].Fill(3, 1, PageState.NotSeen)),
        Changed("a poisoning, and the page was not seen", static x => x is >= -1 and <= 1, s_poison,
            static s => s[0].Fill(3, 1, PageState.NotSeen), static s => s[0].Fill(3, 1, KernelUse)),
        Changed("a removal", static x => x <= 0, Operation.Remove(B5), static _ => { }, static s => s.Remove(5)),
        Changed("an allocation", static x => x == 0, s_alloc, static _ => { }, static _ => { }),
        Bound.Of(Poison.ZonesUnchanged, "a counter changes",
            [Moved(Operation.SoftOffline(Name.RawPage(3)))],
            [
                Moved(s_poison), Moved(Operation.SoftOffline(Name.RawPage(3))).On(NoBalloon),
                Of(s_poison).Then(static s => s.Zone(ZoneKind.Normal, static z => z with { Spanned = z.Spanned + 1 })),
                Of(s_poison).Then(static s => s.Zone(ZoneKind.Normal, static z => z with { Present = z.Present - 1 })),
                Of(s_poison).Then(static s => s.Zone(ZoneKind.Normal, static z => z with { Managed = z.Managed - 1 })),
            ]),
    ];

    private static Bound Held(string name, int right, Scene scene, PageState page) =>
        new(References.OfflinePageIsOne, $"references of {name}", 0, 3, x => x == right,
            x => scene.Again().Then(s => s[4].Fill(8, 1, page with { References = x })));

    // Three pages have two references, and two of them had before.
    private static Bound Named(string name, int which) => new(References.OfflinePageIsOne, $"offset that get names, {name}", 7, 13, x => x == which,
        x => Of(Operation.Get(Name.RawPage(256 + x))).From(s => Refer(s, 9, 3, 2)).From(s => Refer(s, which, 1, 1)).Then(static s => Refer(s, 9, 3, 2)));

    private static void Refer(Sketch sketch, int start, int count, int references) =>
        sketch[8].Fill(start, count, Unplugged with { References = references });

    private static Scene Sourced() =>
        Of(s_tick).On(static s => s with { Dialect = new Dialect("2019", DialectItem.OfflineUnreferencedAtRest) }).From(static s => Refer(s, 8, 24, 0));

    private static Scene In2019() => Of(s_tick).On(static s => s with { Dialect = Dialect.Source2019 });

    private static Scene Migrating(PageState page) => Of(s_tick).Then(s => s[4].Fill(8, 1, page with { References = 2 }));

    private static void Flying(Sketch sketch) => sketch.Device(M1, static d => d with { InFlight = true });

    private static Scene Unreferenced(params ReadOnlySpan<int> declared)
    {
        var scene = Of(s_tick).Then(static s => Refer(s, 9, 2, 0));
        foreach (var offset in declared)
            scene.Deviating(new Deviation("d", DeviationKind.OfflineUnreferenced, default, 8, offset));
        return scene;
    }

    private static Scene Counted(Operation operation, int before, int after) => Of(operation)
        .From(s => s[0].Fill(3, 1, KernelUse with { References = before })).Then(s => s[0].Fill(3, 1, KernelUse with { References = after }));

    private static Scene Last(PageState before, PageState after) =>
        Of(Operation.Put(Name.RawPage(3))).From(s => s[0].Fill(3, 1, before)).Then(s => s[0].Fill(3, 1, after));

    private static Scene Doing(params ReadOnlySpan<Effect> effects) => Failing(Operation.Offline(B8), Errno.EBUSY).Doing(effects);

    private static Effect Taking(PageRange pages) => EffectScript.Step(EffectKind.ReferencesTaken, pages);

    private static Effect Offline(PageRange pages) => EffectScript.Step(EffectKind.SectionsOffline, pages);

    private static Deviation Lost(int offset) => new("d", DeviationKind.OfflineLost, default, 8, offset);

    // The device says no less than what is usable, whatever was given away.
    private static void Sized(Sketch sketch) => sketch.Device(M1, static d => d with { PluggedPages = 16 });

    private static Scene Leaves(int block, PageState before) =>
        Of(Operation.SoftOffline(Name.RawPage(3))).From(s => s[block].Fill(8, 1, before)).Then(s => s[block].Fill(8, 1, Used));

    private static MachineSpec NoBalloon(MachineSpec spec) => spec with { Balloons = [] };

    private static void Broken(Sketch sketch) => sketch[0].Fill(3, 1, s_broken);

    private static Scene Fresh() => Of(Operation.Online(B5)).Then(static s => s.Online(5, ZoneKind.Normal).Fill(0, 1, Poisoned));

    private static Scene Count(int before, int after) => Of(s_alloc)
        .From(s => s.PoisonedOff = before).Then(s => s.PoisonedOff = after);

    // The count is off by so many more than five.
    private static Bound Changed(string name, Func<int, bool> holds, Operation operation, Action<Sketch> setup, Action<Sketch> change) =>
        new(Poison.Counter, $"poisoned pages, {name}", -3, 3, holds, x => Of(operation).From(setup).From(static s => s.PoisonedOff = 5).Then(change)
            .Then(s => s.PoisonedOff = 5 + x - s[0].Pages.Count(static p => p.Has(PageFlags.HwPoison))));

    private static Scene Moved(Operation operation) => Of(operation)
        .Then(static s => s.Zone(ZoneKind.Normal, static z => z with { Managed = z.Managed - 1 }))
        .Then(static s => s.Zone(ZoneKind.Movable, static z => z with { Managed = z.Managed + 1 }));
}
