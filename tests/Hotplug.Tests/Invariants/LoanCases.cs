using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

/// <summary>
/// CMM beside the balloon: pages 16 to 19 of block 0 are on loan, page 20 holds their addresses. A list page holds six.
/// </summary>
internal static class LoanCases
{
    private const MemoryNotification Going = MemoryNotification.GoingOffline;
    private const MemoryNotification Cancel = MemoryNotification.CancelOffline;

    private static readonly PageState s_loaned = new(PageFlags.InUse | PageFlags.Kernel, 0, PageState.LoanOwner, 1);
    private static readonly PageState s_list = s_loaned with { Owner = PageState.LoanListOwner };
    private static readonly PageRange s_block0 = new(0, 32);
    private static readonly LoanObservation s_loans = new(4, 1, 4, 0, false, 1, false);

    public static readonly InvariantCase[] All =
    [
        Refused(Loans.SizeIsItsPages, "CMM forgets a page", Cmm(Operation.Tick(1)).Then(static s => Say(s, static l => l with { Pages = 3 }))),
        Refused(Loans.SizeIsItsPages, "a list page is forgotten", Cmm(Operation.Tick(1)).Then(static s => s[0].Fill(20, 1, Used))),
        Kept(Loans.SizeIsItsPages, "two pages more", Loaned(2)),

        Refused(Loans.ListsAreFull, "more pages than addresses", Cmm(Operation.Tick(1)).Then(static s =>
        {
            s[0].Fill(21, 3, s_loaned);
            Say(s, static l => l with { Pages = 7 });
        })),
        Refused(Loans.ListsAreFull, "a list page too many", Cmm(Operation.Tick(1)).Then(static s =>
        {
            s[0].Fill(21, 1, s_list);
            Say(s, static l => l with { ListPages = 2 });
        })),
        Kept(Loans.ListsAreFull, "one list page", Loaned(2)),

        Refused(Loans.TakesFreePages, "loans a used page", Loaned(2).From(static s => s[0].Fill(21, 1, Used))),
        Refused(Loans.TakesFreePages, "loans a page of zone Movable", Cmm(Operation.Tick(1)).Then(static s =>
        {
            s[4].Fill(8, 1, s_loaned);
            Say(s, static l => l with { Pages = 5 });
        })),
        Kept(Loans.TakesFreePages, "loans free pages", Loaned(2)),

        Refused(Loans.GivenBackIsFree, "it leaks", Returned().Then(static s => s[0].Fill(18, 1, KernelUse))),
        Kept(Loans.GivenBackIsFree, "it is free", Returned()),

        Refused(Loans.FreeingNeverAborts, "stops after one", Returned().Then(static s =>
        {
            s[0].Fill(18, 1, s_loaned);
            Say(s, static l => l with { Pages = 3 });
        })),
        Refused(Loans.FreeingNeverAborts, "OOM gets less than it asks for", Cmm(Operation.Oom()).On(static s => s with { CmmOomPages = 3 })
            .Then(static s => Say(s, static l => l with { Pages = 2, OomFreedPages = 2 }))),
        Kept(Loans.FreeingNeverAborts, "to its target", Returned()),
        Kept(Loans.FreeingNeverAborts, "OOM gets all", Cmm(Operation.Oom()).Then(static s =>
        {
            s[0].Fill(16, 5, PageState.Free(0));
            Say(s, static l => l with { Pages = 0, ListPages = 0, OomFreedPages = 4 });
        })),

        Refused(Loans.UpToItsTarget, "one page too many", Loaned(2).From(static s => Say(s, static l => l with { TargetPages = 5 }))
            .Then(static s => Say(s, static l => l with { TargetPages = 5 }))),
        Refused(Loans.UpToItsTarget, "too little stays active", Loaned(2).On(static s => s with { CmmLeastActive = 1000 })),
        Refused(Loans.UpToItsTarget, "what OOM took back", Loaned(2).From(static s => Say(s, static l => l with { OomFreedPages = 2 }))),
        Kept(Loans.UpToItsTarget, "up to it", Loaned(2)),

        Refused(Loans.PausedAfterHotplug, "loans at once", Loaned(1).From(static s => Say(s, static l => l with { HotplugOccurred = true }))),
        Refused(Loans.PausedAfterHotplug, "the delay is cut short", Cmm(Operation.Tick(3))
            .From(static s => Say(s, static l => l with { Paused = true, SecondsToWake = 5 }))
            .Then(static s => Say(s, static l => l with { SecondsToWake = 1 }))),
        Refused(Loans.PausedAfterHotplug, "never wakes", Cmm(Operation.Tick(9))
            .From(static s => Say(s, static l => l with { HotplugOccurred = true }))),
        Refused(Loans.PausedAfterHotplug, "the removal is not noted", Removed().Then(static s => Say(s, static l => l with { HotplugOccurred = false }))),
        Kept(Loans.PausedAfterHotplug, "still asleep", Cmm(Operation.Tick(3))
            .From(static s => Say(s, static l => l with { Paused = true, SecondsToWake = 5 }))
            .Then(static s => Say(s, static l => l with { SecondsToWake = 2 }))),
        Kept(Loans.PausedAfterHotplug, "falls asleep", Cmm(Operation.Tick(1))
            .From(static s => Say(s, static l => l with { HotplugOccurred = true }))
            .Then(static s => Say(s, static l => l with { HotplugOccurred = false, Paused = true, SecondsToWake = 5 }))),

        Refused(Loans.TargetByRequest, "the target moves", Returned().Then(static s => Say(s, static l => l with { TargetPages = 1 }))),
        Refused(Loans.TargetByRequest, "OOM does not lower it", Cmm(Operation.Oom()).Then(static s =>
        {
            s[0].Fill(16, 5, PageState.Free(0));
            Say(s, static l => l with { Pages = 0, ListPages = 0 });
        })),
        Kept(Loans.TargetByRequest, "as asked", Cmm(Operation.LoanTarget(9)).Then(static s => Say(s, static l => l with { TargetPages = 9 }))),

        Refused(Loans.ZonesUnchanged, "the zone loses them too", Loaned(2)
            .Then(static s => s.Zone(ZoneKind.Normal, static z => z with { Managed = z.Managed - 2 }))),
        Kept(Loans.ZonesUnchanged, "the zone keeps them", Loaned(2)),

        Refused(LoanRemovals.HaltedWhileRemoving, "loans in an offline", Cmm(Operation.Offline(B4)).Then(static s =>
        {
            s.Offline(4);
            s[0].Fill(21, 1, s_loaned);
            Say(s, static l => l with { Pages = 5 });
        })),
        Refused(LoanRemovals.HaltedWhileRemoving, "loans while halted", Loaned(2).Doing(Step(EffectKind.LoaningHalted),
            EffectScript.Step(EffectKind.PagesLoaned, new PageRange(21, 2)), Step(EffectKind.LoaningResumed))),
        Kept(LoanRemovals.HaltedWhileRemoving, "loans when polled", Loaned(2)),

        Refused(LoanRemovals.RangeIsClear, "a loaned page stays", Removed(active: 3)),
        Refused(LoanRemovals.RangeIsClear, "the list page stays", Removed(isListFreed: false)),
        Kept(LoanRemovals.RangeIsClear, "nothing stays", Removed()),

        Refused(LoanRemovals.CountsItsPages, "the list page is not counted", Cmm(Operation.Offline(Name.RawBlock(0)))
            .Doing(Counted(4))),
        Kept(LoanRemovals.CountsItsPages, "all are counted", Failing(Operation.Offline(Name.RawBlock(0)), Errno.EBUSY)
            .On(WithCmm).From(Have).Doing(Counted(5))),

        Refused(LoanRemovals.KeepsWhenNotAsked, "gives back for nothing", Failing(Operation.Offline(Name.RawBlock(0)), Errno.EBUSY)
            .On(WithCmm).From(Have).Then(Clear)),
        Kept(LoanRemovals.KeepsWhenNotAsked, "keeps", Failing(Operation.Offline(Name.RawBlock(0)), Errno.EBUSY)
            .On(WithCmm).From(Have)),

        Refused(LoanRemovals.HaltEnds, "goes on unhalted", Cmm(Operation.Tick(1)).Doing(Step(EffectKind.LoaningResumed))),
        Refused(LoanRemovals.HaltEnds, "never goes on", Cmm(Operation.Tick(1)).Doing(Step(EffectKind.LoaningHalted))),
        Refused(LoanRemovals.HaltEnds, "agrees and does not halt", Cmm(Operation.Tick(1)).Doing(Call(Going))),
        Refused(LoanRemovals.HaltEnds, "is told of the end and stays halted", Cmm(Operation.Tick(1))
            .Doing(Step(EffectKind.LoaningHalted), Call(Going), Call(Cancel))),
        Kept(LoanRemovals.HaltEnds, "halts and goes on", Removed()),

        Refused(LoanRemovals.RefusesForListPages, "nothing to replace", Cmm(Operation.Tick(1)).From(static s => s[0].Fill(20, 1, KernelUse))
            .Doing(Step(EffectKind.LoaningHalted), Call(Going, Errno.ENOMEM))),
        Kept(LoanRemovals.RefusesForListPages, "no page to replace it with",
            Failing(Operation.Offline(Name.RawBlock(0)), Errno.ENOMEM).On(WithCmm).From(Have)
            .Doing([.. Asked(), Step(EffectKind.LoaningHalted), Call(Going, Errno.ENOMEM), .. Cancelled()])
            .Then(static s => Say(s, static l => l with { HotplugOccurred = true }))),
    ];

