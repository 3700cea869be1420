using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>
/// The atomic steps of loaning and of giving back, one method each: what a schedule interleaves with a removal. Between
/// any two of them the removal may begin (source document 000; kernel-semantics 4.1.3).
/// </summary>
internal sealed class LoanSteps(MachineState state, BuddyAllocator buddy, PageAllocator pages)
{
    private Cmm Cmm => state.Cmm!;

    /// <summary>
    /// Step 1, mutex_trylock(&amp;hotplug_mutex) and a look at hotplug_occurred: false while a removal is active or has
    /// just been.
    /// </summary>
    public bool MayLoan() => !Cmm.IsHalted && !Cmm.HotplugOccurred;

    /// <summary>
    /// Step 2, __get_free_page(GFP_NOIO | __GFP_NORETRY | __GFP_NOMEMALLOC): a page of a kernel zone; −1 if there is none.
    /// Never one of an isolated pageblock.
    /// </summary>
    public long AllocatePage() => Allocate(isList: false);

    /// <summary>Step 3, under cmm_lock: makes room in the list; the errno of a list page that is not to be had.</summary>
    public Errno MakeRoom(EffectLog log)
    {
        if (!Cmm.List.NeedsListPage)
            return Errno.None;
        var errno = AllocateListPage(log, out var pfn);
        if (errno == Errno.None)
            Cmm.List.PushListPage(pfn);
        return errno;
    }

    /// <summary>Step 4, plpar_page_set_loaned(): false if the hypervisor refuses.</summary>
    public bool SetLoaned() => state.Injection.Strike(VetoPoint.Loan) == Errno.None;

    /// <summary>Step 5, under the same lock: the page is on the list and counted.</summary>
    public void AddToList(long pfn) => Cmm.List.Push(pfn);

    /// <summary>A list page; the errno if there is none.</summary>
    public Errno AllocateListPage(EffectLog log, out long pfn)
    {
        pfn = -1;
        var errno = state.Injection.Strike(VetoPoint.LoanList);
        if (errno != Errno.None)
            return errno;
        pfn = Allocate(isList: true);
        if (pfn < 0)
            return Errno.ENOMEM;
        log.Add(EffectKind.LoanListAdded, new PageRange(pfn, 1));
        return Errno.None;
    }

    /// <summary>free_page(): of a page that was loaned, or of a list page. The buddy refuses a poisoned one.</summary>
    public void FreePage(long pfn)
    {
        var block = state.BlockOf(pfn);
        var offset = state.OffsetOf(pfn);
        block.Cmm!.Remove(offset);
        state.Touch(block);
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

    private long Allocate(bool isList)
    {
        for (var node = 0; node < state.Zones.Nodes; node++)
        {
            if (state.Zones.Find(node, ZoneKind.Normal) is not { } zone
                || !buddy.TryFind(zone, 0, last: true, out var block, out var offset, out var order))
                continue;
            buddy.TakeFront(block, offset, order, 1);
            state.Fill(block, offset, 1, PageUse.Kernel);
            block.Cmm ??= new CmmPages(state.Layout.PlaneWords);
            block.Cmm.Add(offset, isList);
            state.Touch(block);
            return state.PageOf(block, offset);
        }

        return -1;
    }
}
