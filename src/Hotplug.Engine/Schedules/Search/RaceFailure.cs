using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;

namespace Hotplug.Engine.Schedules.Search;

/// <summary>A race and the schedule that makes it fail.</summary>
/// <param name="Race">The race.</param>
/// <param name="Result">What came of it.</param>
public sealed record RaceFailure(Race Race, RaceResult Result)
{
    /// <summary>The rule that was broken, or why nothing is known.</summary>
    public Violation Violation => Result.Violation!;

    /// <summary>Operations of the race as it was found.</summary>
    public int Original { get; init; } = Race.Operations;

    /// <summary>The word that repeats it.</summary>
    public string Token => RaceToken.Print(Race, Result.Run.Schedule);
}
