using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

/// <summary>Of block 8 the first 8 pages are free, the others PageOffline; block 0 is in a kernel zone.</summary>
internal static class ContigCases
{
    private static readonly PageRange s_first = new(256, 8);

    public static readonly InvariantCase[] All =
    [
        Refused(Contigs.TakesNoPageOffline, "unplugged pages are taken", Taking(260, 8)),
        Kept(Contigs.TakesNoPageOffline, "unplugged pages keep it from being taken",
            Failing(Contig(260, 8), Errno.EBUSY)),

        Refused(Contigs.StopsEarly, "pages are moved before the PageOffline page is met",
            Failing(Contig(12, 8), Errno.EBUSY).From(static s => s[0].Fill(16, 8, Taken))
            .Doing(EffectScript.Step(EffectKind.Isolated, new PageRange(8, 16)),
                EffectScript.Step(EffectKind.Migrated, new PageRange(24, 4), 12),
                EffectScript.Step(EffectKind.Unisolated, new PageRange(8, 16)))),
        Kept(Contigs.StopsEarly, "nothing is moved", Failing(Contig(12, 8), Errno.EBUSY)
            .From(static s => s[0].Fill(16, 8, Taken))),

        Refused(Contigs.TakesFreeOrMovedPages, "a poisoned page is taken", Taking(256, 8)
            .From(static s => s[8].Fill(3, 1, Poisoned))),
        Refused(Contigs.TakesFreeOrMovedPages, "a page that cannot be moved is taken", Taking(256, 8)
            .From(static s => s[8].Fill(3, 1, KernelUse))),
        Kept(Contigs.TakesFreeOrMovedPages, "a movable page is moved away", Taking(256, 8)
            .From(static s => s[8].Fill(0, 8, Used))
            .With(WitnessRole.Migrated, 144, 8, 256).Then(static s => s[4].Fill(16, 8, Used))),

        Refused(Contigs.TakesExactlyTheRange, "it is one page short", Of(Contig(256, 8))
            .With(WitnessRole.Taken, 256, 7).Then(static s => s[8].Fill(0, 8, KernelUse))),
        Refused(Contigs.TakesExactlyTheRange, "a page of it stays free", Of(Contig(256, 8))
            .With(WitnessRole.Taken, 256, 8).Then(static s => s[8].Fill(0, 7, KernelUse))),
        Refused(Contigs.TakesExactlyTheRange, "a refused one takes pages", Failing(Contig(256, 8), Errno.EBUSY)
            .With(WitnessRole.Taken, 256, 4)),
        Kept(Contigs.TakesExactlyTheRange, "all of it is taken", Taking(256, 8)),

        Refused(Contigs.IsolationUndone, "the range stays isolated", Taking(256, 8)
            .Doing(EffectScript.Step(EffectKind.Isolated, s_first))),
        Kept(Contigs.IsolationUndone, "isolated, taken and given back", Taking(256, 8)
            .Doing(EffectScript.Step(EffectKind.Isolated, s_first),
                EffectScript.Step(EffectKind.Unisolated, s_first))),

        Refused(Contigs.KeepsCounters, "it is counted as gone", Taking(256, 8)
            .Then(static s => s.Zone(ZoneKind.Movable, static z => z with { Managed = z.Managed - 8 }))),
        Refused(Contigs.KeepsCounters, "pages vanish", Taking(256, 8)
            .Then(static s => s.Zone(ZoneKind.Movable, static z => z with { Present = z.Present - 8 }))),
        Kept(Contigs.KeepsCounters, "free pages become used ones", Taking(256, 8)),
    ];

    private static Operation Contig(long start, long pages) =>
        Operation.Contig(Name.Allocation(1), Name.RawPage(start), pages);

    private static Scene Taking(long start, int pages) => Of(Contig(start, pages))
        .With(WitnessRole.Taken, start, pages)
        .Then(s => s[8].Fill((int)(start - 256), pages, KernelUse));
}
