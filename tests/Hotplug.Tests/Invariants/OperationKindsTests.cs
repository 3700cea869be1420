using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Invariants;
using Xunit;
using static Hotplug.Contract.Operations.OperationKind;
using static Hotplug.Tests.Invariants.Scene;
using Failures = Hotplug.Invariants.Poison;

namespace Hotplug.Tests.Invariants;

/// <summary>
/// What is wrong after one operation may be right after another: of every such rule, the operations that it breaks for,
/// when everything else is the same.
/// </summary>
public sealed class OperationKindsTests
{
    private static readonly Name s_page3 = Name.RawPage(3);
    private static readonly OperationKind[] s_all = Enum.GetValues<OperationKind>();
    private static readonly OperationKind[] s_onlining = [Online, OnlineKernel, OnlineMovable];
    private static readonly OperationKind[] s_poisoning = [OperationKind.Poison, HardOffline, SoftOffline];
    private static readonly OperationKind[] s_removing = [Remove, OfflineRemove, Eject];
    private static readonly OperationKind[] s_resizing = [Plug, Unplug, Resize];

    // They go as far as they get.
    private static readonly OperationKind[] s_partial = [Inflate, Deflate, BalloonTarget, LoanTarget, .. s_resizing, Oom, Tick];

    private static readonly OperationKind[] s_movingBalloons =
    [
        Inflate, Deflate, BalloonTarget, Oom, LoanTarget, Tick, Offline, WriteOnline, Eject, OfflineRemove, .. s_resizing, Contig,
        SoftOffline,
    ];

    private static readonly PageState s_broken = KernelUse with { Flags = KernelUse.Flags | PageFlags.HwPoison };

