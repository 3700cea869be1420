using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;

namespace Hotplug.Contract.Schedules;

/// <summary>
/// A specification of overlapping operations, by their answers and witnesses alone: asked for one event after the other
/// whether it may come now. States are opaque, immutable, compare by value and are hashable.
/// </summary>
/// <remarks>
/// A short operation is one event. A long one (offline, online, plug, contig) is several: it begins, it may move pages,
/// it ends. Between those others may see what it did so far.
/// </remarks>
public interface IHistorySpecification
{
    /// <summary>
    /// The state before the race: what the sequential specification says after the prefix, and what was seen at rest.
    /// </summary>
    object Begin(MachineSpec spec, Levels levels, object sequentialState, Observation atRest);

    /// <summary>How many events the operation consists of, by what it answered; they come in order, from 0.</summary>
    int EventsOf(RaceCall call);

    /// <summary>
    /// The state after this event of the operation, or null if it may not come now. <paramref name="unfinished"/> are
    /// the operations that have begun and not ended: what they hold back excuses refusals.
    /// </summary>
    object? Apply(object state, RaceCall call, int number, ReadOnlySpan<RaceCall> unfinished);

    /// <summary>What differs from the state when everything is at rest, or null.</summary>
    Violation? CheckRest(object state, Observation atRest);
}
