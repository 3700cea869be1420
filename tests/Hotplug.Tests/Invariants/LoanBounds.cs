using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.LoanCases;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

/// <summary>
/// CMM's numbers and steps, one by one. Of block 0 pages 16 to 19 are on loan, page 20 is a list page that has room for
/// six addresses; CMM is the second callback of the chain.
/// </summary>
internal static class LoanBounds
{
    private static readonly PageState s_loaned = new(PageFlags.InUse | PageFlags.Kernel, 0, PageState.LoanOwner, 1);
    private static readonly Operation s_tick = Operation.Tick(1);
    private static readonly PageRange s_block0 = new(0, 32);
    private static readonly PageRange s_elsewhere = new(264, 1);

    private static readonly Effect s_halted = EffectScript.Step(EffectKind.LoaningHalted, s_block0);
    private static readonly Effect s_resumed = EffectScript.Step(EffectKind.LoaningResumed, s_block0);
    private static readonly Effect s_active = EffectScript.Step(EffectKind.PagesActive, new PageRange(16, 4));
    private static readonly Effect s_listFreed = EffectScript.Step(EffectKind.LoanListFreed, new PageRange(20, 1));
    private static readonly Effect s_lent = EffectScript.Step(EffectKind.PagesLoaned, new PageRange(264, 1));
    private static readonly Effect s_agreed = Called(MemoryNotification.GoingOffline);
    private static readonly Effect s_refused = Called(MemoryNotification.GoingOffline, Errno.ENOMEM);
    private static readonly Effect s_offline = Called(MemoryNotification.Offline);
    private static readonly Effect s_cancelled = Called(MemoryNotification.CancelOffline);
    private static readonly Effect s_online = Called(MemoryNotification.Online);

    private static readonly Operation[] s_operations = [Operation.Tick(9), Operation.Oom(), Operation.LoanTarget(9), Operation.Offline(B4)];
    private static readonly LoanObservation s_any = new(9, 1, 1, 1, true, 7, true);

    // They compare what was with what is.
    private static readonly Invariant[] s_comparing =
    [
        Loans.FreeingNeverAborts, Loans.UpToItsTarget, Loans.PausedAfterHotplug, Loans.TargetByRequest, LoanRemovals.KeepsWhenNotAsked,
    ];

