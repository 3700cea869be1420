using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.Checks;
using Hotplug.Model.States;

namespace Hotplug.Model.Operations;

/// <summary><c>poison</c>, <c>hard-offline</c>, <c>soft-offline</c>, <c>unpoison</c> (kernel-semantics 3.14).</summary>
internal static class Poisoning
{
    // What a page that cannot be handled keeps when it is flagged.
    private const PageFlags Lasting = PageFlags.Offline | PageFlags.Vmemmap | PageFlags.InUse;

    private static readonly Citation s_failure = new("v6.12", "mm/memory-failure.c", "memory_failure");
    private static readonly Citation s_soft = new("v6.12", "mm/memory-failure.c", "soft_offline_page");
    private static readonly Citation s_unpoison = new("v6.12", "mm/memory-failure.c", "unpoison_memory");

    /// <summary>Judges <c>poison</c> and <c>hard-offline</c>.</summary>
    public static Judgement JudgePoison(in Ruling ruling)
    {
        var pfn = ruling.Seen.Target.Range.Start;
        if (InFlight.Blurs(ruling.Seen, ruling.Spec.BlockOf(pfn)))
            return Blurred(ruling, pfn);
        if (!IsOnlinePage(ruling, pfn))
            return ruling.Demand(Errno.ENXIO, "its section is not online", s_failure);
        if (ruling.State.Poisoned.BinarySearch(pfn) >= 0)
            return ruling.Demand(Errno.EHWPOISON, "poisoned already", s_failure);
        var before = ruling.Seen.PageBefore(pfn);
        if (before.Has(PageFlags.Unseen) && ruling.Is(Errno.ENXIO))
            return ruling.PermitUnchanged();   // It may lie in a hole that is not seen.
        var certain = ruling.Seen.Sees(Visibility.Placement);
        var handled = before.IsFree || before.Has(PageFlags.Movable) && !before.Has(PageFlags.Offline);
        var expected = handled ? Errno.None : Errno.EBUSY;
        if (certain ? !ruling.Is(expected) : ruling.Is(Errno.ENXIO) || ruling.Is(Errno.EHWPOISON))
            return ruling.RefuteAnswer(ErrnoText.Print(expected), s_failure);
        if (!certain && !ruling.IsOk)
            return ruling.Permit(FollowFlag(ruling.State, ruling.Seen, pfn, PageFlags.HwPoison | PageFlags.Unseen), PageRule.Nothing);

        // A page that cannot be handled is flagged and counted all the same: the flag is set first.
        return ruling.Permit(WithPoison(ruling.State, pfn), new PageRule((pages, old, now) =>
            pages == new PageRange(pfn, 1) && now.Has(PageFlags.HwPoison) && !now.IsFree
            && now.References == (old.IsFree ? 1 : old.References)
            && (handled || ((now.Flags & Lasting) == (old.Flags & Lasting) && now.Owner == old.Owner))));
    }

    /// <summary>Judges <c>soft-offline</c>: the content moves away, then the page is poisoned.</summary>
    public static Judgement JudgeSoft(in Ruling ruling)
    {
        var pfn = ruling.Seen.Target.Range.Start;
        if (InFlight.Blurs(ruling.Seen, ruling.Spec.BlockOf(pfn)))
            return Blurred(ruling, pfn);
        if (ruling.State.Find(ruling.Spec.BlockOf(pfn)) is null)
            return ruling.Demand(Errno.ENXIO, "no such page frame", s_soft);
        if (!IsOnlinePage(ruling, pfn))
            return ruling.Demand(Errno.EIO, "its section is not online", s_soft);
        if (ruling.State.Poisoned.BinarySearch(pfn) >= 0)
            return ruling.IsOk ? ruling.PermitUnchanged() : ruling.RefuteAnswer("ok (poisoned already)", s_soft);
        var before = ruling.Seen.PageBefore(pfn);
        var seen = ruling.Seen;
        var free = before.IsFree;
        var moved = Migrations.Follow(ruling.State, seen.Outcome);
        if (!ruling.IsOk)
            return ruling.Answer.IsErrno && (!seen.Sees(Visibility.Placement)
                    || (!free && (ruling.Is(Errno.EBUSY) || ruling.Is(Errno.EIO) || IsMigrationVetoed(ruling, before))))
                ? ruling.Permit(FollowFlag(moved, seen, pfn, PageFlags.HwPoison),
                    new PageRule((pages, old, now) => Migrations.Explain(seen, pages, old, now)))
                : ruling.RefuteAnswer("ok: the page was free", s_soft);
        var poisoned = !seen.Sees(Visibility.PageTypes) || seen.PageAfter(pfn).HasAny(PageFlags.HwPoison | PageFlags.Unseen);
        if (!poisoned && seen.Sees(Visibility.Placement))
            return Ruling.Refute("soft-offline.poisons", $"page {pfn}", "poisoned", seen.PageAfter(pfn).ToString(), s_soft);
        return ruling.Permit(poisoned ? WithPoison(moved, pfn) : moved, new PageRule((pages, old, now) =>
            (pages == new PageRange(pfn, 1) && IsHeld(now)) || Migrations.Explain(seen, pages, old, now)));
    }

