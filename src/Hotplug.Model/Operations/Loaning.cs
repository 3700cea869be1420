using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Operations;

/// <summary>
/// CMM as source document 000 has it: <c>loan-target</c>, <c>oom</c>, and what its thread does on <c>tick</c>
/// (kernel-semantics 4.1).
/// </summary>
internal static class Loaning
{
    private const int PollDelay = 1;
    private const int BalloonOomPages = 256;

    private static readonly Citation s_target = new("v6.12", "arch/powerpc/platforms/pseries/cmm.c", "cmm_get_mpp");
    private static readonly Citation s_thread = new("v6.12", "arch/powerpc/platforms/pseries/cmm.c", "cmm_thread");
    private static readonly Citation s_alloc = new("v6.12", "arch/powerpc/platforms/pseries/cmm.c", "cmm_alloc_pages");
    private static readonly Citation s_free = new("v6.12", "arch/powerpc/platforms/pseries/cmm.c", "cmm_free_pages");
    private static readonly Citation s_oom = new("v6.12", "arch/powerpc/platforms/pseries/cmm.c", "cmm_oom_notify");

    /// <summary>Judges <c>loan-target</c>: nothing happens until the thread polls.</summary>
    public static Judgement JudgeTarget(in Ruling ruling)
    {
        if (ruling.State.Loans is not { } loans)
            return ruling.Demand(Errno.EINVAL, "the machine has no CMM", s_target);
        return ruling.IsOk
            ? ruling.Permit(ruling.State with { Loans = loans with { Target = ruling.Seen.Operation.Amount } }, PageRule.Nothing)
            : ruling.RefuteAnswer("ok", s_target);
    }

    /// <summary>Judges <c>oom</c>: a virtio balloon that deflates on OOM gives back, then CMM, each all that it is
    /// asked for.</summary>
    public static Judgement JudgeOom(in Ruling ruling)
    {
        if (!ruling.IsOk)
            return ruling.RefuteAnswer("ok", s_oom);
        var next = ruling.State;
        var balloon = ruling.State.Find(BalloonDriver.Virtio) ?? default;
        if (ruling.Spec.Balloons.Any(static b => b.DeflateOnOom))
            next = next.With(balloon with { Pages = Math.Max(0, balloon.Pages - BalloonOomPages) });
        if (next.Loans is { } loans)
        {
            var freed = Math.Min(ruling.Spec.CmmOomPages, loans.Pages);
            next = next with { Loans = Emptied(ruling.Spec, loans, freed) with { OomFreed = loans.OomFreed + freed } };
        }

        var seen = ruling.Seen;
        return ruling.Permit(next, new PageRule((pages, before, after) => LoanPages.IsGivenBack(before, after)
            || Ballooning.Releases(seen, balloon, pages, before, after)));
    }

    /// <summary>
    /// Judges <c>tick</c> on a machine with CMM: its thread wakes every second. After a removal it sleeps for a while
    /// first, and neither loans nor takes back.
    /// </summary>
    public static Judgement JudgeTick(in Ruling ruling)
    {
        var loans = ruling.State.Loans!.Value;
        if (!ruling.IsOk)
            return ruling.RefuteAnswer("ok", s_thread);
        var slept = Sleep(ruling.Spec, loans, ruling.Seen.Operation.Amount, out var polls);
        if (polls == 0)
            return ruling.Permit(ruling.State with { Loans = slept }, PageRule.Nothing);
        var goal = GoalOf(ruling, loans);
        if (goal <= loans.Pages)
            return ruling.Permit(ruling.State with { Loans = Emptied(ruling.Spec, slept, loans.Pages - goal) },
                new PageRule(static (_, before, after) => LoanPages.IsGivenBack(before, after)));
        return JudgeLoan(ruling, slept, goal, polls);
    }