    private static readonly Row[] s_rows =
    [
        new(Blocks.StateMachine, "a block appears", But(Add), Done(static s => s.Add(2))),
        new(Blocks.StateMachine, "a block appears online", But(Add), Done(static s => s.Add(2, ZoneKind.Movable))),
        new(Blocks.StateMachine, "an unregistered block appears", But(Add, Deflate),
            Done(static s => s.Add(2, ZoneKind.Normal).IsRegistered = false)),
        new(Blocks.StateMachine, "a block is registered", But(s_all), Done(static s => s[4].IsRegistered = true, static s => s[4].IsRegistered = false)),
        new(Blocks.StateMachine, "an offline block vanishes", But(s_removing), Done(static s => s.Remove(5))),
        new(Blocks.StateMachine, "an online block vanishes", But(OfflineRemove, Eject), Done(static s => s.Remove(4))),
        new(Blocks.StateMachine, "a block comes online", But([.. s_onlining, WriteOnline]), Done(static s => s.Online(5, ZoneKind.Normal))),
        new(Blocks.StateMachine, "a block goes offline", But(OfflineRemove, Eject, Offline), Done(static s => s.Offline(4))),
        new(Blocks.StateMachine, "a block goes offline, for amount 0", But(OfflineRemove, Eject, Offline, WriteOnline),
            Done(static s => s.Offline(4), amount: 0)),
        new(Blocks.StateMachine, "a block of device memory goes offline", But([.. s_resizing, Tick, OfflineRemove, Eject, Offline]),
            Done(static s => s.Offline(8))),
        new(Blocks.StateMachine, "a block of device memory appears", But([.. s_resizing, Tick, Add]), Done(static s => s.Add(9))),
        new(Blocks.OnlyNamedChange, "the neighbour of what is named goes offline",
            [.. s_removing, .. s_onlining, Offline, WriteOnline, WriteState, .. s_resizing], Done(static s => s.Offline(8), subject: B4)),
        new(Blocks.OnlyNamedChange, "the neighbour of what was placed appears", [Add],
            kind => Done(static s => s.Add(3), amount: 0)(kind).With(WitnessRole.Culprit, 96, 32).With(WitnessRole.Placed, 64, 32)),
        new(Blocks.OnlyNamedChange, "the second block of the device goes, one was named", [Remove, OfflineRemove],
            Done(static s => s.Remove(5), subject: D1)),
        new(Blocks.OnlyNamedChange, "the second block of the device goes, all were named", [], Done(static s => s.Remove(5), subject: D1, amount: 0)),
        new(Blocks.AddIsWhole, "what was placed is not there", [Add], kind => Done()(kind).With(WitnessRole.Placed, 64, 32)),
        new(Blocks.RemoveIsWhole, "what is named is there", s_removing, Done(subject: D1)),
        new(Blocks.RemoveRefusedForOnline, "an online block is named", [Remove], Done(subject: D1)),
        new(Blocks.ZoneAsAsked, "online in zone Movable", [Online, OnlineKernel], Done(static s => s.Online(5, ZoneKind.Movable), subject: B5)),
        new(Blocks.ZoneAsAsked, "online in zone Normal", [OnlineMovable], Done(static s => s.Online(5, ZoneKind.Normal), subject: B5)),
        new(Blocks.StateFollowsAnswer, "offline still", s_onlining, Done(subject: B5)),
        new(Blocks.StateFollowsAnswer, "online still", [Offline], Done(subject: B4)),
        new(Blocks.SameStateRefused, "offline already, or no word for it", [Offline, WriteState], Done(subject: B5)),
        new(Blocks.SameStateRefused, "online already, or no word for it", [.. s_onlining, WriteState], Done(subject: B4)),
        new(Blocks.OnlineAttributeIdempotent, "online already, and refused", [WriteOnline], Refused(subject: B4)),

        new(Accounting.QuietOperations, "managed grows", [Alloc, Free, Get, Put, Policy, Veto, NotifierError, WriteState],
            Done(static s => s.Zone(ZoneKind.Movable, static z => z with { Managed = z.Managed + 1 }))),
        new(Conservation.QuietOperations, "a page changes", [Policy, Veto, NotifierError, WriteState], Done(static s => s[4].Fill(8, 8, Used))),
        new(Conservation.AllocTakesFreePages, "a used page is taken", [Alloc],
            kind => Done(static s => s[0].Fill(0, 1, Used))(kind).With(WitnessRole.Taken, 0, 1)),
        new(Conservation.AllocTakesAll, "nothing is taken", [Alloc], Done()),
        new(Conservation.UnmovableOutsideMovable, "taken from zone Movable", [Alloc],
            kind => Of(new Operation { Kind = kind, Choice = (byte)AllocationKind.Reclaimable }).With(WitnessRole.Taken, 136, 1)),
        new(Conservation.ReleasedIsFree, "what is released is in use", [Free, Put, Deflate], kind => Done()(kind).With(WitnessRole.Released, 0, 1)),

        new(References.GetAddsOne, "no reference more", [Get], Done(subject: s_page3)),
        new(References.PutDropsOne, "no reference less", [Put], Done(subject: s_page3)),
        new(References.OfflinePageIsOne, "the named page has a reference more", But(Get, Put),
            Done(static s => s[8].Fill(9, 1, Unplugged with { References = 2 }), subject: Name.RawPage(265))),

        new(PageOfflines.AppearsByRequest, "a page becomes PageOffline", But(s_movingBalloons), Done(static s => s[4].Fill(8, 1, Ballooned))),
        new(PageOfflines.SurvivesUntilOffline, "a page of a balloon leaves", But(s_movingBalloons), Done(static s => s[0].Fill(8, 1, KernelUse))),
        new(PageOfflines.SurvivesUntilOffline, "an unplugged page leaves", But([.. s_resizing, Back, Tick]),
            Done(static s => s[8].Fill(8, 1, KernelUse))),
        new(PageOfflines.SurvivesUntilOffline, "a taken page leaves", But([.. s_resizing, Back, Tick]),
            Done(static s => s[8].Fill(8, 1, KernelUse), static s => s[8].Fill(8, 1, Taken))),
        new(PageOfflines.SurvivesUntilOffline, "an unbacked page leaves", But(Back, Deflate, BalloonTarget),
            kind => CallbackCases.Driven(new Operation { Kind = kind }).Then(static s => s[6].Fill(8, 1, KernelUse))),
        new(PageOfflines.RecreatedAsFresh, "taken pages come online", But(Resize, Unplug, Tick),
            Done(static s => s.Online(8, ZoneKind.Movable).Fill(8, 24, Taken), static s => s.Offline(8))),

        new(Rollback.BlocksUnchanged, "a block went offline", But([.. s_partial, Eject, OfflineRemove]), Refused(static s => s.Offline(4))),
        new(Rollback.ReonlinedInSameZone, "a block stayed offline", [Eject, OfflineRemove], Refused(static s => s.Offline(4))),
        new(Rollback.ZonesUnchanged, "present fell", But(s_partial),
            Refused(static s => s.Zone(ZoneKind.Movable, static z => z with { Present = z.Present - 8 }))),
        new(Rollback.PageOfflineUnchanged, "an unplugged page has no reference", But(s_partial),
            Refused(static s => s[8].Fill(9, 1, Unplugged with { References = 0 }))),
        new(Rollback.PagesUnchanged, "a page is used", [Add, Remove, Alloc, Free, Get, Put, .. s_onlining], Refused(static s => s[4].Fill(8, 8, Used))),
        new(Rollback.MemmapUnchanged, "memmap stays", But(s_partial), Refused(static s => s.MemmapPages += 8)),
        new(Rollback.ResourcesUnchanged, "a resource stays", But(s_partial), Refused(static s => s.Resources = [new(64, 32)])),
        new(Rollback.NodesUnchanged, "a node has memory", But(s_partial), Refused(static s => s.Node(0, static n => n with { HasMemory = false }))),
        new(Rollback.DevicesUnchanged, "a device is gone", But(s_partial), Refused(static s => s.Devices.RemoveAt(0))),

        new(Balloons.GrowsByWhatItTook, "it grew and took nothing", [Inflate], Done(static s => s.Balloon(static b => b with { Pages = 5 }))),
        new(Balloons.ShrinksByWhatItGave, "it gave nothing back", [Deflate], Done()),
        new(Balloons.SizeByRequest, "it shrank", But(Inflate, Deflate, BalloonTarget, LoanTarget, Oom, Tick),
            Done(static s => s.Balloon(static b => b with { Pages = 3 }))),
        new(Balloons.ManagedFollows, "it grew and managed stayed", [Inflate, Deflate, BalloonTarget],
            Done(static s => s.Balloon(static b => b with { Pages = 5 }))),
        new(Balloons.TakesFreePages, "it took a used page", [Inflate, BalloonTarget], kind => Done()(kind).With(WitnessRole.Taken, 0, 1)),
        new(Balloons.MigrationMovesPage, "its page became an ordinary one", [Offline, WriteOnline],
            kind => Done()(kind).With(WitnessRole.Migrated, 0, 1, from: 8)),
        new(Backings.ImmovableOutsideMovable, "it took of zone Movable", [Inflate, BalloonTarget],
            kind => Of(new Operation { Kind = kind, Choice = (byte)BalloonDriver.HyperV }).With(WitnessRole.Taken, 136, 1)),
        new(Backings.ReservedStopsIsolation, "a driver was asked", [Offline],
            kind => BackingCases.Raw(Failing(new Operation { Kind = kind, Subject = CallbackCases.B6 }, Errno.EBUSY))
                .Doing(EffectScript.Call(MemoryNotification.GoingOffline, CallbackCases.Block6, 0))),
        new(Backings.BackedIsFree, "the page is not free", [Back], kind => CallbackCases.Driven(Act(kind, Name.RawPage(200)))),

        new(DeviceMemories.SizeByRequest, "it grew", But([.. s_resizing, Tick]), Done(Grow, subject: M1)),
        new(DeviceMemories.SizeByRequest, "another one grew", But(Tick), Done(Grow, subject: Name.DeviceMemory(2), spec: TwoMemories)),
        new(DeviceMemories.MovesTowardsRequest, "it grew too far", s_resizing,
            Done(static s => s.Device(M1, static d => d with { PluggedPages = 64 }), subject: M1)),
        new(DeviceMemories.RequestNoticed, "the request is as it was", s_resizing, Done(subject: M1, amount: 2)),
        new(DeviceMemories.ReachedWhenOk, "it did not grow", [Resize], Done(subject: M1, amount: 2)),
        new(DeviceMemories.SizeFollowsSubBlocks, "it grew and nothing was plugged", s_resizing, Done(Grow, subject: M1)),
        new(DeviceMemories.PagesFollowSubBlocks, "plugged and PageOffline", s_resizing, kind => Done(subject: M1)(kind).With(WitnessRole.Plugged, 264, 8)),

        new(Callbacks.UnregisteredIsHidden, "written with success", [.. s_onlining, Offline, WriteState, WriteOnline],
            kind => CallbackCases.Hidden(new Operation { Kind = kind, Subject = CallbackCases.B6 })),
        new(Callbacks.OneSlot, "the callback is gone", But(SetCallback),
            kind => Of(kind == SetCallback ? Operation.SetCallback(CallbackOwner.VirtioMem, CallbackAction.Restore) : Act(kind))
                .Then(static s => s.Callbacks = CallbackOwners.None)),
        new(Callbacks.OthersRefused, "set over another one", [SetCallback],
            kind => Of(new Operation { Kind = kind, Choice = (byte)CallbackOwner.Xen, Second = (byte)CallbackAction.Set })),

        new(Contigs.TakesNoPageOffline, "an unplugged page is in the range", [Contig], At(264)),
        new(Contigs.StopsEarly, "something moved before", [Contig],
            kind => Over(kind, 12, Errno.EBUSY).From(static s => s[0].Fill(16, 8, Taken))
                .Doing(EffectScript.Step(EffectKind.Migrated, new PageRange(24, 4), 12))),
        new(Contigs.TakesFreeOrMovedPages, "a used page is in the range", [Contig], At(0)),
        new(Contigs.TakesExactlyTheRange, "nothing is taken", [Contig], At(256)),
        new(Contigs.IsolationUndone, "isolated still", [Contig],
            kind => At(256)(kind).Doing(EffectScript.Step(EffectKind.Isolated, new PageRange(256, 8)))),
        new(Contigs.KeepsCounters, "managed falls", [Contig, ContigFree],
            kind => At(256)(kind).Then(static s => s.Zone(ZoneKind.Movable, static z => z with { Managed = z.Managed - 8 }))),

        new(Failures.OnlyNamed, "the named page is poisoned", But(s_poisoning), Done(static s => s[0].Fill(3, 1, s_broken), subject: s_page3)),
        new(Failures.Persists, "the named page is sound", But(Unpoison),
            Done(static s => s[0].Fill(3, 1, KernelUse), static s => s[0].Fill(3, 1, s_broken), s_page3)),
        new(Failures.SuccessMarks, "the named page is sound still", s_poisoning, Done(subject: s_page3)),
        new(Failures.SuccessMarks, "the named page is poisoned still", [Unpoison], Done(static _ => { }, static s => s[0].Fill(3, 1, s_broken), s_page3)),
        new(Failures.Counter, "one more is counted", s_all, Done(static s => s.PoisonedOff = 1, subject: s_page3)),
        new(Failures.Counter, "one less is counted", But([.. s_removing, .. s_resizing, Tick]),
            Done(static s => s.PoisonedOff = 0, static s => s.PoisonedOff = 1, s_page3)),
        new(Failures.ZonesUnchanged, "managed falls", [.. s_poisoning, Unpoison],
            Done(static s => s.Zone(ZoneKind.Normal, static z => z with { Managed = z.Managed - 1 }), subject: s_page3)),
        new(Failures.OfflineRefused, "done in an offline block", [.. s_poisoning, Unpoison], Done(subject: Name.RawPage(165))),
        new(Failures.OfflineRefused, "refused with ENXIO", [SoftOffline, Unpoison],
            static kind => Failing(new Operation { Kind = kind, Subject = Name.RawPage(165) }, Errno.ENXIO)),
        new(Failures.OfflineRefused, "refused with EIO", [OperationKind.Poison, HardOffline],
            static kind => Failing(new Operation { Kind = kind, Subject = Name.RawPage(165) }, Errno.EIO)),
        new(Failures.UnpoisonRefusesOffline, "done to an unplugged page", [Unpoison], Done(subject: Name.RawPage(270))),

        new(Pcplists.DrainEmpties, "a page is left", [Pcp], Listed(static _ => { })),
        new(Pcplists.LeavesToBuddyOrUser, "to the kernel", But(Add, Plug, Resize, Contig, Inflate, Deflate, BalloonTarget, Tick),
            Listed(static s => s[0].Fill(16, 1, KernelUse))),
        new(Pcplists.LeavesToBuddyOrUser, "poisoned", But(s_poisoning), Listed(static s => s[0].Fill(16, 1, Poisoned))),
        new(Pcplists.LeavesToBuddyOrUser, "to a balloon", [], Listed(static s => s[0].Fill(16, 1, Ballooned))),
        new(Pcplists.LimitsRestored, "disabled", But(Pcp), Listed(static s =>
        {
            s[0].Fill(16, 1, PageState.Free(0));
            s.PcplistsOff = true;
        })),
        new(Pcplists.DisabledWhileIsolated, "isolated with lists enabled", [Offline, WriteOnline, OfflineRemove, Eject],
            kind => Done()(kind).Doing(EffectScript.Step(EffectKind.Isolated, EffectScript.Body4))),

        new(Notifiers.RefusalIsTheAnswer, "refused, and done", [.. s_onlining, Offline, WriteOnline],
            kind => Done()(kind).Doing(EffectScript.Event(MemoryNotification.GoingOffline, EffectScript.Body4, refusing: 1))),
        new(Notifiers.EarlyRefusalIsSilent, "an event for EINVAL", [.. s_onlining, Offline],
            static kind => Failing(Act(kind), Errno.EINVAL).Doing(EffectScript.Event(MemoryNotification.GoingOffline, EffectScript.Body4))),
        new(Notifiers.RemoveIsSilent, "an event", [Remove],
            kind => Done()(kind).Doing(EffectScript.Event(MemoryNotification.Offline, EffectScript.Body4))),
        new(NotifierSteps.PcplistsRestored, "lists stay disabled", But(Pcp),
            kind => Done()(kind).Doing(EffectScript.Step(EffectKind.PcpDisabled, EffectScript.Body4))),

        new(Loans.GivenBackIsFree, "a loaned page is in use", [Tick, Oom], Lending(static s => s[0].Fill(16, 1, KernelUse))),
        new(Loans.FreeingNeverAborts, "nothing is given back", [Tick, Oom], Lending(static _ => { }, static l => l with { TargetPages = 2 })),
        new(Loans.UpToItsTarget, "a page too many", [Tick], Lending(static s => LoanCases.Say(s, static l => l with { Pages = 5 }))),
        new(Loans.TargetByRequest, "another target", But(LoanTarget), Lending(static s => LoanCases.Say(s, static l => l with { TargetPages = 1 }))),
        new(Loans.TargetByRequest, "another target than was asked for", s_all,
            Lending(static s => LoanCases.Say(s, static l => l with { TargetPages = 2 }))),
        new(Loans.TargetByRequest, "pages given back on OOM", But(Oom),
            Lending(static s => LoanCases.Say(s, static l => l with { Pages = 3, OomFreedPages = 1 }))),
        new(Loans.PausedAfterHotplug, "a removal is forgotten", s_all,
            Lending(static s => LoanCases.Say(s, static l => l with { HotplugOccurred = false }), static l => l with { HotplugOccurred = true })),
        new(Loans.ZonesUnchanged, "managed falls with it", [Tick, LoanTarget], Lending(static s =>
        {
            LoanCases.Say(s, static l => l with { Pages = 5 });
            s.Zone(ZoneKind.Normal, static z => z with { Managed = z.Managed - 1 });
        })),
        new(LoanRemovals.HaltedWhileRemoving, "a page more", But(Tick), Lending(static s => LoanCases.Say(s, static l => l with { Pages = 5 }))),
        new(LoanRemovals.KeepsWhenNotAsked, "a page less", But(Tick, Oom), Lending(static s => LoanCases.Say(s, static l => l with { Pages = 3 }))),
        new(LoanRemovals.KeepsWhenNotAsked, "a list page less", But(Tick, Oom),
            Lending(static s => LoanCases.Say(s, static l => l with { ListPages = 0 }))),
    ];

