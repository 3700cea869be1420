using Hotplug.Engine.Run;

namespace Hotplug.Engine.Explore;

/// <summary>What came of an exploration.</summary>
/// <param name="Scope">What was explored.</param>
/// <param name="States">States reached, the first one included; states that differ by names alone are one.</param>
/// <param name="Edges">(State, operation) pairs that were carried out and judged.</param>
/// <param name="Depth">Operations of the longest of the shortest ways to a state.</param>
/// <param name="IsComplete">True if every operation was tried in every state that was reached.</param>
/// <param name="Failure">The shortest run that broke a rule; null if none did.</param>
public sealed record ExploreResult(
    Scope Scope, int States, long Edges, int Depth, bool IsComplete, RunResult? Failure);

/// <summary>How far an exploration goes, and what it looks for.</summary>
public sealed record ExploreOptions
{
    /// <summary>Longest sequences that are tried.</summary>
    public int MostOperations { get; init; } = int.MaxValue;

    /// <summary>States after which it gives up.</summary>
    public int MostStates { get; init; } = 1_000_000;

    /// <summary>
    /// The only rule whose violation ends the exploration; a run that breaks another is a dead end. Null: any rule.
    /// </summary>
    public string? Rule { get; init; }

    /// <summary>Asked before every state: true gives up.</summary>
    public Func<bool>? TimeIsUp { get; init; }
}
