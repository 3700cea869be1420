using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Rules;
using static Hotplug.Contract.Rules.Family;
using static Hotplug.Generators.Steps.ArmShape;

namespace Hotplug.Generators.Steps;

/// <summary>
/// The one table of weights: everything that <see cref="StepSource"/> may do next, how often, and which families it
/// exercises. A run does not use the table as it stands: <see cref="Swarm"/> switches off and boosts parts of it.
/// </summary>
internal static class OperationWeights
{
    private const Levels Core = Levels.Core;
    private const Levels Ballooning = Levels.Core | Levels.Balloon;
    private const Levels Loaning = Levels.Core | Levels.Cmm;
    private const Levels Device = Levels.Core | Levels.DeviceMemory;
    private const Levels Contiguous = Levels.Core | Levels.Contig;
    private const Levels Listing = Levels.Core | Levels.Pcplists;
    private const Levels Failure = Levels.Core | Levels.Hwpoison;
    private const Levels Injection = Levels.Core | Levels.Faults;
    private const Levels Driven = Levels.Core | Levels.Balloon | Levels.OnlineCallback;
    private const Levels SelfHosting = Levels.Core | Levels.MemmapOnMemory;

    internal static ImmutableArray<Arm> Rows { get; } =
    [
        Row(Sensible, Core, 14, BlockArms.Add, Blocks, Zones, Vmemmap, Accounting),
        Row(Sensible, Core, 6, BlockArms.Remove, Blocks, Zones, Vmemmap, Accounting),
        Row(Sensible, Core, 3, BlockArms.OfflineRemove, Blocks, Rollback, Notifiers),
        Row(Sensible, Core, 3, BlockArms.Eject, Blocks, Rollback, Notifiers),
        Row(Sensible, Core, 9, BlockArms.Online, Blocks, Zones, Accounting, Notifiers, PageOffline),
        Row(Sensible, Core, 6, BlockArms.OnlineKernel, Blocks, Zones, Accounting),
        Row(Sensible, Core, 9, BlockArms.OnlineMovable, Blocks, Zones, Accounting, PageOffline, DeviceMemory),
        Row(Sensible, Core, 13, BlockArms.Offline,
            Blocks, Zones, Accounting, Notifiers, PageOffline, Conservation, Rollback, References),
        Row(Sensible, Core, 3, BlockArms.WriteOnline, Blocks),
        Row(Sensible, Core, 1, BlockArms.WriteNothing, Blocks),
        Row(Sensible, Core, 3, BlockArms.Policy, Zones, Blocks),
        Row(Sensible, SelfHosting, 1, BlockArms.MemmapPolicy, Vmemmap),
        Row(Sensible, Core, 1, BlockArms.Tick),
        Row(Sensible, Core, 10, PageArms.Alloc, Conservation, References, Accounting),
        Row(Sensible, Core, 6, PageArms.Free, Conservation, References, Accounting),
        Row(Sensible, Core, 3, PageArms.Get, References),
        Row(Sensible, Core, 4, PageArms.Put, References),
        Row(Sensible, Contiguous, 4, ContigArms.Contig, Contig, Conservation, PageOffline),
        Row(Sensible, Contiguous, 3, ContigArms.ContigFree, Contig, Conservation),
        Row(Sensible, Listing, 4, PcplistArms.Pcp, Pcplists, Accounting),
        Row(Sensible, Failure, 4, PageArms.Poison, Poison),
        Row(Sensible, Failure, 4, PageArms.Unpoison, Poison),
        Row(Sensible, Failure, 3, PageArms.SoftOffline, Poison),
        Row(Sensible, Failure, 1, PageArms.HardOffline, Poison),
        Row(Sensible, Ballooning, 5, DriverArms.Inflate, Balloon, PageOffline, Conservation),
        Row(Sensible, Ballooning, 4, DriverArms.Deflate, Balloon, PageOffline, Conservation),
        Row(Sensible, Ballooning, 3, DriverArms.BalloonTarget, Balloon),
        Row(Sensible, Loaning, 5, LoanArms.LoanTarget, Cmm),
        Row(Sensible, Loaning, 7, LoanArms.Tick, Cmm),
        Row(Sensible, Loaning, 1, LoanArms.Oom, Cmm, Balloon),
        Row(Sensible, Device, 7, DriverArms.Plug, DeviceMemory, PageOffline, Accounting),
        Row(Sensible, Device, 6, DriverArms.Unplug, DeviceMemory, PageOffline, Accounting),
        Row(Sensible, Device, 4, DriverArms.Resize, DeviceMemory, PageOffline),
        Row(Sensible, Driven, 5, CallbackArms.AddDriven, Callback, Blocks, Accounting),
        Row(Sensible, Driven, 7, CallbackArms.Back, Callback, PageOffline, Accounting),
        Row(Sensible, Driven, 3, CallbackArms.DeflateBeyond, Callback, Balloon, Blocks),
        Row(Sensible, Levels.OnlineCallback, 1, CallbackArms.SwapCallbacks, Callback),
        Row(Sensible, Injection, 4, FaultArms.Veto, Rollback, Notifiers, PageOffline),
        Row(Sensible, Injection, 2, FaultArms.NotifierError, Rollback, Notifiers, PageOffline),

        Row(Sequence, Core, 8, SequenceArms.OfflineAndBack, Blocks, Zones, PageOffline, Accounting, Notifiers),
        Row(Sequence, Core, 5, SequenceArms.OfflineAllAndRemove, Blocks, Zones, Vmemmap, Accounting),
        Row(Sequence, Core, 4, SequenceArms.AddAndOnline, Blocks, Zones, Accounting, Conservation),
        Row(Sequence, Core, 4, SequenceArms.PinWhileOffline, References, Rollback, Conservation),
        Row(Sequence, Core, 3, SequenceArms.CrowdedOffline, Conservation, Rollback),
        Row(Sequence, Core, 2, SequenceArms.EjectAndAddAgain, Blocks, Vmemmap),
        Row(Sequence, SelfHosting, 4, SequenceArms.SelfHostedLife, Vmemmap, Accounting),
        Row(Sequence, SelfHosting, 4, MemmapArms.DeviceLife, Vmemmap, Accounting),
        Row(Sequence, SelfHosting, 2, MemmapArms.BlockByBlock, Vmemmap, Blocks),
        Row(Sequence, Core, 2, MemmapArms.NoRoomForMemmap, Vmemmap, Rollback),
        Row(Sequence, Injection, 6, SequenceArms.VetoedOffline, Rollback, Notifiers, Accounting, PageOffline),
        Row(Sequence, Injection, 5, SequenceArms.VetoedOnline, Rollback, Notifiers, Accounting),
        Row(Sequence, Injection, 4, SequenceArms.VetoedAdd, Rollback, Vmemmap, Blocks),
        Row(Sequence, Injection, 3, SequenceArms.StickyError, Rollback, Notifiers),
        Row(Sequence, Device, 8, SequenceArms.PartlyPlugged, DeviceMemory, PageOffline, Accounting, Zones),
        Row(Sequence, Device, 4, SequenceArms.ReferencedUnplugged, References, PageOffline, DeviceMemory),
        Row(Sequence, Device | Levels.Faults, 6, SequenceArms.VetoedPartlyPlugged, DeviceMemory, PageOffline, Rollback),
        Row(Sequence, Contiguous, 3, ContigArms.ContigOffline, Contig, Conservation, Rollback),
        Row(Sequence, Contiguous | Levels.DeviceMemory, 4, ContigArms.ContigOverUnplugged, Contig, PageOffline),
        Row(Sequence, Listing, 6, PcplistArms.FreedBeforeOffline, Pcplists, Conservation),
        Row(Sequence, Listing, 3, PcplistArms.WhileDisabled, Pcplists, Rollback),
        Row(Sequence, Listing, 3, PcplistArms.LastPages, Pcplists, Conservation),
        Row(Sequence, Ballooning, 4, SequenceArms.BalloonMoves, Balloon, PageOffline, Conservation),
        Row(Sequence, Loaning, 6, LoanArms.LoanedOffline, Cmm, Notifiers, Rollback),
        Row(Sequence, Loaning, 2, LoanArms.OomWhileLoaned, Cmm),
        Row(Sequence, Loaning | Levels.Faults, 5, LoanArms.VetoedLoanedOffline, Cmm, Notifiers, Rollback),
        Row(Sequence, Loaning | Levels.Faults, 3, LoanArms.RefusedLoan, Cmm),
        Row(Sequence, Failure, 3, SequenceArms.PoisonedOffline, Poison, Accounting),
        Row(Sequence, Failure | Levels.DeviceMemory, 2, SequenceArms.PoisonedUnplugged, Poison, PageOffline),

        Row(Sequence, Driven, 5, CallbackArms.DrivenLife, Callback, PageOffline, Accounting, Zones),
        Row(Sequence, Driven, 4, CallbackArms.BackedAndOffline, Callback, PageOffline, Zones),

        Row(Adversarial, Core, 5, WrongArms.OnlineOnline, Blocks),
        Row(Adversarial, Core, 4, WrongArms.OfflineOffline, Blocks),
        Row(Adversarial, Core, 5, WrongArms.RemoveOnline, Blocks, Rollback),
        Row(Adversarial, Core, 3, WrongArms.UnboundBlock, Blocks),
        Row(Adversarial, Core, 3, WrongArms.PartialRemove, Blocks, Vmemmap),
        Row(Adversarial, Core, 3, WrongArms.TouchBoot, Blocks, Zones),
        Row(Adversarial, Core, 3, WrongArms.MisalignedAdd, Blocks),
        Row(Adversarial, Core, 3, WrongArms.AddSomewhere, Blocks),
        Row(Adversarial, Core, 2, WrongArms.TooMuchAdd, Blocks),
        Row(Adversarial, Core, 2, WrongArms.NodeThatIsNot, Zones),
        Row(Adversarial, Core, 2, WrongArms.TakenName, Blocks),
        Row(Adversarial, SelfHosting, 3, WrongArms.OddMemmap, Vmemmap),
        Row(Adversarial, Core, 3, WrongArms.WriteNonsense, Blocks),
        Row(Adversarial, Core, 1, WrongArms.NonsensePolicy),
        Row(Adversarial, Core, 3, WrongArms.FreeTwice, References, Conservation),
        Row(Adversarial, Core, 3, WrongArms.PutUnheld, References),
        Row(Adversarial, Core, 2, WrongArms.PageThatIsNot, References),
        Row(Adversarial, Core, 4, WrongArms.TooMuchAlloc, Conservation, Accounting),
        Row(Adversarial, Ballooning, 3, WrongArms.TooMuchBalloon, Balloon, Conservation),
        Row(Adversarial, Loaning, 2, LoanArms.TooMuch, Cmm),
        Row(Adversarial, Device, 4, WrongArms.TooMuchDeviceMemory, DeviceMemory),
        Row(Adversarial, Device, 2, WrongArms.RemoveDeviceMemory, DeviceMemory, Blocks),
        Row(Adversarial, Device, 2, WrongArms.PageByAddress, References, PageOffline),
        Row(Adversarial, Failure, 3, WrongArms.PoisonOfflineBlock, Poison),
        Row(Adversarial, Failure, 3, WrongArms.PoisonTwice, Poison),
        Row(Adversarial, Failure, 2, WrongArms.UnpoisonClean, Poison),
        Row(Adversarial, Contiguous, 2, ContigArms.ContigNowhere, Contig),
        Row(Adversarial, Contiguous, 1, ContigArms.ContigFreeOther, Contig),
        Row(Adversarial, Driven, 2, CallbackArms.BackWhatIsBacked, Callback),
        Row(Adversarial, Driven, 1, CallbackArms.OddOwner, Callback, Blocks),
        Row(Adversarial, Driven, 3, CallbackArms.TouchUnregistered, Callback, Blocks),
        Row(Adversarial, Levels.OnlineCallback, 1, CallbackArms.WrongCallback, Callback),
        Row(Adversarial, Listing, 2, PcplistArms.TwiceDisabled, Pcplists),
        Row(Adversarial, Injection, 4, WrongArms.OddVeto, Rollback, Notifiers),
        Row(Adversarial, Injection, 1, WrongArms.OtherNotifierError, Notifiers),
    ];

    private static Arm Row(
        ArmShape shape, Levels level, int weight, ArmDraw draw, params ReadOnlySpan<Family> families) =>
        new(shape, level, weight, [.. families], draw);
}
