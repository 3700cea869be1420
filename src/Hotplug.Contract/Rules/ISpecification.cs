using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Rules;

/// <summary>What a specification says of one transition.</summary>
/// <param name="Next">The state after it; null if refuted.</param>
/// <param name="Refutation">Why it is not permitted; null if it is.</param>
public readonly record struct Judgement(object? Next, Violation? Refutation)
{
    /// <summary>True if the transition is permitted.</summary>
    public bool IsPermitted => Refutation is null;

    /// <summary>Permitted; this is the state now.</summary>
    public static Judgement Permitted(object next) => new(next, null);

    /// <summary>Refuted, because.</summary>
    public static Judgement Refuted(Violation why) => new(null, why);
}

/// <summary>
/// A specification as a relation: it predicts no single answer, it is asked whether what was seen is permitted, and
/// what the state must be now. States are opaque, compare by value and are hashable.
/// </summary>
public interface ISpecification
{
    /// <summary>Takes the first observation of a run (<see cref="Transition.IsStart"/>) as the initial state, or
    /// refutes it.</summary>
    Judgement Begin(Transition start);

    /// <summary>
    /// Judges a transition from <paramref name="state"/>. The caller gives the state up: unless it was passed to
    /// <see cref="Retain"/> before, a specification may build the next state in its place.
    /// </summary>
    Judgement Judge(object state, Transition seen);

    /// <summary>A state that stays valid after it was judged from.</summary>
    object Retain(object state);

    /// <summary>Fills in what can sensibly be done now: what makes generators aware of the state.</summary>
    void Describe(object state, Menu menu);
}
