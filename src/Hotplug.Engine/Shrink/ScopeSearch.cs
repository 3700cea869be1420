using Hotplug.Contract.Machines;
using Hotplug.Engine.Explore;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Shrink;

/// <summary>
/// Looks for a broken rule on the smallest machines: all of them one operation deep, then two, … What is found does not
/// depend on how a failure was found, and nothing shorter shows it there.
/// </summary>
internal sealed class ScopeSearch
{
    private readonly string _rule;
    private readonly ShrinkBudget _budget;
    private readonly CancellationToken _stop;
    private readonly Explorer[] _explorers;
    private RunResult? _found;

    internal ScopeSearch(Runner runner, string rule, ShrinkBudget budget, CancellationToken stop)
    {
        _rule = rule;
        _budget = budget;
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
        for (var length = Conforming + 1; _found is null && length <= mostOperations && _explorers.Length > 0; length++)
        {
            _found = FindOf(length);
            if (IsSpent())
                break;
            if (_found is null)
                Conforming = length;
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

    private bool IsSpent() => Edges >= _budget.ScopeEdges || _stop.IsCancellationRequested;
}
