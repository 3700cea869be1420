using FsCheck;
using FsCheck.Fluent;
using Hotplug.Contract;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Run;

namespace Hotplug.Generators.Arbitraries;

/// <summary>
/// Traces that make sense: drawn step by step while the guide carries them out. A trace on which the guide breaks a rule
/// ends there.
/// </summary>
/// <typeparam name="TGuide">Who walks ahead.</typeparam>
public static class GuidedTraces<TGuide>
    where TGuide : IGuide
{
    /// <summary>Operations per unit of FsCheck's size.</summary>
    private const int OperationsPerSize = 2;

    /// <summary>Traces of up to twice as many operations as the size.</summary>
    public static Arbitrary<Trace> Traces() =>
        Arb.From(Gen.Sized(static size => Seeded.From((ref random) => Walk(ref random, size * OperationsPerSize))));

    private static Trace Walk(ref SplitMix random, int mostOperations)
    {
        using var machine = TGuide.Open();
        var levels = machine.Identity.Levels;
        var spec = TGuide.Sequences.DrawSpec(ref random, levels);
        var source = TGuide.Sequences.DrawSource(ref random, spec, levels);
        return new Engine.Run.Runner(machine, TGuide.Suite).Run(spec, source, mostOperations).ToTrace(spec);
    }
}
