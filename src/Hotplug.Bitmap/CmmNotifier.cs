using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>
/// CMM's callback in the memory chain: at GOING_OFFLINE it halts loaning and gives back what it has in the range, list
/// pages included; when the removal is over it lets loaning go on (source document 000; kernel-semantics 4.1.5).
/// </summary>
internal sealed class CmmNotifier<TRules>(MachineState state, LoanSteps<TRules> steps, TRules rules)
    where TRules : struct, IRules
{
    /// <summary>Its answer.</summary>
    public Errno Act(MemoryNotification notification, PageRange range, EffectLog log)
    {
        var cmm = state.Cmm!;
        if (notification is MemoryNotification.Offline or MemoryNotification.CancelOffline)
            cmm.LoanedLate = -1;
        switch (notification)
        {
            case MemoryNotification.GoingOffline:
                Halt(cmm, range, log);
                cmm.LoanedLate = 0;
                rules.Acquire(LockName.Cmm);
                var errno = Release(cmm.List, range, log);
                rules.Release(LockName.Cmm);
                Loosen(cmm);
                return errno;

            // CANCEL_OFFLINE also reaches it when somebody before it refused: then there is nothing to let go on.
            case MemoryNotification.Offline or MemoryNotification.CancelOffline when cmm.IsHalted:
                Resume(cmm, range, log);
                return Errno.None;
            default:
                return Errno.None;
        }
    }

    // The seeded faults: a flag that the thread itself clears, or a mutex that is held for this callback only.
    private void Loosen(Cmm cmm)
    {
        if (!rules.Keeps(RaceFault.CmmFlagOnly))
            cmm.IsHalted = false;
        if (!rules.Keeps(RaceFault.CmmResumesEarly))
            cmm.IsHalted = cmm.HotplugOccurred = false;
    }

    /// <summary>Step 1, mutex_lock(&amp;hotplug_mutex): waits for no loan to end, only for a look that the thread
    /// takes.</summary>
    public static void Halt(Cmm cmm, PageRange range, EffectLog log)
    {
        cmm.IsHalted = true;
        cmm.HotplugOccurred = true;
        log.Add(EffectKind.LoaningHalted, range);
    }

    /// <summary>The last step, mutex_unlock(&amp;hotplug_mutex).</summary>
    public static void Resume(Cmm cmm, PageRange range, EffectLog log)
    {
        cmm.IsHalted = false;
        log.Add(EffectKind.LoaningResumed, range);
    }

    // cmm_mem_going_offline(), all of it under cmm_lock.
    private Errno Release(LoanList list, PageRange range, EffectLog log)
    {
        if (state.BlockOf(range.Start).Cmm is not { Count: > 0 })
            return Errno.None;
        if (!rules.Keeps(Fault.CmmRefusesForLoans))
            return Errno.EBUSY;
        ReleaseLoans(list, range, log);
        return rules.Keeps(Fault.CmmListPageStays) ? ReplaceListPages(list, range, log) : Errno.None;
    }

    /// <summary>
    /// Step 2: from the head down. A hole is filled with the last address of the head; a head that is empty then is
    /// freed.
    /// </summary>
    public void ReleaseLoans(LoanList list, PageRange range, EffectLog log)
    {
        var active = new PageRunLog(EffectKind.PagesActive);
        for (var height = list.Count - 1; height >= 0; height--)
        {
            var page = list.At(height);
            for (var index = page.Index - 1; index >= 0; index--)
            {
                var pfn = page.Pages[index];
                if (!range.Contains(pfn))
                    continue;
                DropEmptyHead(list, log);
                page.Pages[index] = list.Pop();
                steps.FreePage(pfn);
                active.Add(pfn, log);
            }
        }

        DropEmptyHead(list, log);
        active.Flush(log);
    }

    private void DropEmptyHead(LoanList list, EffectLog log)
    {
        if (list.Head is { Index: 0 })
            steps.FreeHead(log);
    }

    /// <summary>
    /// Step 3: the new one never lies in the range, because that is isolated. Without one the offline is refused; what
    /// was given back so far stays so.
    /// </summary>
    public Errno ReplaceListPages(LoanList list, PageRange range, EffectLog log)
    {
        for (var height = list.Count - 1; height >= 0; height--)
        {
            var page = list.At(height);
            if (!range.Contains(page.Pfn))
                continue;
            var errno = steps.AllocateListPage(out var pfn);
            if (errno != Errno.None)
                return errno;
            steps.OwnListPage(pfn, log);
            steps.FreeListPage(page.Pfn, log);
            page.Pfn = pfn;
        }

        return Errno.None;
    }
}
