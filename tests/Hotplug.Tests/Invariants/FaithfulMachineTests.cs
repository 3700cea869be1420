using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Invariants;
using Hotplug.Model;
using Xunit;

namespace Hotplug.Tests.Invariants;

/// <summary>No invariant forbids what a machine without faults does, whatever it is steered towards.</summary>
public sealed class FaithfulMachineTests
{
    private const int Runs = 20;
    private const int Operations = 60;

    public static TheoryData<Family> Families => [.. Enum.GetValues<Family>()];

    [Theory]
    [MemberData(nameof(Families))]
    public void Its_runs_keep_every_invariant(Family family)
    {
        using var machine = BitmapMachine.Create();
        var runner = new Runner(machine, new Suite(new ReferenceModel(), Catalogue.All));
        var sequences = new Sequences(family);
        for (var run = 0UL; run < Runs; run++)
        {
            var random = new SplitMix(SplitMix.Derive((ulong)family, run));
            var spec = sequences.DrawSpec(ref random, machine.Identity.Levels);
            var verdict = runner.Walk(spec, sequences.DrawSource(ref random, spec, machine.Identity.Levels), Operations);
            Assert.True(verdict == Verdict.Conforms, $"run {run}: {runner.Violation}");
        }
    }
}
