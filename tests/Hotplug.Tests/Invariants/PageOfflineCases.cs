using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

internal static class PageOfflineCases
{
    public static readonly InvariantCase[] All =
    [
        Refused(PageOfflines.SurvivesUntilOffline, "a vetoed offline lets unplugged pages go",
            Failing(Operation.Offline(B8), Errno.EBUSY)
            .Then(static s => s[8].Fill(8, 8, PageState.Free(3)))),
        Refused(PageOfflines.SurvivesUntilOffline, "a balloon page is freed by an allocation",
            Of(Operation.Alloc(Name.Allocation(1), 1))
            .Then(static s => s[0].Fill(8, 1, KernelUse))),
        Refused(PageOfflines.SurvivesUntilOffline, "unpoisoning frees an unplugged page", Unpoisoned()),
        Kept(PageOfflines.SurvivesUntilOffline, "the block goes offline", Of(Operation.Offline(B8))
            .Then(static s => s.Offline(8))),
        Kept(PageOfflines.SurvivesUntilOffline, "a sub-block is plugged", Plugged()),
        Kept(PageOfflines.SurvivesUntilOffline, "a balloon page is migrated", BalloonCases.Migrated()),
        Refused(PageOfflines.SurvivesUntilOffline, "the declared page and another one", Unpoisoned()
            .Then(static s => s[8].Fill(10, 1, KernelUse))
            .Deviating(new Deviation("d", DeviationKind.OfflineLost, default, 8, 9))),

        Refused(PageOfflines.OwnerUnplugged, "a re-online hands unplugged pages to the buddy",
            Of(Operation.Online(B8)).From(static s => s.Offline(8))
            .Then(static s => s.Online(8, ZoneKind.Movable))),
        Refused(PageOfflines.OwnerUnplugged, "part of an unplugged sub-block is used", Of(Operation.Tick(1))
            .Then(static s => s[8].Fill(8, 4, KernelUse))),
        Refused(PageOfflines.OwnerUnplugged, "parts of two sub-blocks change places", Of(Operation.Tick(1)).Then(static s =>
        {
            s[8].Fill(0, 4, Unplugged);
            s[8].Fill(8, 4, PageState.Free(2));
        })),
        Refused(PageOfflines.OwnerUnplugged, "a declared defect gave another page away", Of(Operation.Tick(1))
            .Then(static s => s[8].Fill(9, 1, KernelUse))
            .Deviating(new Deviation("d", DeviationKind.OfflineLost, default, 8, 10))),
        Kept(PageOfflines.OwnerUnplugged, "a re-online keeps them", Reonlined(Unplugged)),
        Kept(PageOfflines.OwnerUnplugged, "what is plugged lies behind what is not", Of(Operation.Alloc(Name.Allocation(1), 1))
            .With(WitnessRole.Taken, 264, 1).From(static s =>
        {
            s[8].Fill(0, 8, Unplugged);
            s[8].Fill(8, 8, PageState.Free(3));
        }).Then(static s =>
        {
            s[8].Fill(8, 1, Used);
            s[8].Fill(9, 1, PageState.Free(0));
            s[8].Fill(10, 2, PageState.Free(1));
            s[8].Fill(12, 4, PageState.Free(2));
        })),

        Refused(PageOfflines.RecreatedAsFresh, "a re-online keeps them as taken ones", Reonlined(Taken)),
        Kept(PageOfflines.RecreatedAsFresh, "a re-online makes them fresh", Reonlined(Unplugged)),

        Refused(PageOfflines.FreshOnlyFromOnlining, "an unplugged page is marked as fresh", Of(Operation.Unplug(M1,
            1)).Then(static s =>
        {
            s[8].Fill(0, 8, Unplugged);
            s.Device(M1, static d => d with { PluggedPages = 0 });
        })),
        Kept(PageOfflines.FreshOnlyFromOnlining, "an unplugged page is a taken one", Of(Operation.Unplug(M1,
            1)).With(WitnessRole.Unplugged, 256, 8).Then(static s =>
        {
            s[8].Fill(0, 8, Taken);
            s.Device(M1, static d => d with { PluggedPages = 0, RequestedPages = 0 });
        })),

        Refused(PageOfflines.AppearsByRequest, "an allocation makes pages PageOffline",
            Of(Operation.Alloc(Name.Allocation(1), 1))
            .Then(static s => s[4].Fill(8, 1, Ballooned))),
        Kept(PageOfflines.AppearsByRequest, "a balloon inflates", BalloonCases.Inflated()),
    ];

    public static Scene Plugged() => Of(Operation.Plug(M1, 1)).With(WitnessRole.Plugged, 264, 8).Then(static s =>
    {
        s[8].Fill(8, 8, PageState.Free(3));
        s.Device(M1, static d => d with { PluggedPages = 16, RequestedPages = 16 });
    });

    private static Scene Reonlined(PageState pages) => Of(Operation.Online(B8, OperationKind.OnlineMovable))
        .From(static s => s.Offline(8))
        .Then(s => s.Online(8, ZoneKind.Movable).Fill(8, 24, pages));

    private static Scene Unpoisoned() => Of(Operation.Unpoison(Name.RawPage(265)))
        .From(static s => s[8].Fill(9, 1, Unplugged with { Flags = Unplugged.Flags | PageFlags.HwPoison }))
        .Then(static s => s[8].Fill(9, 1, KernelUse));
}
