using System.Collections.Immutable;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;

namespace Hotplug.Engine.Schedules;

/// <summary>What the search for an order of overlapping operations found.</summary>
public enum Linearization : byte
{
    /// <summary>An order that explains all answers, witnesses and what was seen at rest.</summary>
    Permitted,
    /// <summary>There is none.</summary>
    Refuted,
    /// <summary>None was found within the bound.</summary>
    Unknown,
}

/// <summary>An event of an operation, in its place in the order.</summary>
/// <param name="Call">The operation.</param>
/// <param name="Occurrence">What happened.</param>
public sealed record HistoryEvent(RaceCall Call, object Occurrence)
{
    /// <inheritdoc/>
    public override string ToString() => $"cpu{Call.Cpu} {Call.Operation}: {Occurrence}";
}

/// <summary>The answer of <see cref="Linearizability"/>.</summary>
/// <param name="Verdict">Whether there is an order.</param>
/// <param name="Order">The order; of a history that has none, the longest beginning of one.</param>
/// <param name="Violation">Why that beginning cannot go on; null if permitted or unknown.</param>
/// <param name="States">States that were looked at; where the verdict is unknown, the bound.</param>
public sealed record LinearizationResult(
    Linearization Verdict, ImmutableArray<HistoryEvent> Order, Violation? Violation, int States);
