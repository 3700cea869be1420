using Hotplug.Contract;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Engine.Shrink;

namespace Hotplug.Benchmarks.Toy;

/// <summary>The toy through the engine that runs everything.</summary>
public sealed class EngineRig
{
    private readonly ToySequences _sequences = new();

    /// <summary>With this fault in the machine.</summary>
    public EngineRig(ToyFault fault)
    {
        Runner = new Runner(new ToyMachine(fault), new Suite(new ToySpecification(), []));
    }

    /// <summary>The runner.</summary>
    public Runner Runner { get; }

    /// <summary>A rig for a campaign.</summary>
    public static Rig Open(ToyFault fault) =>
        new(new ToyMachine(fault), new Suite(new ToySpecification(), []), new ToySequences());

    /// <summary>Runs sequences of this seed until one fails; answers its run.</summary>
    public RunResult Find(ulong seed)
    {
        for (var sequence = 0UL; ; sequence++)
            if (Walk(SplitMix.Derive(seed, sequence)) != Verdict.Conforms)
                return Runner.LastResult;
    }

    /// <summary>Shrinks it.</summary>
    public ShrinkResult Shrink(RunResult failure) => new Shrinker(Runner).Shrink(failure);

    /// <summary>Runs one sequence.</summary>
    public Verdict Walk(ulong seed)
    {
        var random = new SplitMix(seed);
        var levels = Runner.Identity.Levels;
        var source = _sequences.DrawSource(ref random, ToyOperations.Spec, levels);
        return Runner.Walk(ToyOperations.Spec, source, ToyStep.MostSteps);
    }
}
