using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Checks;

/// <summary>The last step of every judgement: everything that can be seen must agree with the next state.</summary>
internal static class Settlement
{
    /// <summary>Permitted with <paramref name="next"/>, or the first disagreement.</summary>
    /// <param name="before">The state before; null at the start of a run.</param>
    /// <param name="next">The state that the operation leads to.</param>
    /// <param name="seen">What was seen.</param>
    /// <param name="pages">What the operation may do to pages.</param>
    public static Judgement Judge(State? before, State next, Transition seen, PageRule pages)
    {
        next = ForgetPoison(InFlight.Adopt(next, seen), seen);
        var keepsVeto = seen.Operation.Kind is OperationKind.Veto or OperationKind.Policy
            || (seen.Operation.Kind == OperationKind.Tick && next.Veto.Point is not (VetoPoint.Loan or VetoPoint.LoanList))
            || seen.Answer.Completion is Completion.Unbound or Completion.Rejected;
        next = next with { Veto = keepsVeto ? next.Veto : default, FreePages = FreePages(seen.After) };
        var judged = new JudgedBefore(before, next, seen);
        var violation = BlockCheck.Check(next, seen, judged) ?? ZoneCheck.Check(next, seen, judged)
            ?? NodeCheck.Check(next, seen, judged) ?? DeviceCheck.Check(next, seen, judged)
            ?? LoanCheck.Check(next, seen) ?? BalloonCheck.Check(before, next, seen) ?? PcplistCheck.Check(next, seen) ?? PageCheck.Check(next, seen, pages)
            ?? StepCheck.Check(seen);
        return violation is null ? Judgement.Permitted(next) : Judgement.Refuted(violation);
    }

    // A declared defect: pages lose their poison when their block comes online again, and stay counted for ever.
    private static State ForgetPoison(State next, Transition seen)
    {
        foreach (var deviation in seen.Deviations.Now)
        {
            if (deviation.Kind != DeviationKind.PoisonLost)
                continue;
            var kept = InFlight.WithoutRange(next.Poisoned, seen.Spec.PagesOf(deviation.Block));
            next = next with { Poisoned = kept, PoisonBase = next.PoisonBase + next.Poisoned.Length - kept.Length };
        }

        return next;
    }

    private static long FreePages(Observation observation)
    {
        long free = 0;
        foreach (ref readonly var zone in observation.Zones)
            free += zone.Free;
        return free;
    }
}
