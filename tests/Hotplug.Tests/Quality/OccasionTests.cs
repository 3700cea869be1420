using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Invariants;
using Hotplug.Model;
using Hotplug.Properties.Lies;
using Xunit;

namespace Hotplug.Tests.Quality;

/// <summary>An invariant is not asked unless its occasion arises: then it must have nothing to say on any other
/// transition.</summary>
public sealed class OccasionTests
{
    private const int RunsOfLies = 60;
    private const int RunsOfFaults = 6;   // There are many of them.
    private const int Operations = 40;

    public static TheoryData<Lie> Lies() => [.. Enum.GetValues<Lie>()];

    public static TheoryData<Fault> Faults() => [.. FaultTable.Forms.Select(static f => f.Fault)];

    [Theory]
    [MemberData(nameof(Lies))]
    public void Of_a_lying_machine_an_invariant_has_nothing_to_say_outside_its_occasion(Lie lie) =>
        Demand(RunsOfLies, random => new LyingMachine(BitmapMachine.Create(), lie, 1 + random.Below(Operations / 2)));

    [Theory]
    [MemberData(nameof(Faults))]
    public void Of_a_faulty_machine_an_invariant_has_nothing_to_say_outside_its_occasion(Fault fault) =>
        Demand(RunsOfFaults, _ => BitmapMachine.Create(fault));

    [Fact]
    public void Operations_and_effects_fit_the_bits_of_an_occasion()
    {
        Assert.All(Enum.GetValues<OperationKind>(), static kind => Assert.InRange((int)kind, 0, 63));
        Assert.All(Enum.GetValues<EffectKind>(), static kind => Assert.InRange((int)kind, 0, 63));
        Assert.Equal(Enum.GetValues<OperationKind>().Length - 1, (int)Enum.GetValues<OperationKind>().Max());
    }

    private static void Demand(int runs, Func<SplitMix, IMachine> open)
    {
        var asked = new Suite(new ReferenceModel(), [.. Catalogue.All.Select(AlwaysAsked)]);
        for (var run = 0UL; run < (ulong)runs; run++)
        {
            var random = new SplitMix(SplitMix.Derive(0x0CCA, run));
            using var machine = open(random);
            var sequences = new Sequences();
            var spec = sequences.DrawSpec(ref random, machine.Identity.Levels);
            var runner = new Runner(machine, asked);
            var result = runner.Run(spec, sequences.DrawSource(ref random, spec, machine.Identity.Levels), Operations);
            Assert.True(result.Verdict != Verdict.Inconclusive, result.Violation?.ToString());
        }
    }

    private static Invariant AlwaysAsked(Invariant invariant) => invariant with
    {
        When = default,
        Check = seen => invariant.Check(seen) is not { } violation ? null
            : invariant.When.Names(seen.Operation.Kind, seen.IsStart)
                && invariant.When.Arises(seen.StepsTaken, seen.Happened) ? violation
            : throw new InvalidOperationException($"{invariant.Id} would not have been asked about {violation}"),
    };
}