    // One page is one migration, and only a page that can be moved gets as far.
    private static bool IsMigrationVetoed(in Ruling ruling, PageState before) => ruling.State.Veto.K == 1
        && before.Has(PageFlags.Movable) && Refusals.IsVeto(ruling, VetoPoint.Migration);

    /// <summary>Judges <c>unpoison</c>.</summary>
    public static Judgement JudgeUnpoison(in Ruling ruling)
    {
        var pfn = ruling.Seen.Target.Range.Start;
        if (InFlight.Blurs(ruling.Seen, ruling.Spec.BlockOf(pfn)))
            return Blurred(ruling, pfn);
        if (!IsOnlinePage(ruling, pfn))
            return ruling.Demand(Errno.EIO, "its section is not online", s_unpoison);
        if (ruling.State.Poisoned.BinarySearch(pfn) < 0)
            return ruling.Demand(Errno.EBUSY, "it is not poisoned", s_unpoison);
        var before = ruling.Seen.PageBefore(pfn);
        if (before.Has(PageFlags.Offline) && ruling.Spec.Dialect.Has(DialectItem.UnpoisonRefusesOffline))
            return ruling.Demand(Errno.EBUSY, "a PageOffline page", s_unpoison);
        if (before.Has(PageFlags.Reserved))
            return ruling.Demand(Errno.EBUSY, "a reserved page", s_unpoison);
        if (ruling.Is(Errno.EBUSY))
            return before.Has(PageFlags.InUse) || before.HasAny(PageFlags.Vmemmap | PageFlags.Offline) || !ruling.Seen.Sees(Visibility.Placement)
                ? ruling.PermitUnchanged()
                : ruling.RefuteAnswer("ok: nobody uses the page", s_unpoison);
        if (!ruling.IsOk)
            return ruling.RefuteAnswer("ok, or EBUSY while it is in use", s_unpoison);
        var lost = ruling.Seen.Deviations.For(DeviationKind.VmemmapLost, ruling.Spec.BlockOf(pfn)) is not null;
        if (before.Has(PageFlags.Vmemmap) && !lost)
            return ruling.RefuteAnswer("EBUSY: page descriptors lie in it", s_unpoison);
        return ruling.Permit(ruling.State with { Poisoned = ruling.State.Poisoned.Remove(pfn) }, new PageRule((pages, old, now) =>
            pages == new PageRange(pfn, 1) && !now.Has(PageFlags.HwPoison)
            && (lost || (old.Has(PageFlags.Offline) ? now == old with { Flags = old.Flags & ~PageFlags.HwPoison } : now.HasAny(PageFlags.Buddy | PageFlags.Pcplist)))));
    }

    // The page's block may have come or gone since it was last seen: what became of the page is read from what is seen
    // now.
    private static Judgement Blurred(in Ruling ruling, long pfn)
    {
        var poisoned = ruling.Seen.PageAfter(pfn).Has(PageFlags.HwPoison);
        return ruling.Permit(
            poisoned ? WithPoison(ruling.State, pfn) : ruling.State with { Poisoned = ruling.State.Poisoned.Remove(pfn) },
            PageRule.Nothing);
    }

    // What was refused may have set the flag all the same: on a page that can be seen, it is seen.
    private static State FollowFlag(State state, Transition seen, long pfn, PageFlags signs) =>
        seen.PageAfter(pfn).HasAny(signs) ? WithPoison(state, pfn) : state;

    /// <summary>True if the page is poisoned, and held: whoever poisons a page takes a reference of it, which nobody
    /// drops (take_page_off_buddy(), page_handle_poison()).</summary>
    internal static bool IsHeld(PageState page) => page.Has(PageFlags.HwPoison)
        && page.References is PageState.Unknown or > 0;

    private static bool IsOnlinePage(in Ruling ruling, long pfn) =>
        ruling.State.Find(ruling.Spec.BlockOf(pfn)) is { Online: true } && !ruling.Seen.PageBefore(pfn).Has(PageFlags.NoPage);

    private static State WithPoison(State state, long pfn)
    {
        var index = state.Poisoned.BinarySearch(pfn);
        return index >= 0 ? state : state with { Poisoned = state.Poisoned.Insert(~index, pfn) };
    }
}
