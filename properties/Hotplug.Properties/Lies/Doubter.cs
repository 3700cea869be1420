using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Properties.Lies;

/// <summary>
/// Judges as another specification does, and tells that one lies about every operation first: another answer, a witness
/// that is missing or moved, a refusal with nothing done. What believes one of them is refuted itself.
/// </summary>
public sealed class Doubter(ISpecification inner) : ISpecification
{
    /// <summary>The rule that a believed lie breaks.</summary>
    public const string Rule = "lie.refuted";

    private static readonly Citation s_source = new("v6.12", "mm/memory_hotplug.c", "offline_pages");

    private readonly Transition _told = new();
    private readonly Outcome _outcome = new();

    public Judgement Begin(Transition start)
    {
        _told.Start(start.Spec, start.Levels, start.Steps, start.After);
        return inner.Begin(start);
    }

    public Judgement Judge(object state, Transition seen)
    {
        var truth = inner.Judge(state, seen);
        return truth.IsPermitted && seen.Answer.Completion == Completion.Finished && Believed(state, seen) is { } lie
            ? Judgement.Refuted(new Violation(Rule, seen.Operation.ToString(), "refuted", lie, s_source))
            : truth;
    }

    public object Retain(object state) => inner.Retain(state);

    public void Describe(object state, Menu menu) => inner.Describe(state, menu);

    private string? Believed(object state, Transition seen)
    {
        ReadOnlySpan<Answer> answers =
            [Answer.Ok, Answer.Of(Errno.EBUSY), Answer.Of(Errno.ETXTBSY), Answer.Unfinished];
        foreach (var answer in answers)
            if (IsLie(seen, answer) && Believes(state, seen, answer, shift: 0, keeps: true))
                return $"'{answer}' for '{seen.Answer}'";
        foreach (var errno in (ReadOnlySpan<Errno>)[Errno.EBUSY, Errno.ETXTBSY])
            if (seen.Answer.IsOk && !MayRefuse(seen.Operation.Kind, errno) && BelievesRefusal(state, seen, errno))
                return $"'{ErrnoText.Print(errno)}' and nothing done, for 'ok'";
        if (!IsReliedOn(seen))
            return null;
        if (Believes(state, seen, seen.Answer, shift: 0, keeps: false))
            return "without its witnesses";
        return Believes(state, seen, seen.Answer, shift: 1, keeps: true) ? "its first witness a page off" : null;
    }

    // A policy may be read-only on one machine and not on another. Whoever was refused may be so for more than one
    // reason.
    private static bool IsLie(Transition seen, Answer answer) => answer != seen.Answer
        && (answer.IsOk ? seen.Operation.Kind != OperationKind.Policy
            : seen.Answer.IsOk || answer == Answer.Of(Errno.ETXTBSY));

    // What somebody unseen may hold at any moment.
    private static bool MayRefuse(OperationKind kind, Errno errno) => errno == Errno.EBUSY
        && kind is (OperationKind.Add or OperationKind.Eject or OperationKind.Plug or OperationKind.Unplug
            or OperationKind.Resize or OperationKind.SoftOffline or OperationKind.Unpoison);

    // A culprit, or the pages that a free gave back, can be seen anyway: nobody has to believe them.
    private static bool IsReliedOn(Transition seen) => !seen.Outcome.Witness.IsEmpty
        && seen.Outcome.Witness[0].Role is not (WitnessRole.Culprit or WitnessRole.Released);

    private bool BelievesRefusal(object state, Transition seen, Errno errno)
    {
        _outcome.Clear();
        _outcome.Answer = Answer.Of(errno);
        _told.Next(seen.Index, seen.Before, seen.Operation, seen.Target, _outcome, seen.Before);
        return inner.Judge(state, _told).IsPermitted;
    }

    private bool Believes(object state, Transition seen, Answer answer, int shift, bool keeps)
    {
        _outcome.Clear();
        _outcome.Answer = answer;
        foreach (ref readonly var effect in seen.Outcome.Effects)
            _outcome.Add(effect);
        if (keeps)
            foreach (ref readonly var witness in seen.Outcome.Witness)
            {
                _outcome.Add(witness with { Range = witness.Range with { Start = witness.Range.Start + shift } });
                shift = 0;
            }

        _told.Next(seen.Index, seen.Before, seen.Operation, seen.Target, _outcome, seen.After);
        return inner.Judge(state, _told).IsPermitted;
    }
}
