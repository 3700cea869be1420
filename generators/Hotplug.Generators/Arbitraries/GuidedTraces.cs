using FsCheck;
using FsCheck.Fluent;
using Hotplug.Contract;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Engine.Shrink;
using Hotplug.Generators.Scopes;
using Runner = Hotplug.Engine.Run.Runner;

namespace Hotplug.Generators.Arbitraries;

/// <summary>
/// Traces that make sense: drawn step by step while a machine carries them out and the specification says what can be
/// done next. A trace on which the machine breaks a rule ends there.
/// </summary>
public static class GuidedTraces
{
    /// <summary>Operations per unit of FsCheck's size.</summary>
    private const int OperationsPerSize = 2;

    private static readonly ShrinkBudget s_budget = new() { Scopes = SmallScopes.All };

    /// <summary>
    /// Traces of up to twice as many operations as the size. The rig stays the caller's; one thread at a time.
    /// </summary>
    public static Arbitrary<Trace> Of(Rig rig)
    {
        var runner = new Runner(rig.Machine, rig.Suite);
        return Arb.From(
            Gen.Sized(size => Seeded.From((ref random) =>
                Walk(runner, rig.Sequences, ref random, size * OperationsPerSize))),
            trace => Simpler(runner, trace));
    }

    private static Trace Walk(Runner runner, ISequences sequences, ref SplitMix random, int mostOperations)
    {
        var levels = runner.Identity.Levels;
        var spec = sequences.DrawSpec(ref random, levels);
        return runner.Run(spec, sequences.DrawSource(ref random, spec, levels), mostOperations).ToTrace();
    }

    // The engine shrinks better than trying candidates one by one, so FsCheck is offered its result and nothing else.
    private static IEnumerable<Trace> Simpler(Runner runner, Trace trace)
    {
        var failure = runner.Run(trace.Spec, new TraceSource(trace.Operations), trace.Operations.Length);
        if (failure.Verdict == Verdict.Conforms)
            yield break;
        var minimal = new Shrinker(runner, s_budget).Shrink(failure).Minimal;
        if (TraceOrder.Compare(minimal, trace) < 0)
            yield return minimal;
    }
}