    public static TheoryData<string, string> Rows
    {
        get
        {
            var names = new TheoryData<string, string>();
            foreach (var row in s_rows)
                names.Add(row.Rule.Id, row.What);
            return names;
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void It_breaks_the_rule_for_these_operations_and_for_no_other(string id, string what)
    {
        var row = s_rows.Single(r => r.Rule.Id == id && r.What == what);
        Assert.Equal(row.Broken.Order(), s_all.Where(kind => row.Rule.Check(row.Scene(kind).Seen()) is not null));
    }

    private static OperationKind[] But(params ReadOnlySpan<OperationKind> kept) => [.. s_all.Except(kept.ToArray())];

    private static Operation Act(OperationKind kind, Name subject = default, long amount = 1) =>
        new() { Kind = kind, Subject = subject, Amount = amount };

    private static Func<OperationKind, Scene> Done(Action<Sketch>? change = null, Action<Sketch>? setup = null, Name subject = default,
        long amount = 1, Func<MachineSpec, MachineSpec>? spec = null) =>
        kind => Of(Act(kind, subject, amount)).On(spec ?? (static s => s)).From(setup ?? (static _ => { })).Then(change ?? (static _ => { }));

    private static Func<OperationKind, Scene> Refused(Action<Sketch>? change = null, Name subject = default) =>
        kind => Failing(Act(kind, subject), Errno.EBUSY).Then(change ?? (static _ => { }));

    private static Func<OperationKind, Scene> At(long start) => kind => Over(kind, start, Errno.None);

    private static Scene Over(OperationKind kind, long start, Errno errno) =>
        Failing(new Operation { Kind = kind, Subject = Name.Allocation(1), At = Name.RawPage(start), Amount = 8 }, errno);

    private static Func<OperationKind, Scene> Listed(Action<Sketch> change) =>
        kind => PcplistCases.Listing(Of(new Operation { Kind = kind, Choice = (byte)PcpAction.Disable })).Then(change);

    private static Func<OperationKind, Scene> Lending(Action<Sketch> change, Func<LoanObservation, LoanObservation>? before = null) =>
        kind => LoanCases.Cmm(Act(kind)).From(s => LoanCases.Say(s, before ?? (static l => l))).Then(change);

    private static void Grow(Sketch sketch) => sketch.Device(M1, static d => d with { PluggedPages = 16 });

    private static MachineSpec TwoMemories(MachineSpec spec) =>
        spec with { DeviceMemories = [.. spec.DeviceMemories, new DeviceMemorySpec(10, 2, 8, 0)] };

    private sealed record Row(Invariant Rule, string What, OperationKind[] Broken, Func<OperationKind, Scene> Scene);
}
