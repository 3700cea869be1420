using System.Collections.Immutable;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Engine.Schedules;

/// <summary>
/// Decides whether overlapping operations can be explained by some order of their events: one that keeps real time
/// (what had returned before another was invoked comes before it) and the order of events within an operation, and that
/// a specification permits, what is seen at rest included. Operations that never returned may have got anywhere.
/// </summary>
/// <remarks>
/// The search of Wing and Gong, which tries whatever may come next, with Lowe's memory of where it was in vain: the
/// events done and the state tell all that can follow. Events of what returned first are tried first, which is nearly
/// always the order in which it happened.
/// </remarks>
/// <param name="specification">What is permitted.</param>
/// <param name="mostStates">States to look at before the answer is <see cref="Linearization.Unknown"/>.</param>
public sealed class Linearizability(IHistorySpecification specification, int mostStates = Linearizability.DefaultBound)
{
    /// <summary>States that are looked at unless told otherwise: about a second.</summary>
    public const int DefaultBound = 200_000;

    /// <summary>The bound.</summary>
    public int MostStates => mostStates;

    /// <summary>
    /// Looks for an order of <paramref name="calls"/> that leads from <paramref name="initial"/> to what was seen at
    /// rest.
    /// </summary>
    public LinearizationResult Search(object initial, ImmutableArray<RaceCall> calls, Observation atRest)
    {
        var search = new LinearizationSearch(specification, calls, atRest, mostStates);
        if (search.Find(initial))
            return new LinearizationResult(Linearization.Permitted, search.Order, null, search.States);
        return search.IsExhausted
            ? new LinearizationResult(Linearization.Unknown, search.Order, null, search.States)
            : new LinearizationResult(Linearization.Refuted, search.Order, search.Blame(), search.States);
    }
}
