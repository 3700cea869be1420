using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

internal static class BlockCases
{
    private static readonly Operation s_addTwo = Operation.Add(Name.Device(2), 64);

    public static readonly InvariantCase[] All =
    [
        Refused(Blocks.StateMachine, "an online block vanishes", Of(Operation.Remove(D1))
            .Then(static s => s.Remove(4))),
        Refused(Blocks.StateMachine, "a block goes offline by itself", Of(Operation.Tick(1))
            .Then(static s => s.Offline(4))),
        Refused(Blocks.StateMachine, "an offline brings a block online", Of(Operation.Offline(B5))
            .Then(static s => s.Online(5, ZoneKind.Normal))),
        Kept(Blocks.StateMachine, "a block comes online", Online5(Operation.Online(B5))),
        Kept(Blocks.StateMachine, "an ejection offlines and removes", Ejected()),
        Kept(Blocks.StateMachine, "a device in flight lags", Of(Operation.Tick(1)).From(InFlight)
            .Then(static s => s.Offline(4))),

        Refused(Blocks.OnlyNamedChange, "the neighbour goes offline too", Of(Operation.Offline(B4)).Then(static s =>
        {
            s.Offline(4);
            s.Offline(8);
        })),
        Kept(Blocks.OnlyNamedChange, "both named blocks vanish", Ejected()),

        Refused(Blocks.AddIsWhole, "the second block is missing", Added(static s => s.Remove(3))),
        Kept(Blocks.AddIsWhole, "both blocks appear", Added(static _ => { })),
        Kept(Blocks.AddIsWhole, "both blocks come online on arrival", Added(static s =>
        {
            s.Online(2, ZoneKind.Movable);
            s.Online(3, ZoneKind.Movable);
        })),

        Refused(Blocks.RemoveIsWhole, "one block is left", Removed().Then(static s => s.Add(5))),
        Kept(Blocks.RemoveIsWhole, "no block is left", Removed()),
        Kept(Blocks.RemoveIsWhole, "one block of two is removed", Of(Operation.Remove(B5)).Then(static s => s.Remove(5))
            .Doing(EffectScript.Removal(EffectScript.Block5))),

        Refused(Blocks.RemoveRefusedForOnline, "refused though all blocks are offline",
            Failing(Operation.Remove(B5), Errno.EBUSY)),
        Refused(Blocks.RemoveRefusedForOnline, "done though a block is online", Of(Operation.Remove(D1))),
        Kept(Blocks.RemoveRefusedForOnline, "refused for an online block", Failing(Operation.Remove(D1), Errno.EBUSY)),

        Refused(Blocks.ZoneAsAsked, "movable becomes Normal", Of(Operation.Online(B5,
            OperationKind.OnlineMovable)).Then(static s => s.Online(5, ZoneKind.Normal))),
        Refused(Blocks.ZoneAsAsked, "kernel becomes Movable", Of(Operation.Online(B5,
            OperationKind.OnlineKernel)).Then(static s => s.Online(5, ZoneKind.Movable))),
        Refused(Blocks.ZoneAsAsked, "the default is not taken", Of(Operation.Online(B5))
            .Then(static s => s.Online(5, ZoneKind.Movable))),
        Kept(Blocks.ZoneAsAsked, "movable", Online5(Operation.Online(B5, OperationKind.OnlineMovable),
            ZoneKind.Movable)),
        Kept(Blocks.ZoneAsAsked, "kernel", Online5(Operation.Online(B5, OperationKind.OnlineKernel))),

        Refused(Blocks.StateFollowsAnswer, "an offline that did nothing succeeds", Of(Operation.Offline(B4))),
        Refused(Blocks.StateFollowsAnswer, "an online that did nothing succeeds", Of(Operation.Online(B5))),
        Kept(Blocks.StateFollowsAnswer, "offline", Of(Operation.Offline(B4)).Then(static s => s.Offline(4))),
        Kept(Blocks.StateFollowsAnswer, "a refused offline", Failing(Operation.Offline(B4), Errno.EBUSY)),

        Refused(BlockReports.StateAsReported, "reported going offline last", Failing(Operation.Offline(B4), Errno.EBUSY)
            .Doing(Reported(BlockState.Online), Reported(BlockState.GoingOffline))),
        Kept(BlockReports.StateAsReported, "reported online again last", Failing(Operation.Offline(B4), Errno.EBUSY)
            .Doing(Reported(BlockState.GoingOffline), Reported(BlockState.Online))),

        Refused(Blocks.SameStateRefused, "an online block is onlined again", Of(Operation.Online(B4))),
        Refused(Blocks.SameStateRefused, "an offline block is offlined with EBUSY", Failing(Operation.Offline(B5),
            Errno.EBUSY)),
        Refused(Blocks.SameStateRefused, "nonsense is accepted", Of(Operation.WriteState(B4, StateText.Nonsense))),
        Kept(Blocks.SameStateRefused, "EINVAL", Failing(Operation.Online(B4), Errno.EINVAL)),
        Kept(Blocks.SameStateRefused, "an empty write does nothing", Of(Operation.WriteState(B4, StateText.Empty))),

        Refused(Blocks.OnlineAttributeIdempotent, "writing 1 to an online block fails",
            Failing(Operation.WriteOnline(B4, true), Errno.EINVAL)),
        Refused(Blocks.OnlineAttributeIdempotent, "writing 0 to an offline block onlines it",
            Of(Operation.WriteOnline(B5, false)).Then(static s => s.Online(5, ZoneKind.Normal))),
        Kept(Blocks.OnlineAttributeIdempotent, "writing 1 to an online block", Of(Operation.WriteOnline(B4, true))),
        Kept(Blocks.OnlineAttributeIdempotent, "a write that the machine cannot do now",
            Ending(Operation.WriteOnline(B4, true), Answer.Rejected)),

        Refused(Blocks.ResourcesAgree, "a resource outlives its block", Removed()
            .Then(static s => s.Resources = [new(128, 64), new(256, 32)])),
        Refused(Blocks.ResourcesAgree, "a block without a resource", Of(Operation.Tick(1))
            .Then(static s => s.Resources = [new(128, 64)])),
        Kept(Blocks.ResourcesAgree, "merged resources", Of(Operation.Tick(1))
            .Then(static s => s.Resources = [new(128, 64), new(256, 32)])),

        Refused(Blocks.HasDevice, "the device is gone, its blocks are not", Of(Operation.Tick(1))
            .Then(static s => s.Devices.RemoveAt(0))),
        Kept(Blocks.HasDevice, "device and blocks are gone", Removed()),

        Refused(Blocks.NodeStays, "a block moves to another node", Of(Operation.Tick(1))
            .On(static s => s with { Nodes = 2 }).Then(static s => s[4].Node = 1)),
        Refused(Blocks.NodeStays, "device memory is on another node than its device", Of(Operation.Tick(1))
            .On(static s => s with { Nodes = 2 })
            .From(static s => s[8].Node = 1)),
        Kept(Blocks.NodeStays, "a block stays", Of(Operation.Tick(1)).On(static s => s with { Nodes = 2 })),
    ];

