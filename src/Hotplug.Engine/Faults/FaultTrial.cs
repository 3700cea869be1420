using Hotplug.Contract;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Engine.Shrink;

namespace Hotplug.Engine.Faults;

/// <summary>What is looked for, and how hard.</summary>
/// <param name="Rule">The rule that must break.</param>
public sealed record TrialOptions(string Rule)
{
    /// <summary>Seed of the first start; each has sequences of its own.</summary>
    public ulong Seed { get; init; }

    /// <summary>How often the search begins anew.</summary>
    public int Starts { get; init; } = 3;

    /// <summary>Operations that one search may carry out.</summary>
    public long MostOperations { get; init; } = 1_000_000;

    /// <summary>Operations of a sequence.</summary>
    public int OperationsPerSequence { get; init; } = new GateOptions().OperationsPerSequence;

    /// <summary>How what is found is shrunk; null: it is not.</summary>
    public ShrinkBudget? Shrinking { get; init; } = new();
}

/// <summary>What came of one search.</summary>
/// <param name="Operations">Operations carried out until the rule broke; those of other failures included.</param>
/// <param name="Found">The run that broke it; null: the budget was used up.</param>
/// <param name="Shrunk">What it was shrunk to; null if it was not.</param>
public sealed record TrialStart(long Operations, RunResult? Found, ShrinkResult? Shrunk);

/// <summary>
/// Lets a machine that has a fault run random sequences until one rule breaks, several times from different seeds: how
/// soon a fault is found, and what it is shrunk to.
/// </summary>
public sealed class FaultTrial(Rig rig)
{
    private readonly Runner _runner = new(rig.Machine, rig.Suite);

    /// <summary>All starts.</summary>
    public IReadOnlyList<TrialStart> Run(TrialOptions options)
    {
        // One for all: what the smallest machines show is looked for once.
        var shrinker = options.Shrinking is { } budget ? new Shrinker(new Runner(rig.Machine, rig.Suite), budget) : null;
        var starts = new TrialStart[options.Starts];
        for (var i = 0; i < starts.Length; i++)
            starts[i] = Start(options, SplitMix.Derive(options.Seed, (ulong)i), shrinker);
        return starts;
    }

    private TrialStart Start(TrialOptions options, ulong seed, Shrinker? shrinker)
    {
        long operations = 0;
        for (ulong sequence = 0; operations < options.MostOperations; sequence++)
        {
            var random = new SplitMix(SplitMix.Derive(seed, sequence));
            var levels = _runner.Identity.Levels;
            var spec = rig.Sequences.DrawSpec(ref random, levels);
            var source = rig.Sequences.DrawSource(ref random, spec, levels);
            var verdict = _runner.Walk(spec, source, options.OperationsPerSequence);
            operations += _runner.Executed.Length;
            // A run that breaks another rule first is not what is looked for: the next one may.
            if (verdict != Verdict.Conforms && _runner.Violation!.Rule == options.Rule)
            {
                var found = _runner.LastResult;
                return new TrialStart(operations, found, shrinker?.Shrink(found));
            }
        }

        return new TrialStart(operations, null, null);
    }
}
