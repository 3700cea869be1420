using System.Collections.Immutable;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Schedules;

/// <summary>What came of one schedule of a race.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Violation">The rule that was broken, or why nothing is known; null if it conforms.</param>
/// <param name="Run">How it was scheduled.</param>
/// <param name="Calls">What was invoked, in the order of invocation.</param>
public sealed record RaceResult(
    Verdict Verdict, Violation? Violation, ScheduleRun Run, ImmutableArray<RaceCall> Calls)
{
    /// <summary>The machine broke a rule on purpose while it ran: it has a seeded fault, and came to it.</summary>
    public bool IsSeeded { get; init; }
}
