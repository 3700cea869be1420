using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>How the step of a loan that holds cmm_lock ended.</summary>
internal enum LoanResult
{
    /// <summary>The page is on loan.</summary>
    Loaned,
    /// <summary>There is no room for its address.</summary>
    NeedsListPage,
    /// <summary>The hypervisor does not take it.</summary>
    Refused,
}

/// <summary>
/// The atomic steps of loaning and of giving back, one method each: what a schedule interleaves with a removal. Between
/// any two of them the removal may begin (source document 000; kernel-semantics 4.1.3).
/// </summary>
internal sealed class LoanSteps<TRules>(
    MachineState state, BuddyAllocator buddy, PageAllocator<TRules> pages, TRules rules)
    where TRules : struct, IRules
{
    private Cmm Cmm => state.Cmm!;

    /// <summary>
    /// Step 1, mutex_trylock(&amp;hotplug_mutex) and a look at hotplug_occurred: false while a removal is active or has
    /// just been.
    /// </summary>
    public bool MayLoan() => !Cmm.IsHalted && !Cmm.HotplugOccurred;

    /// <summary>
    /// Step 2, __get_free_page(GFP_NOIO | __GFP_NORETRY | __GFP_NOMEMALLOC): a page of a kernel zone; −1 if there is
    /// none. Never one of an isolated pageblock. Until it is on the list it is a page of the kernel like any other.
    /// </summary>
    public long AllocatePage()
    {
        for (var node = 0; node < state.Zones.Nodes; node++)
        {
            if (state.Zones.Find(node, ZoneKind.Normal) is not { } zone
                || !buddy.TryFind(zone, 0, last: true, out var block, out var offset, out var order))
                continue;
            buddy.TakeFront(block, offset, order, 1);
            state.Fill(block, offset, 1, PageUse.Kernel);
            state.Touch(block);
            if (!rules.Keeps(RaceFault.CmmCountsPagesOnTheirWay))
                Own(state.PageOf(block, offset), isList: false);
            return state.PageOf(block, offset);
        }

        return -1;
    }

    /// <summary>
    /// Step 3, all under cmm_lock: room in the list – with the list page that was allocated for it, which is freed if
    /// the room is there by now –, then plpar_page_set_loaned(), then the page is on the list and counted.
    /// </summary>
    /// <param name="pfn">The page.</param>
    /// <param name="listPage">A page to hold addresses; −1 for none.</param>
    /// <param name="log">What is done.</param>
    public LoanResult Loan(long pfn, long listPage, EffectLog log)
    {
        if (Cmm.List.NeedsListPage || !rules.Keeps(Fault.CmmListPageForEach) || (listPage >= 0 && !rules.Keeps(RaceFault.CmmListPageUnchecked)))
        {
            if (listPage < 0)
                return LoanResult.NeedsListPage;
            Cmm.List.PushListPage(listPage);
            OwnListPage(listPage, log);
        }
        else if (listPage >= 0)
        {
            if (rules.Keeps(RaceFault.CmmSpareListPageLeaked))
                FreePage(listPage);
            if (!rules.Keeps(RaceFault.CmmSpareListPageFreedTwice))
                FreePage(listPage);
        }

        if (state.Injection.Strike(VetoPoint.Loan) != Errno.None)
            return LoanResult.Refused;
        Cmm.List.Push(pfn);
        Own(pfn, isList: false);
        if (rules.Overlaps && Cmm.LoanedLate >= 0)
            LookAtLateLoan(pfn);
        return LoanResult.Loaned;
    }

    // What source document 000 promises of a removal that is under way.
    private void LookAtLateLoan(long pfn)
    {
        Cmm.LoanedLate++;
        if (!state.BlockOf(pfn).IsListed)
            rules.Report(Mishap.LoanedFromRange, pfn);
        else if (Cmm.LoanedLate > 1)
            rules.Report(Mishap.LoanedLate, pfn);
    }

    /// <summary>
    /// Step 4, only where step 3 found no room, and without cmm_lock: a page to hold addresses; the errno if there is
    /// none. Then step 3 again.
    /// </summary>
    public Errno AllocateListPage(out long pfn)
    {
        pfn = -1;
        var errno = state.Injection.Strike(VetoPoint.LoanList);
        if (errno != Errno.None)
            return errno;
        pfn = AllocatePage();
        return pfn < 0 ? Errno.ENOMEM : Errno.None;
    }

    /// <summary>The page holds addresses now.</summary>
    public void OwnListPage(long pfn, EffectLog log)
    {
        Own(pfn, isList: true);
        log.Add(EffectKind.LoanListAdded, new PageRange(pfn, 1));
    }

    /// <summary>free_page(): of a page that was to be loaned, or was, or of a list page. The buddy refuses a poisoned
    /// one.</summary>
    public void FreePage(long pfn)
    {
        var block = state.BlockOf(pfn);
        var offset = state.OffsetOf(pfn);
        if (block.Cmm?.Has(offset) == true)
            block.Cmm.Remove(offset);
        state.Touch(block);
        if (rules.Keeps(Fault.CmmPageNotFreed))
            pages.GiveBack(block, offset);
    }

    /// <summary>Frees the list page on top, which is empty.</summary>
    public void FreeHead(EffectLog log) => FreeListPage(Cmm.List.PopListPage(), log);

    /// <summary>Frees a list page that is off the list, or replaced there.</summary>
    public void FreeListPage(long pfn, EffectLog log)
    {
        FreePage(pfn);
        log.Add(EffectKind.LoanListFreed, new PageRange(pfn, 1));
    }

    private void Own(long pfn, bool isList)
    {
        var block = state.BlockOf(pfn);
        block.Cmm ??= new CmmPages(state.Layout.PlaneWords);

        // The seeded fault has counted it while it was on its way.
        if (rules.Overlaps && block.Cmm.Has(state.OffsetOf(pfn)))
            block.Cmm.Remove(state.OffsetOf(pfn));
        block.Cmm.Add(state.OffsetOf(pfn), isList);
        state.Touch(block);
    }
}