    public static readonly Bound[] All =
    [
        .. s_comparing.Select(static rule => new Bound(rule, "CMM is not shown before, after, or at all", 0, (3 * s_operations.Length) - 1,
            static _ => true, Unshown)),

        new(Loans.SizeIsItsPages, "pages, and none changes", 2, 6, static x => x == 4, static x => Pages(s_tick, x)),
        new(Loans.SizeIsItsPages, "pages, and two are taken", 2, 8, static x => x == 6,
            static x => Pages(s_tick, x).Then(static s => s[0].Fill(21, 2, s_loaned))),
        new(Loans.SizeIsItsPages, "pages, and a balloon of CMM's takes one", 2, 6, static x => x == 4,
            static x => Pages(s_tick, x).Then(static s => s[0].Fill(21, 1, s_loaned with { Flags = PageFlags.Offline }))),
        new(Loans.SizeIsItsPages, "list pages, and two are taken", 0, 5, static x => x == 3, static x => Cmm(s_tick)
            .Then(static s => s[0].Fill(21, 2, s_loaned with { Owner = PageState.LoanListOwner })).Then(s => Say(s, l => l with { ListPages = x }))),
        new(Loans.SizeIsItsPages, "pages, and a block appears", 2, 6, static x => x == 4, static x => Pages(s_tick, x).Then(static s => s.Add(2))),
        new(Loans.SizeIsItsPages, "list pages", 0, 3, static x => x == 1, static x => Cmm(s_tick).Then(s => Say(s, l => l with { ListPages = x }))),

        new(Loans.ListsAreFull, "pages of one list", 0, 14, static x => x <= 6, static x => Pages(s_tick, x)),
        new(Loans.ListsAreFull, "pages of two lists", 0, 14, static x => x is >= 6 and <= 12,
            static x => Cmm(s_tick).Then(s => Say(s, l => l with { Pages = x, ListPages = 2 }))),

        new(Loans.FreeingNeverAborts, "left on OOM", 0, 5, static x => x == 1,
            static x => Pages(Operation.Oom(), x).On(static s => s with { CmmOomPages = 3 })),
        new(Loans.FreeingNeverAborts, "left on OOM, which takes all", 0, 5, static x => x == 0, static x => Pages(Operation.Oom(), x)),
        new(Loans.FreeingNeverAborts, "left by a poll that wants less", 0, 6, static x => x == 2,
            static x => Pages(s_tick, x).From(static s => Say(s, static l => l with { TargetPages = 2 }))),
        new(Loans.FreeingNeverAborts, "left by a poll that wants as many", 0, 6, static x => x == 4, static x => Pages(s_tick, x)),
        new(Loans.FreeingNeverAborts, "left by a poll that wants more", 0, 6, static _ => true,
            static x => Pages(s_tick, x).From(static s => Say(s, static l => l with { TargetPages = 5 }))),
        new(Loans.FreeingNeverAborts, "left before a poll", 0, 6, static _ => true,
            static x => Pages(s_tick, x).From(static s => Say(s, static l => l with { TargetPages = 2, SecondsToWake = 5 }))),
        new(Loans.FreeingNeverAborts, "left by an operation of others", 0, 6, static _ => true,
            static x => Pages(Operation.Alloc(Name.Allocation(1), 9), x).From(static s => Say(s, static l => l with { TargetPages = 2 }))),

        new(Loans.UpToItsTarget, "pages, of a target", 0, 9, static x => x <= 6,
            static x => Pages(s_tick, x).From(static s => Say(s, static l => l with { TargetPages = 6 }))),
        new(Loans.UpToItsTarget, "pages, of a smaller target", 0, 9, static x => x <= 4,
            static x => Pages(s_tick, x).From(static s => Say(s, static l => l with { TargetPages = 3 }))),
        new(Loans.UpToItsTarget, "pages, less what OOM took back", 0, 9, static x => x <= 5,
            static x => Pages(s_tick, x).From(static s => Say(s, static l => l with { TargetPages = 6, OomFreedPages = 1 }))),
        new(Loans.UpToItsTarget, "pages, and enough stays active", 0, 9, static x => x <= 5,
            static x => Pages(s_tick, x).On(static s => s with { CmmLeastActive = 55 })
                .From(static s => Say(s, static l => l with { TargetPages = 100 }))),

        new(Loans.PausedAfterHotplug, "seconds of six, of which two are left to sleep", 1, 9, static x => x == 3, static x => Paused(x, 2, true)),
        new(Loans.PausedAfterHotplug, "seconds of six, and it is awake", 1, 9, static x => x >= 6, static x => Paused(x, 0, false)),
        new(Loans.PausedAfterHotplug, "seconds of six, and a removal is noted", 5, 9, static _ => false,
            static x => Paused(x, 0, false).Then(static s => Say(s, static l => l with { HotplugOccurred = true }))),
        new(Loans.PausedAfterHotplug, "pages, while it sleeps", 2, 6, static x => x == 4,
            static x => Paused(3, 2, true).Then(s => Say(s, l => l with { Pages = x }))),
        new(Loans.PausedAfterHotplug, "halts, and a removal is noted", 0, 3, static x => x > 0, static x => Noted(x, before: false, after: true)),
        new(Loans.PausedAfterHotplug, "halts, and none is noted", 0, 3, static x => x == 0, static x => Noted(x, before: false, after: false)),
        new(Loans.PausedAfterHotplug, "halts, and one is noted still", 0, 3, static _ => true, static x => Noted(x, before: true, after: true)),
        new(Loans.PausedAfterHotplug, "halts that are not shown", 0, 3, static _ => true,
            static x => Noted(x, before: false, after: true).Without(Levels.Effects)),

        new(Loans.TargetByRequest, "pages, and OOM took back three", 0, 5, static x => x == 1,
            static x => Pages(Operation.Oom(), x).From(static s => Say(s, static l => l with { OomFreedPages = 2 }))
                .Then(static s => Say(s, static l => l with { OomFreedPages = 5 }))),
        new(Loans.TargetByRequest, "target that is asked for", 0, 5, static x => x == 4, static x => Cmm(Operation.LoanTarget(x))),
        new(Loans.TargetByRequest, "target that is refused", 0, 5, static _ => true,
            static x => Failing(Operation.LoanTarget(x), Errno.EINVAL).On(static s => s with { Balloons = [new(BalloonDriver.Cmm, false)] })
                .From(static s => s.Loans = new LoanObservation(4, 1, 4, 0, false, 1, false))),

        Bound.Of(Loans.ZonesUnchanged, "a counter changes",
            [
                Unshown(0), Unshown(2 * s_operations.Length), Pages(s_tick, 5),
                Cmm(s_tick).Then(Zone(static z => z with { Present = z.Present - 1 })),
            ],
            [
                Pages(s_tick, 5).Then(Zone(static z => z with { Present = z.Present - 1 })),
                Pages(s_tick, 5).Then(Zone(static z => z with { Managed = z.Managed - 1 })),
                Pages(s_tick, 5).Then(Zone(static z => z with { Spanned = z.Spanned + 1 })),
            ]),
        Bound.Of(Loans.GivenBackIsFree, "a page that is not on loan any more",
            [
                Taken(PageState.Free(0)), Taken(s_loaned with { Owner = PageState.LoanListOwner }), Taken(PageState.NotSeen),
                Taken(KernelUse).From(static s => s[0].Fill(16, 1, s_loaned with { Flags = s_loaned.Flags | PageFlags.HwPoison })),
                Cmm(s_tick).Then(static s => s[0].Fill(24, 1, Used)),
            ],
            [Taken(KernelUse), Taken(Ballooned)]),
        Bound.Of(Loans.TakesFreePages, "a page that is on loan now",
            [Lent(PageState.Free(0)), Lent(PageState.Listed(1)), Lent(s_loaned with { Owner = PageState.LoanListOwner })],
            [Lent(Used), Lent(Ballooned), Lent(PageState.Free(0) with { Flags = PageFlags.Buddy | PageFlags.HwPoison })]),

        Bound.Of(LoanRemovals.HaltedWhileRemoving, "a page is loaned",
            [Cmm(s_tick).AtStart(), Doing(s_lent), Doing(s_halted, s_resumed, s_lent), Doing(s_lent, s_halted)],
            [Doing(s_halted, s_lent), Doing(s_halted, s_resumed, s_halted, s_lent)]),
        Bound.Of(LoanRemovals.RangeIsClear, "pages are there when it agrees",
            [
                Doing(s_active, s_listFreed, s_agreed), Doing(s_refused), Doing(s_cancelled),
                Doing(s_active, s_listFreed, ListAdded(s_elsewhere), s_agreed),
                Doing(s_active, s_listFreed, s_agreed, ListAdded(new PageRange(0, 1))),
                Doing(s_active, s_listFreed, ListAdded(new PageRange(0, 1)), EffectScript.Step(EffectKind.LoanListFreed, new PageRange(0, 1)), s_agreed),
            ],
            [
                Doing(s_agreed), Doing(s_active, s_agreed), Doing(s_listFreed, s_agreed), Doing(s_agreed, s_active, s_listFreed),
                Doing(EffectScript.Step(EffectKind.PagesActive, new PageRange(17, 3)), s_listFreed, s_agreed),
                Doing(s_active, s_listFreed, ListAdded(new PageRange(0, 1)), s_agreed),
                Doing(s_active, s_listFreed, ListAdded(new PageRange(5, 1)), s_agreed),
            ]),
        new(LoanRemovals.CountsItsPages, "counted of a pageblock", 0, 9, static x => x == 5, static x => Doing(Counted(16, x))),
        new(LoanRemovals.CountsItsPages, "counted of an offline block", 0, 3, static _ => true, static x => Doing(Counted(160, x))),
        Bound.Of(LoanRemovals.CountsItsPages, "counted after its pages changed",
            [Doing(s_active, Counted(16, 1)), Doing(s_listFreed, Counted(16, 1)), Doing(ListAdded(s_elsewhere), Counted(16, 1))],
            [Doing(Counted(16, 1), s_active), Doing(s_halted, Counted(16, 1)), Doing(Counted(16, 5), Counted(16, 1))]),
        new(LoanRemovals.KeepsWhenNotAsked, "pages", 2, 6, static x => x >= 4, static x => Pages(Operation.Alloc(Name.Allocation(1), 1), x)),
        new(LoanRemovals.KeepsWhenNotAsked, "list pages", 0, 3, static x => x == 1,
            static x => Cmm(Operation.Alloc(Name.Allocation(1), 1)).Then(s => Say(s, l => l with { ListPages = x }))),
        Bound.Of(LoanRemovals.KeepsWhenNotAsked, "a page less",
            [Less(s_halted), Less(s_active, s_halted)], [Less(), Less(s_active), Less(s_resumed)]),
        Bound.Of(LoanRemovals.HaltEnds, "halts, ends and what it is told",
            [
                Doing(), Doing(s_halted, s_resumed), Doing(s_halted, s_agreed, s_resumed, s_cancelled),
                Doing(s_halted, s_agreed, s_resumed, s_offline),
                Doing(s_cancelled), Doing(s_offline), Doing(s_refused), Doing(s_online), Doing(s_halted, s_online, s_resumed),
                Doing(s_halted, s_refused, s_resumed), Doing(s_halted, s_resumed, s_halted, s_resumed),
            ],
            [
                Doing(s_halted), Doing(s_resumed), Doing(s_halted, s_halted, s_resumed), Doing(s_halted, s_cancelled, s_resumed),
                Doing(s_halted, s_offline, s_resumed), Doing(s_agreed), Doing(s_halted, s_resumed, s_agreed),
                Doing(s_halted, s_resumed, s_resumed),
                Doing(s_halted, EffectScript.Step(EffectKind.LoaningResumed, EffectScript.Block4)),
            ]),
        Bound.Of(LoanRemovals.RefusesForListPages, "it refuses",
            [Doing(s_halted, s_refused), Bare(s_refused), Bare(s_refused, s_halted), Bare(s_halted, s_agreed), Bare(s_halted, s_cancelled)],
            [Bare(s_halted, s_refused), Bare(s_active, s_halted, s_refused)]),
    ];

