using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;

namespace Hotplug.Model.Checks;

/// <summary>How many pages of a kind are seen; what kind is handed on, so that who asks captures nothing.</summary>
internal static class PageCounts
{
    /// <summary>Pages of the kind that the block shows; 0 where it is not seen.</summary>
    public static long In<TKind>(BlockObservation? block, TKind kind, Func<PageState, TKind, bool> isOne)
    {
        long pages = 0;
        if (block is not null)
            foreach (ref readonly var run in block.Pages.Runs)
                if (isOne(run.State, kind))
                    pages += run.Count;
        return pages;
    }

    /// <summary>How many more pages of the kind are seen after the operation than before; negative for fewer.</summary>
    public static long Grown<TKind>(Transition seen, TKind kind, Func<PageState, TKind, bool> isOne)
    {
        long pages = 0;
        foreach (ref readonly var change in seen.Changed)
            pages += In(change.After, kind, isOne) - In(change.Before, kind, isOne);
        return pages;
    }
}