    public static void InFlight(Sketch sketch) => sketch.Device(D1, static d => d with { InFlight = true });

    /// <summary>Block 5 comes online.</summary>
    public static Scene Online5(Operation operation, ZoneKind zone = ZoneKind.Normal) =>
        Of(operation).Then(s => s.Online(5, zone)).Doing(EffectScript.Online(EffectScript.Block5));

    /// <summary>d1 is removed while both of its blocks are offline.</summary>
    public static Scene Removed() => Of(Operation.Remove(D1)).From(static s => s.Offline(4)).Then(Gone)
        .Doing([.. EffectScript.Removal(EffectScript.Block4), .. EffectScript.Removal(EffectScript.Block5)]);

    /// <summary>d1 is ejected.</summary>
    public static Scene Ejected() => Of(Operation.Eject(D1)).Then(Gone).Doing(
        [.. EffectScript.Offline(), .. EffectScript.Removal(EffectScript.Block4),
            .. EffectScript.Removal(EffectScript.Block5)]);

    /// <summary>d2 is added at blocks 2 and 3.</summary>
    public static Scene Added(Action<Sketch> change) => Of(s_addTwo).With(WitnessRole.Placed, 64, 64).Then(static s =>
    {
        s.Add(2).Zone = ZoneKind.Normal;
        s.Add(3).Zone = ZoneKind.Normal;
        s.Offline(2);
        s.Offline(3);
        s.MemmapPages += 16;
        s.Devices.Add(new DeviceObservation(Name.Device(2), new PageRange(64, 64), 64, 64, false));
    }).Then(change).Doing([.. EffectScript.Addition(new PageRange(64, 32)),
        .. EffectScript.Addition(new PageRange(96, 32))]);

    private static Effect Reported(BlockState state) =>
        EffectScript.Step(EffectKind.BlockStateChanged, EffectScript.Block4, (long)state);

    private static void Gone(Sketch sketch)
    {
        sketch.Remove(4);
        sketch.Remove(5);
        sketch.Devices.RemoveAt(0);
    }
}
