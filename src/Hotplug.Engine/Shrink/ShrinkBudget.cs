using System.Collections.Immutable;
using Hotplug.Engine.Explore;

namespace Hotplug.Engine.Shrink;

/// <summary>
/// How much work the shrinker may do. Numbers, not time: the same failure shrinks the same way everywhere.
/// </summary>
/// <param name="Operations">Operations carried out in all; the best result so far is kept when they are used
/// up.</param>
/// <param name="ProofOperations">Operations that one search for a shorter sequence may carry out.</param>
/// <param name="ProofLength">Longest result for which that search is made.</param>
public sealed record ShrinkBudget(long Operations = 2_000_000, long ProofOperations = 400_000, int ProofLength = 20)
{
    /// <summary>
    /// Machines so small that everything on them can be tried: where one of them shows the failure in as few operations
    /// or in fewer, that is the answer, whatever the failure began with.
    /// </summary>
    public ImmutableArray<Scope> Scopes { get; init; } = [];

    /// <summary>(State, operation) pairs of all scopes together that may be tried.</summary>
    public long ScopeEdges { get; init; } = 100_000;

    /// <summary>(State, operation) pairs of each scope that may be tried when those are used up.</summary>
    public long EdgesBeyond { get; init; } = 500;
}
