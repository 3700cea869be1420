using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Invariants;
using Hotplug.Model;
using Hotplug.Properties.Lies;
using Xunit;
using Xunit.Abstractions;

namespace Hotplug.Tests.Quality;

/// <summary>
/// A machine that tells one lie is refuted: what the suite permits is not simply everything. The model alone, and the
/// invariants alone, are asked as well, because they are meant to be two statements of the rules.
/// </summary>
public sealed class LieTests(ITestOutputHelper output)
{
    private const int Runs = 60;
    private const int Operations = 40;

    public static TheoryData<Lie> Lies() => [.. Enum.GetValues<Lie>()];

    [Theory]
    [MemberData(nameof(Lies))]
    public void A_lie_is_refuted_in_the_operation_that_tells_it(Lie lie)
    {
        var (told, caught, escaped) = Count(lie, new Suite(new ReferenceModel(), Catalogue.All));
        output.WriteLine($"{lie}: {caught} of {told} refuted; by the model alone {Count(lie, new Suite(new ReferenceModel(), [])).Caught}, "
            + $"by the invariants alone {Count(lie, new Suite(new Permissive(), Catalogue.All)).Caught}");
        Assert.True(told > 0, $"{lie} was never told in {Runs} runs");
        Assert.True(caught == told, $"{lie}: {told - caught} of {told} believed, such as\n{escaped}");
    }

    private static (int Told, int Caught, string Escaped) Count(Lie lie, Suite suite)
    {
        int told = 0, caught = 0;
        var escaped = "";
        for (ulong run = 0; run < Runs; run++)
        {
            var random = new SplitMix(SplitMix.Derive(0x11E5, run));
            using var machine = new LyingMachine(BitmapMachine.Create(), lie, 1 + random.Below(Operations / 2));
            var sequences = new Sequences();
            var spec = sequences.DrawSpec(ref random, machine.Identity.Levels);
            var runner = new Runner(machine, suite);
            var result = runner.Run(spec, sequences.DrawSource(ref random, spec, machine.Identity.Levels), Operations);
            if (!machine.Lied)
                continue;
            told++;
            if (result.Verdict == Verdict.Violates)
                caught++;
            else
                escaped = $"run {run}: {machine.Told}";
        }

        return (told, caught, escaped);
    }
}
