namespace Hotplug.Engine.Shrink;

/// <summary>
/// How much work the shrinker may do. Numbers, not time: the same failure shrinks the same way everywhere.
/// </summary>
/// <param name="Operations">Operations carried out in all; the best result so far is kept when they are used
/// up.</param>
/// <param name="ProofOperations">Operations that one search for a shorter sequence may carry out.</param>
/// <param name="ProofLength">Longest result for which that search is made.</param>
public sealed record ShrinkBudget(long Operations = 2_000_000, long ProofOperations = 400_000, int ProofLength = 20);
