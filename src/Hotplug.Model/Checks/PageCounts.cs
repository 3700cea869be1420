using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;

namespace Hotplug.Model.Checks;

/// <summary>How many pages of a kind are seen.</summary>
internal static class PageCounts
{
    /// <summary>Pages of the kind that the block shows; 0 where it is not seen.</summary>
    public static long In(BlockObservation? block, Func<PageState, bool> isOne)
    {
        long pages = 0;
        if (block is not null)
            foreach (ref readonly var run in block.Pages.Runs)
                if (isOne(run.State))
                    pages += run.Count;
        return pages;
    }

    /// <summary>How many more pages of the kind are seen after the operation than before; negative for fewer.</summary>
    public static long Grown(Transition seen, Func<PageState, bool> isOne)
    {
        long pages = 0;
        foreach (ref readonly var change in seen.Changed)
            pages += In(change.After, isOne) - In(change.Before, isOne);
        return pages;
    }
}