    // Sleeps and wakes, round by round; from a poll on that no removal came before, one poll a second.
    private static Loans Sleep(MachineSpec spec, Loans loans, long seconds, out long polls)
    {
        polls = 0;
        while (seconds >= loans.SecondsToWake)
        {
            seconds -= loans.SecondsToWake;
            if (loans.Paused)
            {
                loans = loans with { Paused = false, SecondsToWake = PollDelay };
            }
            else if (loans.HotplugOccurred)
            {
                loans = loans with { HotplugOccurred = false, Paused = true, SecondsToWake = spec.CmmHotplugDelay };
            }
            else
            {
                polls = 1 + (seconds / PollDelay);
                seconds %= PollDelay;
                loans = loans with { SecondsToWake = PollDelay };
            }
        }

        return loans with { SecondsToWake = loans.SecondsToWake - (int)seconds };
    }

    // What the hypervisor wants, less what OOM made CMM give back; but enough memory stays active.
    private static long GoalOf(in Ruling ruling, Loans loans)
    {
        long managed = 0;
        foreach (ref readonly var zone in ruling.Seen.Before.Zones)
            managed += zone.Managed;
        return Math.Max(0, Math.Min(loans.Target - loans.OomFreed, managed - ruling.Spec.CmmLeastActive));
    }

    private static Judgement JudgeLoan(in Ruling ruling, Loans slept, long goal, long polls)
    {
        if (ruling.Seen.After.Loans is not { } shown)
            return ruling.RefuteAnswer("an observation of CMM", s_alloc);
        var expected = goal;
        var refusal = ruling.State.Veto is { K: > 0, Point: VetoPoint.Loan or VetoPoint.LoanList } veto
            && veto.Errno != Errno.None ? veto.Point : (VetoPoint?)null;

        // The poll after the one that was made to fail goes on where that one stopped.
        if (refusal is not null && polls == 1)
            expected = Math.Min(goal, LastBefore(ruling.Spec, slept, ruling.State.Veto));
        var isShort = shown.Pages < expected && shown.Pages >= slept.Pages && IsExhausted(ruling, shown);
        if (shown.Pages != expected && !isShort)
            return Ruling.Refute("cmm.loans", "CMM", $"{expected} pages on loan", $"{shown.Pages}", s_alloc);
        var lists = LoanPages.ListsFor(ruling.Spec, shown.Pages);
        var headMayBeEmpty = refusal == VetoPoint.Loan || slept.ListPages > LoanPages.ListsFor(ruling.Spec, slept.Pages);
        if (shown.ListPages != lists && !(headMayBeEmpty && shown.ListPages == lists + 1
            && shown.Pages % ruling.Spec.PagesPerLoanList == 0))
            return Ruling.Refute("cmm.list-pages", "CMM", $"{lists} list pages for {shown.Pages} loaned ones", $"{shown.ListPages}", s_alloc);
        var state = ruling.State;
        return ruling.Permit(state with { Loans = slept with { Pages = shown.Pages, ListPages = shown.ListPages } },
            new PageRule((pages, before, after) => before.IsFree && LoanPages.IsNew(after)
                && state.Find(state.Spec.BlockOf(pages.Start)) is not { Zone: ZoneKind.Movable }));
    }

    // How many pages are on loan when the step that fails is reached.
    private static long LastBefore(MachineSpec spec, Loans loans, Veto veto) => veto.Point == VetoPoint.Loan
        ? loans.Pages + veto.K - 1
        : (loans.ListPages + veto.K - 1) * spec.PagesPerLoanList;

    // Not a free page of a kernel zone is left, or a single one where a list page is needed too.
    private static bool IsExhausted(in Ruling ruling, in LoanObservation shown)
    {
        long free = 0;
        foreach (ref readonly var zone in ruling.Seen.After.Zones)
            if (zone.Id.IsKernel)
                free += zone.Free;
        return free == 0 || (free == 1 && shown.Pages == shown.ListPages * ruling.Spec.PagesPerLoanList);
    }

    // cmm_free_pages() takes what it is asked for, or all there is.
    private static Loans Emptied(MachineSpec spec, Loans loans, long pages) => pages == 0 ? loans : loans with
    {
        Pages = loans.Pages - pages,
        ListPages = LoanPages.ListsFor(spec, loans.Pages - pages),
    };
}
