using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

internal static class BalloonCases
{
    private static readonly Operation s_inflate = Operation.Inflate(BalloonDriver.Virtio, 4);
    private static readonly Operation s_deflate = Operation.Deflate(BalloonDriver.Virtio, 2);

    public static readonly InvariantCase[] All =
    [
        Refused(Balloons.SizeIsItsPages, "the balloon forgets a page", Of(Operation.Tick(1))
            .Then(static s => s.Balloon(static b => b with { Pages = 3 }))),
        Kept(Balloons.SizeIsItsPages, "the balloon grows", Inflated()),

        Refused(Balloons.GrowsByWhatItTook, "grown by less than it took", Inflated()
            .Then(static s => s.Balloon(static b => b with { Pages = 7 }))),
        Refused(Balloons.GrowsByWhatItTook, "grown by more than it was asked to",
            Of(Operation.Inflate(BalloonDriver.Virtio, 3)).With(WitnessRole.Taken, 136, 4)
            .Then(static s => s.Balloon(static b => b with { Pages = 8 }))),
        Kept(Balloons.GrowsByWhatItTook, "falls short", Of(Operation.Inflate(BalloonDriver.Virtio,
            8)).With(WitnessRole.Taken, 136, 4).Then(Grow)),

        Refused(Balloons.ShrinksByWhatItGave, "gives back too little", Of(s_deflate).With(WitnessRole.Released, 8, 1)
            .Then(static s => s.Balloon(static b => b with { Pages = 3 }))),
        Refused(Balloons.ShrinksByWhatItGave, "gives back pages and keeps them", Of(s_deflate)
            .With(WitnessRole.Released, 8, 2)),
        Kept(Balloons.ShrinksByWhatItGave, "gives back what was asked", Of(s_deflate)
            .With(WitnessRole.Released, 8, 2).Then(static s =>
        {
            s[0].Fill(8, 2, PageState.Free(1));
            s.Balloon(static b => b with { Pages = 2 });
        })),
        Kept(Balloons.ShrinksByWhatItGave, "gives back all it has", Of(Operation.Deflate(BalloonDriver.Virtio,
            9)).With(WitnessRole.Released, 8, 4).Then(static s =>
        {
            s[0].Fill(8, 4, PageState.Free(2));
            s.Balloon(static b => b with { Pages = 0 });
        })),

        Refused(Balloons.SizeByRequest, "an offline drops a page", Of(Operation.Offline(B4)).Then(static s =>
        {
            s.Offline(4);
            s.Balloon(static b => b with { Pages = 3 });
        })),
        Kept(Balloons.SizeByRequest, "a balloon that deflates on OOM", Of(Operation.Alloc(Name.Allocation(1),
            1)).With(WitnessRole.Taken, 8, 1)
            .On(static s => s with { Balloons = [new(BalloonDriver.Virtio, true)] })
                .Showing(Visibility.All & ~Visibility.Placement).Then(static s =>
            {
                s[0].Fill(8, 1, Used);
                s.Balloon(static b => b with { Pages = 3 });
            })),

        Refused(Balloons.ManagedFollows, "managed stays", Of(s_inflate)
            .Then(static s => s.Balloon(static b => b with { Pages = 8 }))),
        Refused(Balloons.ManagedFollows, "managed falls though the balloon deflates on OOM", Of(s_inflate)
            .On(static s => s with { Balloons = [new(BalloonDriver.Virtio, true)] })
            .Then(Grow).Then(static s => s.Zone(ZoneKind.Movable, static z => z with { Managed = z.Managed - 4 }))),
        Kept(Balloons.ManagedFollows, "managed falls", Inflated()),
        Kept(Balloons.ManagedFollows, "managed stays with a balloon that deflates on OOM", Inflated()
            .On(static s => s with { Balloons = [new(BalloonDriver.Virtio, true)] })),

        Refused(Balloons.TakesFreePages, "takes used pages", Inflated().From(static s => s[4].Fill(8, 4, Used))),
        Refused(Balloons.TakesFreePages, "does not mark them", Of(s_inflate).With(WitnessRole.Taken, 136, 4)
            .Then(static s => s[4].Fill(8, 4, Used))),
        Kept(Balloons.TakesFreePages, "takes and marks free pages", Inflated()),

        Refused(Balloons.MigrationMovesPage, "the new page is an ordinary one", Migrated()
            .Then(static s => s[0].Fill(16, 8, Used))),
        Kept(Balloons.MigrationMovesPage, "the new page is the balloon's", Migrated()),
    ];

    /// <summary>The balloon takes four pages of block 4.</summary>
    public static Scene Inflated() => Of(s_inflate).With(WitnessRole.Taken, 136, 4).Then(Grow);

    /// <summary>Block 4, full of balloon pages, goes offline: they move to block 0.</summary>
    public static Scene Migrated() => Of(Operation.Offline(B4)).From(static s =>
    {
        s[4].Fill(8, 8, Ballooned);
        s.Balloon(static b => b with { Pages = 12 });
    }).With(WitnessRole.Migrated, 16, 8, from: 136).Then(static s =>
    {
        s.Offline(4);
        s[0].Fill(16, 8, Ballooned);
    });

    private static void Grow(Sketch sketch)
    {
        sketch[4].Fill(8, 4, Ballooned).Fill(12, 4, PageState.Free(2));
        sketch.Balloon(static b => b with { Pages = 8, TargetPages = 8 });
    }
}