    private static Scene Unshown(int i) => Cmm(s_operations[i % s_operations.Length])
        .From(s => s.Loans = i / s_operations.Length == 1 ? s_any : null)
        .Then(s => s.Loans = i / s_operations.Length == 0 ? s_any : null)
        .Then(static s => s.Zone(ZoneKind.Normal, static z => z with { Managed = z.Managed - 1 }));

    private static Scene Pages(Operation operation, int pages) => Cmm(operation).Then(s => Say(s, l => l with { Pages = pages }));

    // It sleeps five seconds more, and waits one second then.
    private static Scene Paused(int seconds, int left, bool paused) => Cmm(Operation.Tick(seconds))
        .From(static s => Say(s, static l => l with { Paused = true, SecondsToWake = 5 }))
        .Then(s => Say(s, l => l with { Paused = paused, SecondsToWake = left }));

    private static Scene Noted(int halts, bool before, bool after)
    {
        var scene = Cmm(Operation.Offline(B4)).From(s => Say(s, l => l with { HotplugOccurred = before }))
            .Then(s => Say(s, l => l with { HotplugOccurred = after }));
        for (var halt = 0; halt < halts; halt++)
            scene.Doing(s_halted, s_resumed);
        return scene;
    }

    private static Scene Taken(PageState after) => Cmm(s_tick).Then(s => s[0].Fill(16, 1, after));

    private static Scene Lent(PageState before) => Cmm(s_tick).From(s => s[0].Fill(24, 1, before)).Then(static s => s[0].Fill(24, 1, s_loaned));

    private static Scene Doing(params ReadOnlySpan<Effect> effects) => Cmm(s_tick).Doing(effects);

    // No list page lies in the block.
    private static Scene Bare(params ReadOnlySpan<Effect> effects) => Doing(effects).From(static s => s[0].Fill(20, 1, KernelUse));

    private static Scene Less(params ReadOnlySpan<Effect> effects) => Pages(Operation.Offline(B4), 3).Doing(effects);

    private static Effect Counted(long start, int pages) => new(EffectKind.IsolationCounted, new PageRange(start, 8), default, pages);

    private static Effect ListAdded(PageRange page) => EffectScript.Step(EffectKind.LoanListAdded, page);

    private static Effect Called(MemoryNotification notification, Errno errno = Errno.None) =>
        new(EffectKind.Notified, s_block0, default, 1, notification, errno);

    private static Action<Sketch> Zone(Func<ZoneObservation, ZoneObservation> change) => s => s.Zone(ZoneKind.Normal, change);
}
