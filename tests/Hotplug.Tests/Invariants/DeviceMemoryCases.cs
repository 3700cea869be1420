using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

internal static class DeviceMemoryCases
{
    public static readonly InvariantCase[] All =
    [
        Refused(DeviceMemories.WholeSubBlocks, "half a sub-block", Sized(Operation.Tick(1), 4)),
        Refused(DeviceMemories.WholeSubBlocks, "more than the region", Sized(Operation.Tick(1), 72)),
        Kept(DeviceMemories.WholeSubBlocks, "one sub-block", Of(Operation.Tick(1))),

        Refused(DeviceMemories.SizeIsItsBlocks, "a plugged sub-block is still PageOffline", Sized(Operation.Plug(M1,
            1), 16)),
        Kept(DeviceMemories.SizeIsItsBlocks, "a plugged sub-block is usable", PageOfflineCases.Plugged()),
        Kept(DeviceMemories.SizeIsItsBlocks, "an offline block may have any size", Sized(Operation.Resize(M1, 4),
            32).From(static s => s.Offline(8))
            .With(WitnessRole.Plugged, 264, 24)),
        Kept(DeviceMemories.SizeIsItsBlocks, "a device in flight lags", Of(Operation.Tick(1))
            .Then(static s => s.Device(M1, static d => d with { PluggedPages = 16, InFlight = true }))),

        Refused(DeviceMemories.MovesTowardsRequest, "past the request", Sized(Operation.Plug(M1, 1), 24)),
        Refused(DeviceMemories.MovesTowardsRequest, "the wrong way", Sized(Operation.Resize(M1, 4), 0)),
        Kept(DeviceMemories.MovesTowardsRequest, "part of the way", Ending(Operation.Plug(M1, 3),
            Answer.Of(Errno.ENOSPC)).With(WitnessRole.Plugged, 264, 8).Then(static s =>
        {
            s[8].Fill(8, 8, PageState.Free(3));
            s.Device(M1, static d => d with { PluggedPages = 16, RequestedPages = 32 });
        })),

        Refused(DeviceMemories.RequestNoticed, "the request before the last one", Ending(Operation.Resize(M1, 3),
            Answer.Of(Errno.EBUSY)).Then(static s => s.Device(M1, static d => d with { RequestedPages = 8 }))),
        Kept(DeviceMemories.RequestNoticed, "asked for, not reached", Ending(Operation.Resize(M1, 3),
            Answer.Of(Errno.EBUSY)).Then(static s => s.Device(M1, static d => d with { RequestedPages = 24 }))),
        Kept(DeviceMemories.RequestNoticed, "more than the region", Ending(Operation.Resize(M1, 99),
            Answer.Of(Errno.EINVAL))),

        Refused(DeviceMemories.ReachedWhenOk, "short of the request", Of(Operation.Resize(M1, 2))),
        Kept(DeviceMemories.ReachedWhenOk, "reached", Of(Operation.Resize(M1, 1))),
        Kept(DeviceMemories.ReachedWhenOk, "pending", Ending(Operation.Resize(M1, 2), Answer.Pending)),

        Refused(DeviceMemories.SizeByRequest, "an offline unplugs", Of(Operation.Offline(B8)).Then(static s =>
        {
            s.Offline(8);
            s.Device(M1, static d => d with { PluggedPages = 0 });
        })),
        Kept(DeviceMemories.SizeByRequest, "an offline keeps the size", Of(Operation.Offline(B8))
            .Then(static s => s.Offline(8))),

        Refused(DeviceMemories.SizeFollowsSubBlocks, "a plugged sub-block is not counted", Of(Operation.Plug(M1,
            1)).With(WitnessRole.Plugged, 264, 8)),
        Kept(DeviceMemories.SizeFollowsSubBlocks, "a plugged sub-block is counted", PageOfflineCases.Plugged()),

        Refused(DeviceMemories.PagesFollowSubBlocks, "unplugged pages are still free", Of(Operation.Unplug(M1,
            1)).With(WitnessRole.Unplugged, 256, 8)),
        Refused(DeviceMemories.PagesFollowSubBlocks, "plugged pages are still PageOffline", Of(Operation.Plug(M1,
            1)).With(WitnessRole.Plugged, 264, 8)),
        Kept(DeviceMemories.PagesFollowSubBlocks, "a sub-block is plugged, then unplugged again",
            Of(Operation.Resize(M1, 1))
            .With(WitnessRole.Plugged, 264, 8).With(WitnessRole.Unplugged, 264, 8)),
    ];

    private static Scene Sized(Operation operation, long pages) =>
        Of(operation).Then(s => s.Device(M1, d => d with { PluggedPages = pages, RequestedPages = pages }));
}
