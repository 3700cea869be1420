using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

internal static class ReferenceCases
{
    private static readonly Name s_page = Name.RawPage(140);

    public static readonly InvariantCase[] All =
    [
        Refused(References.OfflinePageIsOne, "an unplugged page has a reference at rest in source document 003",
            Of(Operation.Online(B8)).On(static s => s with { Dialect = Dialect.Source2019 })
            .From(static s => s.Offline(8)).Then(static s => s.Online(8, ZoneKind.Movable).Fill(8, 24, Unplugged))),
        Refused(References.OfflinePageIsOne, "a reference that nobody took", Of(Operation.Tick(1))
            .Then(static s => s[8].Fill(9, 1, Unplugged with { References = 2 }))),
        Kept(References.OfflinePageIsOne, "somebody takes a reference of an unplugged page",
            Of(Operation.Get(Name.RawPage(265))).Then(static s => s[8].Fill(9, 1, Unplugged with { References = 2 }))),
        Kept(References.OfflinePageIsOne, "somebody has a reference next to it", Of(Operation.Get(Name.RawPage(265)))
            .From(static s => s[8].Fill(10, 1, Unplugged with { References = 2 }))
            .Then(static s => s[8].Fill(9, 1, Unplugged with { References = 2 }))),
        Kept(References.PutDropsOne, "the last reference of a PageOffline page is dropped",
            Of(Operation.Put(Name.RawPage(265))).On(static s => s with { Dialect = Dialect.Source2019 })
            .From(static s => s[8].Fill(8, 24, Unplugged with { References = 0 })
                .Fill(9, 1, Unplugged with { References = 1 }))
            .Then(static s => s[8].Fill(9, 1, Unplugged with { References = 0 }))),
        Refused(References.PutDropsOne, "the last put of a PageOffline page frees it",
            Of(Operation.Put(Name.RawPage(265))).On(static s => s with { Dialect = Dialect.Source2019 })
            .From(static s => s[8].Fill(8, 24, Unplugged with { References = 0 })
                .Fill(9, 1, Unplugged with { References = 1 }))
            .Then(static s => s[8].Fill(9, 1, PageState.Free(0) with { References = -1 }))),

        Refused(References.OfflinePageIsOne, "a cancelled offline leaves 0", Failing(Operation.Offline(B8), Errno.EBUSY)
            .Then(static s => s[8].Fill(8, 24, Unplugged with { References = 0 }))),
        Refused(References.OfflinePageIsOne, "a reference leaks", Of(Operation.Tick(1))
            .Then(static s => s[8].Fill(8, 1, Unplugged with { References = 2 }))),
        Kept(References.OfflinePageIsOne, "none in the source document's dialect", Of(Operation.Tick(1))
            .On(Sourced).From(static s => s[8].Fill(8, 24, Unplugged with { References = 0 }))),
        Kept(References.OfflinePageIsOne, "0 while the block is going offline", Ending(Operation.Eject(D1),
            Answer.Pending).From(BlockCases.InFlight).Then(static s =>
        {
            s[4].State = BlockState.GoingOffline;
            s[4].Fill(8, 8, Ballooned with { Owner = 0, References = 0 });
        })),

        Refused(References.FreePageIsZero, "a free page is referenced", Of(Operation.Tick(1))
            .Then(static s => s[4].Fill(8, 8, PageState.Free(3) with { References = 1 }))),
        Kept(References.FreePageIsZero, "a reference count that cannot be seen", Of(Operation.Tick(1))
            .Then(static s => s[4].Fill(8, 8, PageState.Free(3) with { References = PageState.Unknown }))),

        Refused(References.VmemmapPageIsOne, "a vmemmap page is unreferenced", Of(Operation.Tick(1))
            .Then(static s => s[4].Fill(0, 8, Hosted with { References = 0 }))),
        Kept(References.VmemmapPageIsOne, "one reference", Of(Operation.Tick(1))),

        Refused(References.NeverNegative, "a count below 0", Of(Operation.Tick(1))
            .Then(static s => s[0].Fill(0, 1, KernelUse with { References = -1 }))),
        Kept(References.NeverNegative, "a count that cannot be seen", Of(Operation.Tick(1))
            .Then(static s => s[0].Fill(0, 1, KernelUse with { References = PageState.Unknown }))),

        Refused(References.GetAddsOne, "the pin is not counted", Of(Operation.Get(s_page)).From(InUse)),
        Kept(References.GetAddsOne, "the pin is counted", Of(Operation.Get(s_page)).From(InUse)
            .Then(static s => s[4].Fill(12, 1, Used with { References = 2 }))),

        Refused(References.PutDropsOne, "the page is freed while it is referenced", Of(Operation.Put(s_page))
            .From(Pinned).Then(static s => s[4].Fill(12, 4, PageState.Free(2)))),
        Refused(References.PutDropsOne, "the last reference leaks the page", Of(Operation.Put(s_page))
            .From(InUse).Then(static s => s[4].Fill(12, 1, Used with { References = 0 }))),
        Kept(References.PutDropsOne, "one of two references goes", Of(Operation.Put(s_page)).From(Pinned)
            .Then(static s => s[4].Fill(12, 1, Used))),
        Kept(References.PutDropsOne, "the last reference frees the page", Of(Operation.Put(s_page)).From(InUse)
            .Then(static s => s[4].Fill(8, 8, PageState.Free(3)))),

        Refused(References.TakenBack, "dropped and not taken back", Failing(Operation.Offline(B8), Errno.EBUSY)
            .Doing(EffectScript.Step(EffectKind.ReferencesDropped, new PageRange(264, 24)))),
        Kept(References.TakenBack, "taken back", Failing(Operation.Offline(B8), Errno.EBUSY).Doing(
            EffectScript.Step(EffectKind.ReferencesDropped, new PageRange(264, 24)),
                EffectScript.Step(EffectKind.ReferencesTaken, new PageRange(264, 24)))),
        Kept(References.TakenBack, "the block goes offline", Of(Operation.Offline(B8))
            .Then(static s => s.Offline(8)).Doing(
            EffectScript.Step(EffectKind.ReferencesDropped, new PageRange(264, 24)),
                EffectScript.Step(EffectKind.SectionsOffline, new PageRange(256, 32)))),
    ];

    private static MachineSpec Sourced(MachineSpec spec) =>
        spec with { Dialect = new Dialect("2019", DialectItem.OfflineUnreferencedAtRest) };

    private static void InUse(Sketch sketch) => sketch[4].Fill(8, 4, PageState.Free(2)).Fill(12, 4, Used);

    private static void Pinned(Sketch sketch) => sketch[4].Fill(8, 4, PageState.Free(2)).Fill(12, 4, Used).Fill(12,
        1, Used with { References = 2 });
}
