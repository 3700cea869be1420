using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Traces;
using Hotplug.Generators.Specs;
using Hotplug.Generators.Topologies;

namespace Hotplug.Generators.Arbitraries;

/// <summary>
/// Arbitraries of the contract's types, of every level and in free form: coherent, but with no state in mind. Traces
/// that make sense on a machine come from <see cref="GuidedTraces"/>.
/// </summary>
public static class ContractArbitraries
{
    private const Levels AllLevels = (Levels)~0;

    /// <summary>Coherent specs.</summary>
    public static Arbitrary<MachineSpec> Specs() => Arb.From(Seeded.From(AnySpec), Simpler.Specs);

    /// <summary>Names of every form.</summary>
    public static Arbitrary<Name> Names() => Arb.From(Seeded.From(NameDraw.Any));

    /// <summary>Operations of every level.</summary>
    public static Arbitrary<Operation> Operations() => Arb.From(Seeded.From(OperationDraw.Any));

    /// <summary>Traces of any operations, with notes.</summary>
    public static Arbitrary<Trace> Traces() => Arb.From(
        Gen.Sized(static size => Seeded.From((ref random) => AnyTrace(ref random, size))), Simpler.Traces);

    /// <summary>Hosts with their DIMMs.</summary>
    public static Arbitrary<Topology> Topologies() => Arb.From(Seeded.Seeds.Select(Topology.Draw));

    private static MachineSpec AnySpec(ref SplitMix random)
    {
        var spec = SpecDraw.Any(ref random, AllLevels);
        for (var changes = random.Below(4); changes > 0; changes--)
        {
            var number = SpecText.Numbers[random.Below(SpecText.Numbers.Length)];
            var range = Math.Min(number.High - number.Low, random.Chance(50) ? 8 : number.High);
            var changed = number.With(spec, number.Low + random.Below(range + 1));
            if (SpecRules.Check(changed) is null)
                spec = changed;
        }

        return spec;
    }

    private static Trace AnyTrace(ref SplitMix random, int size)
    {
        var operations = ImmutableArray.CreateBuilder<Operation>();
        for (var left = random.Below(size + 1); left > 0; left--)
            operations.Add(OperationDraw.Any(ref random));
        var trace = new Trace(AnySpec(ref random), operations.ToImmutable());
        if (random.Chance(50))
            trace = trace.WithNote("seed", $"0x{random.Next():X}");
        return random.Chance(50) ? trace.WithNote("rule", "words with a # between them") : trace;
    }
}
