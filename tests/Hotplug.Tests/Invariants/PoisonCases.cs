using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;
using Rules = Hotplug.Invariants.Poison;

namespace Hotplug.Tests.Invariants;

internal static class PoisonCases
{
    private static readonly Operation s_poison = Operation.Poison(Name.RawPage(3));
    private static readonly Operation s_unpoison = Operation.Unpoison(Name.RawPage(3));
    private static readonly PageState s_broken = KernelUse with { Flags = KernelUse.Flags | PageFlags.HwPoison };

    public static readonly InvariantCase[] All =
    [
        Refused(Rules.NeverInBuddy, "a poisoned page is free", Of(Operation.Tick(1))
            .Then(static s => s[0].Fill(12, 4, Free()))),
        Refused(Rules.NeverInBuddy, "declared for another page", Of(Operation.Tick(1))
            .Then(static s => s[4].Fill(16, 8, Free()))
            .Deviating(new Deviation("d", DeviationKind.PoisonedInBuddy, default, 4, 16))),
        Kept(Rules.NeverInBuddy, "a poisoned page in use", Of(s_poison).Then(static s => s[0].Fill(3, 1, s_broken))),
        Kept(Rules.NeverInBuddy, "declared", Of(Operation.Tick(1))
            .From(static s => s[0].Fill(12, 4, PageState.Free(0)).Fill(12, 1, Free()))
            .Deviating(new Deviation("d", DeviationKind.PoisonedInBuddy, default, 0, 12))),

        Refused(Rules.Persists, "the flag gets lost", Of(Operation.Tick(1)).From(Broken)
            .Then(static s => s[0].Fill(3, 1, KernelUse))),
        Kept(Rules.Persists, "unpoisoned", Of(s_unpoison).From(Broken).Then(static s => s[0].Fill(3, 1, KernelUse))),
        Kept(Rules.Persists, "the block goes offline", Of(Operation.Offline(B4))
            .From(static s => s[4].Fill(8, 8, Used).Fill(8, 1, Poisoned)).Then(static s =>
        {
            s.Offline(4);
            s.PoisonedOff = 1;
        })),
        Kept(Rules.Persists, "lost as declared", Failing(Operation.Eject(D1), Errno.EBUSY)
            .From(static s => s[4].Fill(8, 8, Used).Fill(8, 1, Poisoned)).Then(static s =>
        {
            s[4].Fill(8, 1, Used);
            s.PoisonedOff = 1;
        }).Deviating(new Deviation("d", DeviationKind.PoisonLost, default, 4))),

        Refused(Rules.OnlyNamed, "the neighbour too", Of(s_poison).Then(static s => s[0].Fill(3, 2, s_broken))),
        Refused(Rules.OnlyNamed, "out of nowhere", Of(Operation.Tick(1)).Then(static s => s[0].Fill(3, 1, s_broken))),
        Kept(Rules.OnlyNamed, "the named page", Of(s_poison).Then(static s => s[0].Fill(3, 1, s_broken))),

        Refused(Rules.SuccessMarks, "handled and not marked", Of(s_poison)),
        Refused(Rules.SuccessMarks, "unpoisoned and still marked", Of(s_unpoison).From(Broken)),
        Kept(Rules.SuccessMarks, "refused and marked all the same", Failing(s_poison, Errno.EBUSY)
            .Then(static s => s[0].Fill(3, 1, s_broken))),

        Refused(Rules.FreshBlockIsClean, "poison comes online", Of(Operation.Online(B5))
            .Then(static s => s.Online(5, ZoneKind.Normal).Fill(0, 8, Used).Fill(0, 1, Poisoned))),
        Kept(Rules.FreshBlockIsClean, "a clean block comes online", BlockCases.Online5(Operation.Online(B5))),

        Refused(Rules.Counter, "counted twice", Of(s_poison).Then(static s =>
        {
            s[0].Fill(3, 1, s_broken);
            s.PoisonedOff = 1;
        })),
        Refused(Rules.Counter, "an allocation counts", Of(Operation.Alloc(Name.Allocation(1), 1))
            .Then(static s => s.PoisonedOff = 1)),
        Kept(Rules.Counter, "counted once", Of(s_poison).Then(static s => s[0].Fill(3, 1, s_broken))),
        Kept(Rules.Counter, "removal forgets what was removed", BlockCases.Removed()
            .From(static s => s.PoisonedOff = 2).Then(static s => s.PoisonedOff = 0)),

        Refused(Rules.ZonesUnchanged, "managed falls", Of(s_poison).Then(static s =>
        {
            s[0].Fill(3, 1, s_broken);
            s.Zone(ZoneKind.Normal, static z => z with { Managed = z.Managed - 1 });
        })),
        Refused(Rules.ZonesUnchanged, "a soft offline loses a page", Of(Operation.SoftOffline(Name.RawPage(3)))
            .Then(static s =>
        {
            s[0].Fill(3, 1, s_broken);
            s.Zone(ZoneKind.Normal, static z => z with { Managed = z.Managed - 1 });
        })),
        Kept(Rules.ZonesUnchanged, "a soft offline moves a balloon page to another zone",
            Of(Operation.SoftOffline(Name.RawPage(8))).From(static s => s[4].Fill(8, 8, PageState.Free(0)))
                .Then(static s =>
            {
                s[0].Fill(8, 1, Poisoned);
                s[4].Fill(8, 1, Ballooned);
            })),
        Kept(Rules.ZonesUnchanged, "managed stays", Of(s_poison).Then(static s => s[0].Fill(3, 1, s_broken))),

        Refused(Rules.OfflineRefused, "a page of an offline block is poisoned",
            Of(Operation.Poison(Name.RawPage(165)))),
        Refused(Rules.OfflineRefused, "a page of an offline block is refused with another errno",
            Failing(Operation.SoftOffline(Name.RawPage(165)), Errno.ENXIO)),
        Kept(Rules.OfflineRefused, "a soft offline in an offline block is refused",
            Failing(Operation.SoftOffline(Name.RawPage(165)), Errno.EIO)),
        Kept(Rules.OfflineRefused, "a page of an offline block is refused",
            Failing(Operation.Poison(Name.RawPage(165)), Errno.ENXIO)),

        Refused(Rules.UnpoisonRefusesOffline, "an unplugged page is unpoisoned",
            Of(Operation.Unpoison(Name.RawPage(270))).From(BrokenUnplugged)),
        Kept(Rules.UnpoisonRefusesOffline, "an unplugged page is refused",
            Failing(Operation.Unpoison(Name.RawPage(270)), Errno.EBUSY).From(BrokenUnplugged)),
    ];

    private static PageState Free() => PageState.Free(0) with { Flags = PageFlags.Buddy | PageFlags.HwPoison };

    private static void Broken(Sketch sketch) => sketch[0].Fill(3, 1, s_broken);

    private static void BrokenUnplugged(Sketch sketch) =>
        sketch[8].Fill(14, 1, Unplugged with { Flags = Unplugged.Flags | PageFlags.HwPoison });
}
