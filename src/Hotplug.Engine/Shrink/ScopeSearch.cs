using Hotplug.Contract.Machines;
using Hotplug.Engine.Explore;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Shrink;

/// <summary>
/// Looks for a broken rule on the smallest machines: all of them one operation deep, then two, …; when that becomes too
/// much, each for itself a little further. What is found does not depend on how a failure was found, and nothing shorter
/// shows it there, if it is no longer than what all of them were tried with.
/// </summary>
internal sealed class ScopeSearch
{
    private readonly string _rule;
    private readonly ShrinkBudget _budget;
    private readonly CancellationToken _stop;
    private readonly Explorer[] _explorers;
    private long _mostEdges;
    private bool _isOver;
    private RunResult? _found;

    internal ScopeSearch(Runner runner, string rule, ShrinkBudget budget, CancellationToken stop)
    {
        _rule = rule;
        _budget = budget;
        _mostEdges = budget.ScopeEdges;
        _stop = stop;
        _explorers =
        [
            .. budget.Scopes.Where(s => (s.Needs & ~runner.Identity.Levels) == Levels.None)
                .Select(s => new Explorer(runner, s, new ExploreOptions { Rule = rule, TimeIsUp = IsSpent })),
        ];
    }

    /// <summary>(State, operation) pairs that were tried.</summary>
    internal long Edges => _explorers.Sum(static e => e.Edges);

    /// <summary>All sequences of so many operations were tried, on every machine, and none broke the rule.</summary>
    internal int Conforming { get; private set; }

    /// <summary>
    /// The shortest run that breaks the rule, of at most so many operations; null: there is none, or it costs too much.
    /// </summary>
    internal RunResult? Find(int mostOperations)
    {
        for (var length = Conforming + 1; !_isOver && length <= mostOperations && _explorers.Length > 0; length++)
        {
            _found = FindOf(length);
            if (_found is null && !IsSpent())
                Conforming = length;
            else
                _isOver = true;
            if (_found is null && _isOver)
                _found = FindDeeper();
        }

        return _found?.Executed.Length <= mostOperations ? _found : null;
    }

    private RunResult? FindOf(int length)
    {
        foreach (var explorer in _explorers)
            if (explorer.Explore(length).Failure is { } failure && failure.Violation!.Rule == _rule)
                return failure;
        return null;
    }

    // No longer everything of a length: a machine with few operations gets further than the others.
    private RunResult? FindDeeper()
    {
        RunResult? shortest = null;
        foreach (var explorer in _explorers)
        {
            _mostEdges = Edges + _budget.EdgesBeyond;
            if (explorer.Explore(_budget.ProofLength).Failure is { } failure && failure.Violation!.Rule == _rule
                && (shortest is null || failure.Executed.Length < shortest.Executed.Length))
                shortest = failure;
        }

        return shortest;
    }

    private bool IsSpent() => Edges >= _mostEdges || _stop.IsCancellationRequested;
}
