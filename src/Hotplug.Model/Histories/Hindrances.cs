using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Model.Operations;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>
/// What keeps an operation from emptying a range at this moment, by the same rules as the sequential model's
/// <see cref="Obstacles"/>.
/// </summary>
internal static class Hindrances
{
    /// <summary>The state in which those that will be refused have seen what hinders them now.</summary>
    public static HistoryState Watch(HistoryState state)
    {
        foreach (var one in state.UnderWay)
            if (one.IsWatched && one.Wanted.Count > 0)
                state = state.With(one with
                {
                    Hindered = one.Hindered | Of(state, one.Wanted, one.Call, one.IsContig)
                });
        return state;
    }

    /// <summary>What hinders the operation from emptying these pages now.</summary>
    /// <param name="state">What is so now.</param>
    /// <param name="range">The pages.</param>
    /// <param name="call">Who wants it.</param>
    /// <param name="isContig">For somebody who takes all of them himself: then everything must be free in the
    /// end.</param>
    public static Hindrance Of(HistoryState state, PageRange range, int call, bool isContig)
    {
        var found = state.IsIsolatedBySomebodyElse(range, call) ? Hindrance.Isolated : Hindrance.None;
        long used = 0;
        foreach (var (pages, page) in state.Pages.RunsIn(range))
        {
            if (PageWords.CanMove(page))
                used += pages.Count;
            if (state.BlockOf(pages.Start) is { } block && page != PageWords.Free)
                found |= isContig ? OfContig(page) : OfOffline(state, block, pages, page);
        }

        var zone = state.BlockOf(range.Start)?.Zone ?? ZoneKind.None;
        if (state.MemmapTaken > 0 && zone != ZoneKind.Movable)
            found |= Hindrance.Refused;
        return used > 0 && Room.Outside(state, range, zone == ZoneKind.Movable) < used ? found | Hindrance.NoRoom
            : found;
    }

    /// <summary>True if the block, in which nothing is left that can move, may go offline.</summary>
    public static bool IsGivenUp(HistoryState state, in Block block, PageRange pages, PageState page) =>
        page == PageWords.Free || page.HasAny(PageFlags.Vmemmap | PageFlags.NoPage | PageFlags.Unseen)
        || (page.Has(PageFlags.Offline) ? !page.Has(PageFlags.Movable)
            && !OfflinePages.IsKept(state.Structure.Spec, page)
            : page.Has(PageFlags.HwPoison));

    private static Hindrance OfContig(PageState page) => PageWords.CanMove(page) ? Hindrance.None : Hindrance.Refused;

    private static Hindrance OfOffline(HistoryState state, in Block block, PageRange pages, PageState page)
    {
        var spec = state.Structure.Spec;
        if (page.Has(PageFlags.Unseen))
            return Hindrance.Refused | Hindrance.Stuck;   // Nothing is known of it: it may be.
        if (pages.Start < block.Range.Start + block.SelfHosted || (LoanPages.IsAny(page) && spec.HasHotplugAwareCmm))
            return Hindrance.None;
        if (OfflinePages.IsKept(spec, page) || page.Has(PageFlags.HwPoison | PageFlags.Offline))
            return Hindrance.Refused | Hindrance.Stuck;   // Which of the two depends on who looks first.
        if (page == PageWords.Leaving)
            return Hindrance.Stuck;
        var found = Obstacles.IsRefusedPage(spec, page, block) ? Hindrance.Refused : Hindrance.None;
        return Obstacles.IsStuckPage(spec, page, block) ? found | Hindrance.Stuck : found;
    }
}
