using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>
/// What the sequential model says of an operation when nothing at all can be seen: whether the structure permits its
/// answer, and what the structure is then. Pages are judged here, not there.
/// </summary>
internal static class Structural
{
    private static readonly ReferenceModel s_model = new();
    private static readonly Observation s_unseen = new();

    /// <summary>The structure after the operation as a whole, or why its answer is not permitted.</summary>
    public static Judgement Judge(State structure, RaceCall call)
    {
        var seen = new Transition();
        seen.Start(structure.Spec, Levels.None, s_unseen);
        seen.Next(0, s_unseen, call.Operation, call.Target, OutcomeOf(call), s_unseen);
        var judgement = s_model.Judge(structure, seen);

        // What is armed strikes the next operation; which of those that overlap that is nobody can tell.
        return judgement.Next is State next && call.Operation.Kind != OperationKind.Veto
            ? Judgement.Permitted(next with { Veto = structure.Veto })
            : judgement;
    }

    private static Outcome OutcomeOf(RaceCall call)
    {
        var outcome = new Outcome { Answer = call.Outcome.Answer };
        foreach (var witness in call.Outcome.Witness)
            outcome.Add(witness);
        return outcome;
    }
}
