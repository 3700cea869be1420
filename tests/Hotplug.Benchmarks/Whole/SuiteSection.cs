using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Invariants;
using Hotplug.Model;

namespace Hotplug.Benchmarks.Whole;

/// <summary>The real suite on toy-sized specs: how many judged operations a second, and where their time
/// goes.</summary>
internal sealed class SuiteSection : ISection
{
    private const int Sequences = 1000;
    private const int Operations = 100;

    public string Word => "suite";

    public string About => "generate, optimised machine, model, every invariant after every operation; one core, CPU time";

    public void Run(TextWriter output)
    {
        const string All = "generate + machine + model + invariants";
        const string Model = "generate + machine + model";
        const string Invariants = "machine + invariants, operations given";
        const string Machine = "machine alone, operations given";
        var claims = new Claims(output);
        var recorded = Record();
        var rounds = new AlternatingRounds(warmUp: 6, rounds: 5);
        var whole = new Runner(BitmapMachine.Create(), new Suite(new ReferenceModel(), Catalogue.All));
        var model = new Runner(BitmapMachine.Create(), new Suite(new ReferenceModel(), []));
        var invariants = new Runner(BitmapMachine.Create(), new Suite(new Anything(), Catalogue.All));
        var machine = new Runner(BitmapMachine.Create(), new Suite(new Anything(), []));
        rounds.Add(All, () => Generate(whole));
        rounds.Add(Model, () => Generate(model));
        rounds.Add(Invariants, () => Replay(invariants, recorded));
        rounds.Add(Machine, () => Replay(machine, recorded));
        rounds.Measure();
        foreach (var what in new[] { All, Model, Invariants, Machine })
            claims.Figure(what, $"{rounds[what]:0} ns an operation");
        claims.AtLeast("the whole suite, one core", 1e6 / rounds[All], 200, "thousand operations a second");
    }

    private static List<(Contract.Machines.MachineSpec Spec, TraceSource Source)> Record()
    {
        using var machine = BitmapMachine.Create();
        var runner = new Runner(machine, new Suite(new ReferenceModel(), []));
        var recorded = new List<(Contract.Machines.MachineSpec, TraceSource)>();
        for (ulong i = 0; i < Sequences; i++)
        {
            var random = new SplitMix(SplitMix.Derive(1, i));
            var sequences = new Sequences();
            var spec = Toy(sequences, ref random, machine.Identity.Levels);
            var result = runner.Run(spec, sequences.DrawSource(ref random, spec, machine.Identity.Levels), Operations);
            recorded.Add((spec, new TraceSource(result.Executed)));
        }

        return recorded;
    }

    private static long Generate(Runner runner)
    {
        long operations = 0;
        for (ulong i = 0; i < Sequences; i++)
        {
            var random = new SplitMix(SplitMix.Derive(1, i));
            var sequences = new Sequences();
            var spec = Toy(sequences, ref random, runner.Identity.Levels);
            Demand(runner, runner.Walk(spec, sequences.DrawSource(ref random, spec, runner.Identity.Levels), Operations));
            operations += runner.Executed.Length;
        }

        return operations;
    }

    private static long Replay(Runner runner, List<(Contract.Machines.MachineSpec Spec, TraceSource Source)> recorded)
    {
        long operations = 0;
        foreach (var (spec, source) in recorded)
        {
            Demand(runner, runner.Walk(spec, source, Operations));
            operations += runner.Executed.Length;
        }

        return operations;
    }

    // Sequences draw a machine at true ratios now and then; the claim is about toys.
    private static Contract.Machines.MachineSpec Toy(Sequences sequences, ref SplitMix random, Contract.Machines.Levels levels)
    {
        while (true)
        {
            var spec = sequences.DrawSpec(ref random, levels);
            if (spec.PagesPerBlock <= 64)
                return spec;
        }
    }

    private static void Demand(Runner runner, Verdict verdict)
    {
        if (verdict != Verdict.Conforms)
            throw new InvalidOperationException(runner.Violation!.ToString());
    }
}
