using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Model.Checks;

namespace Hotplug.Model.Operations;

/// <summary>What CMM's pages look like: pages of the kernel that nobody but CMM can give back.</summary>
internal static class LoanPages
{
    /// <summary>A page that was just loaned.</summary>
    public static PageState Loaned { get; } = new(PageFlags.InUse | PageFlags.Kernel, 0, PageState.LoanOwner, 1);

    /// <summary>A page that was just put on the list.</summary>
    public static PageState List { get; } = Loaned with { Owner = PageState.LoanListOwner };

    /// <summary>A loaned page, or a list page, by its owner.</summary>
    public static bool IsOf(PageState page, byte owner) => page.Owner == owner && page.Has(PageFlags.InUse);

    /// <summary>A loaned page, or a list page.</summary>
    public static bool IsAny(PageState page) => page.Has(PageFlags.InUse) && page.Owner is PageState.LoanOwner or PageState.LoanListOwner;

    /// <summary>Just loaned, or just put on the list.</summary>
    public static bool IsNew(PageState page) => page == Loaned || page == List;

    /// <summary>CMM had it, and now it is free – or, poisoned, nobody's.</summary>
    public static bool IsGivenBack(PageState before, PageState after) =>
        IsAny(before) && !IsAny(after) && Removing.IsGivenBack(before, after);

    /// <summary>List pages that so many loaned pages need: all but the head are full.</summary>
    public static long ListsFor(MachineSpec spec, long pages) => (pages + spec.PagesPerLoanList - 1) / spec.PagesPerLoanList;

    /// <summary>Loaned pages of a block that was seen.</summary>
    public static long CountLoaned(BlockObservation? block) => PageCounts.In(block, PageState.LoanOwner, IsOf);

    /// <summary>List pages of a block that was seen.</summary>
    public static long CountLists(BlockObservation? block) => PageCounts.In(block, PageState.LoanListOwner, IsOf);
}