    public static Scene Cmm(Operation operation) => Of(operation).On(WithCmm).From(Have);

    private static MachineSpec WithCmm(MachineSpec spec) => spec with
    {
        Balloons = spec.Balloons.Add(new BalloonSpec(BalloonDriver.Cmm, false)),
        Notifiers = [new("slub", 1), new(NotifierChains.Cmm, 1)],
        CmmLeastActive = 0,
    };

    private static void Have(Sketch sketch)
    {
        sketch[0].Fill(16, 4, s_loaned).Fill(20, 1, s_list).Fill(21, 11, PageState.Free(0));
        sketch.Loans = s_loans;
    }

    private static void Clear(Sketch sketch)
    {
        sketch[0].Fill(16, 5, PageState.Free(0));
        Say(sketch, static l => l with { Pages = 0, ListPages = 0 });
    }

    public static void Say(Sketch sketch, Func<LoanObservation, LoanObservation> change) =>
        sketch.Loans = change(sketch.Loans!.Value);

    /// <summary>A poll loans so many pages more.</summary>
    private static Scene Loaned(int pages) => Cmm(Operation.Tick(1)).From(static s => Say(s, static l => l with { TargetPages = 6 }))
        .Then(s =>
        {
            s[0].Fill(21, pages, s_loaned);
            Say(s, l => l with { Pages = 4 + pages });
        });

