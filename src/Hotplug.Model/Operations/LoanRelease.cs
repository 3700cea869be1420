using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Operations;

/// <summary>
/// What becomes of CMM's pages when memory goes offline: at GOING_OFFLINE it gives back those in the range and replaces
/// its list pages there. What it gave back stays given back, whatever becomes of the offline (kernel-semantics 4.1.5).
/// </summary>
internal static class LoanRelease
{
    private static readonly Citation s_release = new("2009", "source document 000", "free pages in the range which is to be removed");

    /// <summary>The state after CMM's callback has been called for blocks of the range.</summary>
    public static State Follow(State state, Transition seen, PageRange range)
    {
        if (state.Loans is not { } loans || !seen.Spec.HasHotplugAwareCmm)
            return state;
        var called = false;
        var before = loans;
        foreach (ref readonly var effect in seen.Outcome.Effects)
            if (effect.Kind == EffectKind.LoaningHalted && range.Contains(effect.Range))
            {
                called = true;
                var released = LoanPages.CountLoaned(seen.Before.Find(seen.Spec.BlockOf(effect.Range.Start)));
                if (released > 0)
                    loans = loans with
                    {
                        Pages = loans.Pages - released,
                        ListPages = LoanPages.ListsFor(seen.Spec, loans.Pages - released),
                    };
            }

        if (!seen.Levels.HasFlag(Levels.Effects) && seen.After.Loans is { } shown)
        {
            called = shown.HotplugOccurred;
            loans = loans with { Pages = shown.Pages, ListPages = shown.ListPages };
        }

        // A list page without an address stays until CMM has something else to do: then the pages alone do not tell.
        if (loans.Pages == before.Pages && seen.After.Loans is { } now && now.ListPages < loans.ListPages)
            loans = loans with { ListPages = LoanPages.ListsFor(seen.Spec, loans.Pages) };
        return state with { Loans = loans with { HotplugOccurred = loans.HotplugOccurred || called } };
    }

    /// <summary>True if CMM giving back pages, or replacing list pages, explains the change.</summary>
    public static bool Explains(Transition seen, PageRange pages, PageState before, PageState after)
    {
        if (!LoanPages.IsAny(before) && !LoanPages.IsAny(after))
            return false;
        if (after.Owner == PageState.LoanListOwner)
            return LoanPages.IsNew(after) && before.IsFree;
        return LoanPages.IsGivenBack(before, after)
            && (before.Owner == PageState.LoanListOwner || WasCalled(seen, pages));
    }

    /// <summary>True if CMM refused because it found no page to replace a list page of the range with.</summary>
    public static bool Refuses(in Ruling ruling, PageRange range)
    {
        if (ruling.State.Loans is null || !ruling.Spec.HasHotplugAwareCmm || !HasListPage(ruling, range))
            return false;
        if (Refusals.IsVeto(ruling, VetoPoint.LoanList))
            return true;
        return ruling.Is(Errno.ENOMEM) && FreeOutside(ruling.Seen, range) == 0;
    }

    /// <summary>Why success is not permitted: a list page could not be replaced. Null if nothing kept it.</summary>
    public static Violation? MustRefuse(in Ruling ruling, in Block block)
    {
        if (ruling.State.Loans is null || !ruling.Spec.HasHotplugAwareCmm
            || ruling.State.Veto is not { K: > 0, Point: VetoPoint.LoanList } veto || veto.Errno == Errno.None)
            return null;

        // Those that ran empty when their addresses were given back are freed, not replaced.
        var lists = LoanPages.CountLists(ruling.Seen.Before.Find(block.Number))
            - (ruling.State.Loans.Value.ListPages - (ruling.Seen.After.Loans?.ListPages ?? 0));
        return lists < veto.K ? null
            : new("cmm.list-page-refusal", ruling.Seen.Operation.ToString(),
                $"{ErrnoText.Print(veto.Errno)}, as list page {veto.K} was not to be had", ruling.Answer.ToString(), s_release);
    }

    private static bool WasCalled(Transition seen, PageRange pages)
    {
        if (!seen.Levels.HasFlag(Levels.Effects))
            return true;
        foreach (ref readonly var effect in seen.Outcome.Effects)
            if (effect.Kind == EffectKind.LoaningHalted && effect.Range.Contains(pages))
                return true;
        return false;
    }

    private static bool HasListPage(in Ruling ruling, PageRange range)
    {
        foreach (var observation in (ReadOnlySpan<Observation>)[ruling.Seen.Before, ruling.Seen.After])
            foreach (var block in ruling.State.BlocksIn(range))
                if (LoanPages.CountLists(observation.Find(block.Number)) > 0)
                    return true;
        return false;
    }

    // What lies in the range was isolated while CMM looked for a page.
    private static long FreeOutside(Transition seen, PageRange range)
    {
        long free = 0;
        foreach (ref readonly var zone in seen.After.Zones)
            if (zone.Id.IsKernel)
                free += zone.Free;
        foreach (var block in seen.After.Blocks)
            if (block.IsOnline && block.CountedIn.IsKernel && range.Contains(seen.Spec.PagesOf(block.Block)))
                free -= block.Pages.Buddy;
        return free;
    }
}
