using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;
using Hotplug.Model.Operations;
using Hotplug.Model.States;

namespace Hotplug.Model.Checks;

/// <summary>CMM: what it says of itself agrees with the model, and its pages with what it says.</summary>
internal static class LoanCheck
{
    private static readonly Citation s_thread = new("v6.12", "arch/powerpc/platforms/pseries/cmm.c", "cmm_thread");
    private static readonly Citation s_pages = new("v6.12", "arch/powerpc/platforms/pseries/cmm.c", "cmm_alloc_pages");

    public static Violation? Check(State next, Transition seen)
    {
        if (next.Loans is not { } known)
            return null;
        if (seen.After.Loans is not { } shown)
            return seen.After.Sees(Visibility.Blocks) ? new("cmm.shown", "CMM", "an observation of it", "none", s_thread) : null;
        var now = new Loans(shown.Pages, shown.ListPages, shown.TargetPages, shown.OomFreedPages, shown.HotplugOccurred,
            shown.SecondsToWake, shown.Paused);
        if (now != known)
            return new("cmm.state", "CMM", known.ToString(), now.ToString(), s_thread);
        if (!seen.Sees(Visibility.Owners | Visibility.Placement | Visibility.BootPages))
            return null;
        var loaned = PageCounts.Grown(seen, PageState.LoanOwner, LoanPages.IsOf);
        var lists = PageCounts.Grown(seen, PageState.LoanListOwner, LoanPages.IsOf);
        var before = seen.Before.Loans ?? default;
        if (loaned != shown.Pages - before.Pages)
            return new("cmm.loaned-pages", "CMM", $"{shown.Pages - before.Pages} more loaned pages, as it says", $"{loaned}", s_pages);
        return lists == shown.ListPages - before.ListPages ? null
            : new("cmm.list-pages", "CMM", $"{shown.ListPages - before.ListPages} more list pages, as it says", $"{lists}", s_pages);
    }
}
