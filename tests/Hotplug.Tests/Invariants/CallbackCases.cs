using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

/// <summary>Scenes with memory that Xen's driver added: block 6, online, its first 8 pages backed.</summary>
internal static class CallbackCases
{
    public static readonly Name B6 = Name.RawBlock(6);
    public static readonly PageRange Block6 = new(192, 32);
    public static readonly PageState Held =
        new(PageFlags.Offline, 0, PageState.BalloonOwner + (byte)BalloonDriver.Xen, 1);
    public static readonly PageState Unbacked = Held with { Flags = PageFlags.Offline | PageFlags.Unbacked };

    public static readonly InvariantCase[] All =
    [
        Refused(Callbacks.ForeignToBuddy, "a DIMM's pages go nowhere", Driven(Operation.Online(B5))
            .Then(static s => s.Online(5, ZoneKind.Normal).Fill(0, 32, KernelUse))),
        Refused(Callbacks.ForeignToBuddy, "a DIMM's pages go into the balloon", Driven(Operation.Online(B5))
            .Then(static s => s.Online(5, ZoneKind.Normal).Fill(0, 32, Unbacked))),
        Kept(Callbacks.ForeignToBuddy, "a DIMM comes online", Driven(Operation.Online(B5))
            .Then(static s => s.Online(5, ZoneKind.Normal))),
        Kept(Callbacks.ForeignToBuddy, "the driver's memory comes online", Onlined()),

        Refused(Callbacks.DecidedOnce, "half of it is dropped", Onlined().Doing(
            Step(EffectKind.MovedToZone, Block6), Step(EffectKind.PagesKeptOffline, new(192, 16), CallbackOwner.Xen),
            Step(EffectKind.SectionsOnline, Block6))),
        Refused(Callbacks.DecidedOnce, "two claim the same pages", Onlined().Doing(
            Step(EffectKind.MovedToZone, Block6), Step(EffectKind.PagesToBuddy, Block6, CallbackOwner.Generic),
            Step(EffectKind.PagesKeptOffline, Block6, CallbackOwner.Xen), Step(EffectKind.SectionsOnline, Block6))),
        Kept(Callbacks.DecidedOnce, "page by page", Onlined().Doing(
            Step(EffectKind.MovedToZone, Block6), Step(EffectKind.PagesKeptOffline, new(192, 16), CallbackOwner.Xen),
            Step(EffectKind.PagesKeptOffline, new(208, 16), CallbackOwner.Xen),
            Step(EffectKind.SectionsOnline, Block6))),

        Refused(Callbacks.OwnerDecides, "the first of the list claims it", Onlined()
            .Doing(Step(EffectKind.PagesKeptOffline, Block6, CallbackOwner.VirtioMem))),
        Kept(Callbacks.OwnerDecides, "its owner keeps it", Onlined()
            .Doing(Step(EffectKind.PagesKeptOffline, Block6, CallbackOwner.Xen))),

        Refused(Callbacks.UnregisteredIsOnline, "nobody brings it online", Added()
            .Then(static s => s.Offline(3))),
        Refused(Callbacks.UnregisteredIsOnline, "it is registered later", Hidden(Operation.Tick(1))
            .Then(static s => s[6].IsRegistered = true)),
        Kept(Callbacks.UnregisteredIsOnline, "its driver brings it online", Added()),

        Refused(Callbacks.UnregisteredIsHidden, "an empty write succeeds",
            Hidden(Operation.WriteState(B6, StateText.Empty))),
        Kept(Callbacks.UnregisteredIsHidden, "there is no such file",
            Hidden(Operation.Online(B6), Answer.Of(Errno.ENOENT))),

        Refused(Callbacks.OneSlot, "two in the slot", InSlot(Operation.SetCallback(CallbackOwner.Xen))
            .Then(static s => s.Callbacks = CallbackOwners.Xen | CallbackOwners.VirtioMem)),
        Refused(Callbacks.OneSlot, "the slot empties by itself", InSlot(Operation.Tick(1))
            .From(static s => s.Remove(8)).Then(static s => s.Callbacks = CallbackOwners.None)),
        Kept(Callbacks.OneSlot, "restored by its owner", InSlot(
            Operation.SetCallback(CallbackOwner.VirtioMem, CallbackAction.Restore)).From(Emptied)
            .Then(static s => s.Callbacks = CallbackOwners.None)),

        Refused(Callbacks.OthersRefused, "set over another one", InSlot(Operation.SetCallback(CallbackOwner.Xen))),
        Refused(Callbacks.OthersRefused, "another's is restored",
            InSlot(Operation.SetCallback(CallbackOwner.Xen, CallbackAction.Restore))),
        Kept(Callbacks.OthersRefused, "set over another one is refused",
            InSlot(Operation.SetCallback(CallbackOwner.Xen), Answer.Of(Errno.EINVAL))),

        Refused(Callbacks.SetWhileMemory, "restored while its memory is there",
            Driven(Operation.SetCallback(CallbackOwner.Xen, CallbackAction.Restore))
            .Then(static s => s.Callbacks = CallbackOwners.VirtioMem)),
        Kept(Callbacks.SetWhileMemory, "restoring is refused",
            Driven(Operation.SetCallback(CallbackOwner.Xen, CallbackAction.Restore), Answer.Of(Errno.EBUSY))),
    ];

