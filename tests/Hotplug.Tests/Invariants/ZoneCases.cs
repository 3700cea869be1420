using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

internal static class ZoneCases
{
    private static readonly ZoneId s_movable = new(0, ZoneKind.Movable);

    public static readonly InvariantCase[] All =
    [
        Refused(Zones.PresentPages, "one page too many", Idle(static z => z with { Present = z.Present + 1 })),
        Refused(Zones.PresentPages, "vmemmap is left out", Idle(static z => z with { Present = z.Present - 8 })),
        Kept(Zones.PresentPages, "a block joins", BlockCases.Online5(Operation.Online(B5))),
        Kept(Zones.PresentPages, "a device in flight lags", Of(Operation.Tick(1))
            .Then(BlockCases.InFlight)
                .Then(static s => s.Zone(ZoneKind.Movable, static z => z with { Present = z.Present + 32,
                    Spanned = z.Spanned + 32 }))),
        Kept(Zones.PresentPages, "a block that is going offline counts less its vmemmap", Ending(Operation.Eject(D1),
            Answer.Pending)
            .Then(static s => s[4].State = BlockState.GoingOffline)),

        Refused(Zones.ManagedPages, "vmemmap is managed", Idle(static z => z with { Managed = z.Managed + 8 })),
        Refused(Zones.ManagedPages, "a declared deviation does not show", Idle(static z => z)
            .Deviating(new Deviation("d", DeviationKind.ManagedPages, s_movable, 8, -2))),
        Refused(Zones.ManagedPages, "managed drifts after a vetoed offline", Failing(Operation.Offline(B4), Errno.EBUSY)
            .Then(static s => s.Zone(ZoneKind.Movable, static z => z with { Managed = z.Managed - 24 }))),
        Kept(Zones.ManagedPages, "a declared deviation shows", Idle(static z => z with { Managed = z.Managed - 2 })
            .From(static s => s[8].Fill(0, 8, Used))
                .Deviating(new Deviation("d", DeviationKind.ManagedPages, s_movable, 8, -2))),
        Kept(Zones.ManagedPages, "a balloon that deflates on OOM stays managed", Of(Operation.Tick(1)).On(static s =>
            s with { Balloons = [new(BalloonDriver.Virtio, true)] })),
        Kept(Zones.ManagedPages, "pages that cannot be seen", Idle(static z => z with { Managed = z.Managed - 3,
            Free = z.Free - 3 })
            .Then(static s => s[4].ShowsPages = false)),

        Refused(Zones.CountersOrdered, "managed below 0", Of(Operation.Tick(1))
            .Then(static s => s.Zone(ZoneKind.Normal, static z => z with { Managed = -1 }))),
        Refused(Zones.CountersOrdered, "present above spanned", Idle(static z => z with { Spanned = z.Present - 1 })),
        Kept(Zones.CountersOrdered, "an empty zone", Of(Operation.Offline(B8)).From(static s => s.Offline(4))
            .Then(static s => s.Offline(8))),

        Refused(Zones.SpanContainsOnlineBlocks, "the span is not grown", Of(Operation.Online(B5)).Then(static s =>
        {
            s.Online(5, ZoneKind.Normal);
            s.Zone(ZoneKind.Normal, static z => z with { Start = 0, Spanned = 32 });
        })),
        Kept(Zones.SpanContainsOnlineBlocks, "the span grows over a hole", BlockCases.Online5(Operation.Online(B5))),

        Refused(Zones.SpanTight, "the span is not shrunk", Of(Operation.Offline(B4)).Then(static s =>
        {
            s.Offline(4);
            s.Zone(ZoneKind.Movable, static z => z with { Start = 128, Spanned = 160 });
        })),
        Refused(Zones.SpanTight, "the span stops at a hole", Of(Operation.Offline(B4)).Then(static s =>
        {
            s.Offline(4);
            s.Zone(ZoneKind.Movable, static z => z with { Start = 160, Spanned = 128 });
        })),
        Kept(Zones.SpanTight, "the span jumps over the hole", Of(Operation.Offline(B4)).Then(static s => s.Offline(4))),
        Kept(Zones.SpanTight, "a hole inside stays", Of(Operation.Offline(B5)).From(static s =>
        {
            s.Online(5, ZoneKind.Movable);
        }).Then(static s => s.Offline(5))),
        Refused(Zones.SpanTight, "the span of boot memory's zone is not shrunk", Of(Operation.Offline(B5)).On(OnPc)
            .From(static s => s.Online(5, ZoneKind.Normal)).Then(static s =>
            {
                s.Offline(5);
                s.Zone(ZoneKind.Normal, static z => z with { Spanned = 192 });
            })),
        Kept(Zones.SpanTight, "the span of boot memory's zone ends where boot memory ends",
            Of(Operation.Offline(B5)).On(OnPc).From(WithoutLastPages).Then(static s =>
            {
                s.Offline(5);
                s.Zone(ZoneKind.Normal, static z => z with { Spanned = 28 });
            }).Showing(Visibility.Blocks | Visibility.Zones | Visibility.ZoneStart)),
    ];

    private static Scene Idle(Func<ZoneObservation, ZoneObservation> change) =>
        Of(Operation.Tick(1)).Then(s => s.Zone(ZoneKind.Movable, change));

    private static MachineSpec OnPc(MachineSpec spec) => spec with { PcBoot = true };

    private static void WithoutLastPages(Sketch sketch)
    {
        sketch.Online(5, ZoneKind.Normal);
        sketch.Zone(ZoneKind.Normal,
            static z => z with { Present = z.Present - 4, Managed = z.Managed - 4, Free = z.Free - 4 });
    }
}
