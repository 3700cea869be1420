using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;

namespace Hotplug.Contract.Schedules;

/// <summary>
/// A specification of overlapping operations, by their answers and witnesses alone: asked for one event after the other
/// whether it may come now. States are opaque, immutable, compare by value and are hashable.
/// </summary>
/// <remarks>
/// An operation that others cannot look into is one event. Others are several: pages are taken and given back one by
/// one, an offlining isolates, moves pages and ends. Between those others may see what it did so far. Events are opaque
/// too; what they print stands in reports.
/// </remarks>
public interface IHistorySpecification
{
    /// <summary>
    /// The state before the race: what the sequential specification says after the prefix, and what was seen at rest.
    /// </summary>
    object Begin(MachineSpec spec, Levels levels, object sequentialState, Observation atRest);

    /// <summary>
    /// What the operation did, event by event, in its order, by what it answered and witnessed. Of an operation that
    /// never returned only what it had done so far: its answer is none of it.
    /// </summary>
    ImmutableArray<object> EventsOf(RaceCall call);

    /// <summary>
    /// The state after this event of the operation, or why it may not come now. <paramref name="overlapping"/> are the
    /// other operations that may have gone on meanwhile: what they hold for a while excuses refusals.
    /// </summary>
    Judgement Judge(object state, RaceCall call, object occurrence, ReadOnlySpan<RaceCall> overlapping);

    /// <summary>What differs from the state when everything is at rest, or null.</summary>
    Violation? CheckRest(object state, Observation atRest);
}
