using Hotplug.Contract.Observations;

namespace Hotplug.Model.Histories;

/// <summary>The states that a page goes through while operations overlap, in the words of an observation.</summary>
internal static class PageWords
{
    /// <summary>Free: in the buddy or on a per-CPU list, that makes no difference here.</summary>
    public static PageState Free { get; } = PageState.Free(0);

    /// <summary>Nobody has it any more, and it is not free yet.</summary>
    public static PageState Leaving { get; } = new(PageFlags.None, 0, 0, 0);

    /// <summary>What the memmap of other blocks and kernel pages that no operation named look like.</summary>
    public static PageState Kernel { get; } = new(PageFlags.InUse | PageFlags.Kernel, 0, 0, 1);

    /// <summary>A page of self-hosted vmemmap, whatever dialect it speaks.</summary>
    public static PageState Vmemmap { get; } = new(PageFlags.Vmemmap, 0, 0, 1);

    /// <summary>The state without what depends on where a free page is listed, and of a poisoned page the poison
    /// only.</summary>
    public static PageState Plain(PageState seen)
    {
        if (seen.Has(PageFlags.HwPoison))
            return Poisoned(seen);
        if (seen.Has(PageFlags.Vmemmap))
            return Vmemmap;
        return seen.IsFree ? Free : seen with { Order = 0, Flags = seen.Flags & ~PageFlags.Isolated };
    }

    /// <summary>
    /// The page, poisoned. Whose it is and what holds it is left to those who look at it at rest; but what is
    /// PageOffline matters to offlining.
    /// </summary>
    public static PageState Poisoned(PageState page) => page.Has(PageFlags.Offline)
        ? page with { Flags = page.Flags | PageFlags.HwPoison }
        : new PageState(PageFlags.HwPoison, 0, 0, 0);

    /// <summary>True if the page can be migrated: nobody but its owner has a reference.</summary>
    public static bool CanMove(PageState page) =>
        page.Has(PageFlags.Movable) && page.References == 1 && !page.Has(PageFlags.HwPoison);
}
