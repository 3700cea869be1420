using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Report;
using Hotplug.Engine.Run;
using Hotplug.Engine.Shrink;
using Hotplug.Generators;
using Hotplug.Invariants;
using Hotplug.Model;
using Xunit;
using Xunit.Abstractions;

namespace Hotplug.Tests.Quality;

/// <summary>The suite finds what it is there for: every fault that is put into the machine on purpose.</summary>
public sealed class SeededFaultTests(ITestOutputHelper output)
{
    /// <summary>
    /// Failing sequences that are shrunk in search of the shortest: where blocks come online on arrival, one
    /// operation is saved.
    /// </summary>
    private const int MostShrunk = 48;

    public static TheoryData<string> Faults => new(FaultTable.Forms.Select(static f => f.Id));

    [Theory]
    [MemberData(nameof(Faults))]
    public void The_default_gate_finds_the_fault(string id)
    {
        var result = new Gate(() => new Rig(BitmapMachine.Create(FaultTable.Find(id)!.Fault),
            new Suite(new ReferenceModel(), Catalogue.All), new Sequences())).Run(new GateOptions());
        Assert.NotNull(result.Failure);
        output.WriteLine($"{result.Sequences} sequences\n{FailureReport.Print(result.Failure, "hotplug replay")}");
        Assert.Equal(Verdict.Violates, result.Verdict);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void Its_invariant_kills_the_fault_in_the_default_sequences_by_the_shortest_trace_there_is(string id)
    {
        var fault = FaultTable.Find(id)!;
        var best = FailuresOf(fault).Take(MostShrunk).FirstOrDefault(s => s.Result.Executed.Length <= fault.Shortest);
        Assert.NotNull(best);
        var machine = BitmapMachine.Create(fault.Fault).Identity;
        output.WriteLine(FailureReport.Print(
            new Failure(machine, best.Result, best.OriginalLength) { IsProvedMinimal = best.IsProvedMinimal },
            "hotplug replay"));
        Assert.Equal(fault.Shortest, best.Result.Executed.Length);
        Assert.Equal(fault.KilledBy, best.Result.Violation!.Rule);
        Assert.True(best.IsProvedMinimal, "everything shorter was tried");
    }

    // The default sequences judged by the model and this one invariant, so that no other one is quicker to name the
    // failure.
    private static IEnumerable<ShrinkResult> FailuresOf(FaultForm fault)
    {
        using var machine = BitmapMachine.Create(fault.Fault);
        var suite = new Suite(new ReferenceModel(), [Catalogue.All.Single(i => i.Id == fault.KilledBy)]);
        var runner = new Runner(machine, suite);
        var shrinker = new Shrinker(new Runner(machine, suite));
        var sequences = new Sequences();
        var options = new GateOptions();
        for (var sequence = 0UL; sequence < (ulong)options.Sequences; sequence++)
        {
            var random = new SplitMix(SplitMix.Derive(options.Seed, sequence));
            var spec = sequences.DrawSpec(ref random, machine.Identity.Levels);
            var source = sequences.DrawSource(ref random, spec, machine.Identity.Levels);
            if (runner.Walk(spec, source, options.OperationsPerSequence) != Verdict.Conforms
                && runner.Violation!.Rule == fault.KilledBy)
                yield return shrinker.Shrink(runner.LastResult);
        }
    }
}
