using Hotplug.Contract.Machines;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Shrink;

/// <summary>
/// Makes a failure as simple as it gets, by <see cref="TraceOrder"/>: operations go in chunks and one by one; where the
/// smallest machines show it in as few operations, or in fewer, that is gone on with; like ones become one, arguments
/// and names become smaller, the machine becomes simpler; then a search for anything shorter either finds it, and all
/// begins anew, or proves that there is nothing. What stays must break the same rule.
/// </summary>
/// <param name="runner">Runs every candidate.</param>
/// <param name="budget">How much work it may be.</param>
/// <param name="stop">Ends it early, with the best so far.</param>
public sealed class Shrinker(Runner runner, ShrinkBudget budget, CancellationToken stop = default)
{
    // Pairs cost the square of the length; beyond this the chunks have to do.
    private const int LongestForPairs = 48;

    private readonly Dictionary<string, ScopeSearch> _searches = [];

    /// <summary>With the usual budget.</summary>
    public Shrinker(Runner runner)
        : this(runner, new ShrinkBudget())
    {
    }

    /// <summary>Shrinks a failure that a run came to.</summary>
    public ShrinkResult Shrink(RunResult failure)
    {
        var violation = failure.Violation
            ?? throw new ArgumentException("a run that conforms has nothing to shrink", nameof(failure));
        var attempts = new Attempts(runner, violation.Rule, budget, stop);
        // A machine that hangs cannot be run again and again: nothing could stop it.
        if (violation.Rule == EngineRules.Hang || !attempts.Try(failure.Spec, failure.Executed.AsSpan()))
            return new ShrinkResult(failure.ToTrace(), failure, failure.Executed.Length, attempts.Executions,
                Reproduced: false, IsProvedMinimal: false);

        Drop(attempts);
        var search = SearchOf(violation.Rule);
        if (search.Find(attempts.Length) is { } smallest)
            attempts.Try(smallest.Spec, smallest.Executed.AsSpan());
        bool isProved;
        Simplify(attempts);
        while (TryShorter(attempts, out isProved))
        {
            Drop(attempts);
            Simplify(attempts);
        }

        var result = runner.Run(attempts.Spec, new TraceSource([.. attempts.Best]), attempts.Length);
        if (result.Violation?.Rule != violation.Rule)
            result = attempts.BestResult;   // It showed a moment ago: a machine that differs from run to run.
        return new ShrinkResult(result.ToTrace(), result, failure.Executed.Length, attempts.Executions + 1,
            Reproduced: true, isProved)
        {
            PairsTried = search.Edges,
            ConformingLength = search.Conforming,
        };
    }

    // What the smallest machines show does not depend on the failure: it is looked for once.
    private ScopeSearch SearchOf(string rule)
    {
        if (!_searches.TryGetValue(rule, out var search))
            _searches.Add(rule, search = new ScopeSearch(runner, rule, budget, stop));
        return search;
    }

    private static void Drop(Attempts attempts)
    {
        attempts.TryWithoutRefused();
        DropChunks(attempts);
    }

    private static void Simplify(Attempts attempts)
    {
        SimplifyOperations(attempts);
        while (TrySimplerSpec(attempts))
        {
            Drop(attempts);
            SimplifyOperations(attempts);
        }
    }

    private static void SimplifyOperations(Attempts attempts)
    {
        while (Merging.TryShorter(attempts) || Arguments.TrySimpler(attempts))
            DropChunks(attempts);
    }

    // What leaving out single operations cannot reach. Comes last: on the simplest machine it costs least.
    private bool TryShorter(Attempts attempts, out bool isProved)
    {
        isProved = false;
        if (attempts.Length <= budget.ProofLength)
        {
            var search = new ShorterSearch(runner, attempts, budget);
            if (search.TryFind())
                return true;
            isProved = search.IsExhaustive;
        }

        return !isProved && attempts.Length <= LongestForPairs && DropPair(attempts);
    }

    private static void DropChunks(Attempts attempts)
    {
        for (var chunk = attempts.Length / 2; chunk > 1; chunk /= 2)
            DropChunksOf(attempts, chunk);
        while (DropChunksOf(attempts, 1))
        {
            // Until no single operation can go.
        }
    }

    // From the end: what comes late depends on what comes early. The last operation is the one that fails.
    private static bool DropChunksOf(Attempts attempts, int chunk)
    {
        var any = false;
        for (var end = attempts.Length - 1; end > 0; end = Math.Min(end - chunk, attempts.Length - 1))
        {
            var start = Math.Max(0, end - chunk);
            any |= attempts.TryWithout(start, end - start);
        }

        return any;
    }

    private static bool DropPair(Attempts attempts)
    {
        for (var second = attempts.Length - 2; second > 0; second--)
            for (var first = second - 1; first >= 0; first--)
                if (attempts.TryWithoutPair(first, second))
                    return true;
        return false;
    }

    private static bool TrySimplerSpec(Attempts attempts)
    {
        foreach (var simpler in SimplerSpecs.Of(new Trace(attempts.Spec, [.. attempts.Best])))
            if (attempts.Try(simpler.Spec, simpler.Operations.AsSpan()))
                return true;
        return false;
    }
}