    /// <summary>Block 6 is Xen's: d2, online, 8 of its 32 pages backed.</summary>
    public static Scene Driven(Operation operation, Answer answer = default) => Ending(operation, answer)
        .On(static s => s with
        {
            Balloons = [new(BalloonDriver.Xen, false)],
            OnlineCallbacks = CallbackRegistry.List,
        })
        .From(static s =>
        {
            s[0].Fill(8, 4, Held);
            s.Add(6, ZoneKind.Normal).Fill(8, 24, Unbacked);
            s.Devices.Add(new DeviceObservation(Name.Device(2), Block6, 8, 32, false, CallbackOwner.Xen));
            s.Balloons[0] = new BalloonObservation(BalloonDriver.Xen, 28, 28, false);
            s.Callbacks = CallbackOwners.Xen | CallbackOwners.VirtioMem;
        });

    /// <summary>As <see cref="Driven"/>, and nobody registered it.</summary>
    public static Scene Hidden(Operation operation, Answer answer = default) =>
        Driven(operation, answer).From(static s => s[6].IsRegistered = false);

    // Block 6 comes online, and Xen's callback puts it into the balloon.
    private static Scene Onlined() => Driven(Operation.Online(B6)).From(static s =>
    {
        s.Offline(6).Zone = ZoneKind.Normal;
        s.Device(Name.Device(2), static d => d with { PluggedPages = 0 });
        s.Balloon(static b => b with { Pages = 4 });
    }).Then(static s =>
    {
        s.Online(6, ZoneKind.Normal).Fill(0, 32, Unbacked);
        s.Balloon(static b => b with { Pages = 36 });
    });

    // Xen's driver adds block 3 and registers nothing.
    private static Scene Added() => Driven(Operation.Add(Name.Device(3), 32, owner: CallbackOwner.Xen,
        blockDevices: BlockDevices.Unregistered)).With(WitnessRole.Placed, 96, 32).Then(static s =>
    {
        s.Add(3, ZoneKind.Normal).Fill(0, 32, Unbacked).IsRegistered = false;
        s[0].Fill(12, 4, KernelUse).Fill(16, 4, KernelUse).Fill(20, 4, PageState.Free(2));
        s.MemmapPages += 8;
        s.Devices.Add(new DeviceObservation(Name.Device(3), new(96, 32), 0, 32, false, CallbackOwner.Xen));
        s.Balloon(static b => b with { Pages = 60 });
    });

    private static Scene InSlot(Operation operation, Answer answer = default) => Ending(operation, answer)
        .On(static s => s with { Balloons = [new(BalloonDriver.Xen, false)] })
        .From(static s =>
        {
            s[0].Fill(8, 4, Held);
            s.Balloons[0] = new BalloonObservation(BalloonDriver.Xen, 4, 4, false);
        });

    private static void Emptied(Sketch sketch)
    {
        sketch.Remove(8);
        sketch.Device(M1, static d => d with { PluggedPages = 0, RequestedPages = 0 });
    }

    private static Effect Step(EffectKind kind, PageRange range, CallbackOwner owner = CallbackOwner.Generic) =>
        EffectScript.Step(kind, range, (long)owner);
}