    /// <summary>A poll takes two pages back.</summary>
    private static Scene Returned() => Cmm(Operation.Tick(1)).From(static s => Say(s, static l => l with { TargetPages = 2 }))
        .Then(static s =>
        {
            s[0].Fill(18, 2, PageState.Free(0));
            Say(s, static l => l with { Pages = 2 });
        });

    /// <summary>Block 0 is asked to go offline: CMM gives back what it has there; somebody else keeps the
    /// block.</summary>
    private static Scene Removed(int active = 4, bool isListFreed = true)
    {
        Effect[] freed = isListFreed ? [EffectScript.Step(EffectKind.LoanListFreed, new PageRange(20, 1))] : [];
        return Failing(Operation.Offline(Name.RawBlock(0)), Errno.EBUSY).On(WithCmm).From(Have)
            .Doing([.. Asked(), Step(EffectKind.LoaningHalted), EffectScript.Step(EffectKind.PagesActive, new PageRange(16, active)),
                .. freed, Call(Going), .. Cancelled()])
            .Then(Clear).Then(static s => Say(s, static l => l with { HotplugOccurred = true }));
    }

    private static Effect[] Asked() =>
        [Step(EffectKind.PcpDisabled), Step(EffectKind.PcpDrained), Step(EffectKind.Isolated), new(EffectKind.Notified, s_block0, default, 0, Going)];

    private static Effect[] Cancelled() =>
    [
        Step(EffectKind.Unisolated), new(EffectKind.Notified, s_block0, default, 0, Cancel),
        Step(EffectKind.LoaningResumed), Call(Cancel), Step(EffectKind.PcpEnabled),
    ];

    private static Effect Counted(int pages) => new(EffectKind.IsolationCounted, new PageRange(16, 8), default, pages);

    private static Effect Call(MemoryNotification notification, Errno errno = Errno.None) =>
        new(EffectKind.Notified, s_block0, default, 1, notification, errno);

    private static Effect Step(EffectKind kind) => EffectScript.Step(kind, s_block0);
}
