using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>
/// CMM's thread: it polls the hypervisor's target and loans pages or takes them back; and its part in the OOM notifier
/// chain (source document 000; kernel-semantics 4.1.3, 4.1.4, 4.1.6).
/// </summary>
internal sealed class Loaning<TRules>(MachineState state, LoanSteps<TRules> steps, TRules rules)
    where TRules : struct, IRules
{
    private readonly bool _isAware = state.Spec.HasHotplugAwareCmm;

    /// <summary>The hypervisor wants so many pages on loan.</summary>
    public Errno SetTarget(long target)
    {
        if (state.Cmm is not { } cmm)
            return Errno.EINVAL;
        cmm.Target = target;
        return Errno.None;
    }

    /// <summary>cmm_thread() over these seconds.</summary>
    public void Pass(long seconds, EffectLog log)
    {
        if (state.Cmm is not { } cmm)
            return;
        rules.Acquire(LockName.CmmThread);
        Pass(cmm, seconds, log);
        rules.Release(LockName.CmmThread);
    }

    private void Pass(Cmm cmm, long seconds, EffectLog log)
    {
        var idle = 0;
        while (seconds >= cmm.SecondsToWake)
        {
            seconds -= cmm.SecondsToWake;
            cmm.SecondsToWake = Cmm.PollDelay;
            if (cmm.IsPaused)
            {
                cmm.IsPaused = false;
            }
            else if (cmm.HotplugOccurred)
            {
                cmm.HotplugOccurred = false;
                if (!rules.Keeps(Fault.CmmDoesNotPause))
                    continue;
                cmm.IsPaused = true;
                cmm.SecondsToWake = state.Spec.CmmHotplugDelay;
            }
            else
            {
                // What one poll could not do because it was made to fail, the next one does; after two that did nothing
                // none will.
                idle = Poll(cmm, log) ? 0 : idle + 1;
                if (idle == 2)
                    seconds %= Cmm.PollDelay;
            }
        }

        cmm.SecondsToWake -= (int)seconds;
    }

    /// <summary>
    /// Its delay elapses while memory leaves. hotplug_mutex is taken, so the thread skips that round: "Hotplug
    /// operation in progress, activity suspended".
    /// </summary>
    public void WakeWhileRemoving(EffectLog log)
    {
        if (_isAware && MayLoan())
            Poll(state.Cmm!, log);
    }

    /// <summary>cmm_oom_notify(): gives pages back, and keeps the target lower by as many.</summary>
    public void OutOfMemory(EffectLog log)
    {
        if (state.Cmm is not { } cmm)
            return;
        var freed = Free(cmm, state.Spec.CmmOomPages, log);
        cmm.OomFreed += freed;
    }

    // cmm_get_mpp() and what follows: true if a page was loaned or taken back.
    private bool Poll(Cmm cmm, EffectLog log)
    {
        var goal = GoalOf(cmm);
        var loaned = cmm.List.Loaned;
        if (goal > loaned)
            Loan(cmm, goal - loaned + (rules.Keeps(Fault.CmmLoansOneTooMany) ? 0 : 1), log);
        else if (goal < loaned)
            Free(cmm, loaned - goal, log);
        return cmm.List.Loaned != loaned;
    }

    // What is active now is what is managed, less what is on loan.
    private long GoalOf(Cmm cmm)
    {
        long managed = 0;
        for (var i = 0; i < state.Zones.Count; i++)
            managed += state.Zones.Find(i)?.Managed ?? 0;
        return Math.Max(0, Math.Min(cmm.Target - cmm.OomFreed, managed - state.Spec.CmmLeastActive));
    }

    // cmm_alloc_pages(): stops when a removal begins, when memory is short and when the hypervisor refuses.
    private void Loan(Cmm cmm, long count, EffectLog log)
    {
        var loaned = new PageRunLog(EffectKind.PagesLoaned);
        var isFirst = true;
        while (count > 0 && (MayLoan() || (!isFirst && !rules.Keeps(RaceFault.CmmNeverAborts))))
        {
            isFirst = false;
            rules.At(SchedulePoint.InflateAfterActiveCheck);
            var pfn = steps.AllocatePage();
            if (pfn < 0)
                break;
            rules.At(SchedulePoint.InflateAfterAllocation, pfn);
            var result = Loan(pfn, listPage: -1, log);
            if (result == LoanResult.NeedsListPage && steps.AllocateListPage(out var listPage) == Errno.None)
            {
                rules.At(SchedulePoint.InflateAfterListPage, listPage);
                result = Loan(pfn, listPage, log);
            }

            if (result != LoanResult.Loaned)
            {
                steps.FreePage(pfn);
                break;
            }

            loaned.Add(pfn, log);
            if (rules.Overlaps)
                loaned.Flush(log);
            count--;
        }

        loaned.Flush(log);
    }

    private LoanResult Loan(long pfn, long listPage, EffectLog log)
    {
        rules.Acquire(LockName.Cmm);
        var result = steps.Loan(pfn, listPage, log);
        rules.Release(LockName.Cmm);
        return result;
    }

    private bool MayLoan() => steps.MayLoan() || !rules.Keeps(Fault.CmmLoansWhileRemoving);

    // cmm_free_pages(): never aborts early; that the balloon shrinks is good for a removal.
    private long Free(Cmm cmm, long count, EffectLog log)
    {
        if (!rules.Keeps(RaceFault.CmmFreesUnlocked))
            return FreeUnlocked(cmm, count, log);
        rules.Acquire(LockName.Cmm);
        var freed = Math.Min(count, cmm.List.Loaned);
        var active = new PageRunLog(EffectKind.PagesActive);
        for (var left = freed; left > 0; left--)
        {
            if (!steps.MayLoan() && !rules.Keeps(Fault.CmmFreeingAborts))
                break;
            DropEmptyHead(cmm, log);
            var pfn = cmm.List.Pop();
            rules.At(SchedulePoint.DeflateBetweenPages, pfn);
            steps.FreePage(pfn);
            active.Add(pfn, log);
            if (rules.Overlaps)
                active.Flush(log);
            DropEmptyHead(cmm, log);
        }

        active.Flush(log);
        rules.Release(LockName.Cmm);
        return freed;
    }

    // The seeded fault: the address that was read may not be on the list any more when the page is freed.
    private long FreeUnlocked(Cmm cmm, long count, EffectLog log)
    {
        long freed = 0;
        while (freed < count && cmm.List.Loaned > 0)
        {
            DropEmptyHead(cmm, log);
            var pfn = cmm.List.Head!.Pages[cmm.List.Head.Index - 1];
            rules.At(SchedulePoint.DeflateBetweenPages, pfn);
            if (cmm.List.Head is { Index: > 0 } head && head.Pages[head.Index - 1] == pfn)
                cmm.List.Pop();
            steps.FreePage(pfn);
            log.Add(EffectKind.PagesActive, new PageRange(pfn, 1));
            DropEmptyHead(cmm, log);
            freed++;
        }

        return freed;
    }

    // A loan that the hypervisor refused may have left a list page without an address.
    private void DropEmptyHead(Cmm cmm, EffectLog log)
    {
        if (cmm.List.Head is { Index: 0 })
            steps.FreeHead(log);
    }
}
