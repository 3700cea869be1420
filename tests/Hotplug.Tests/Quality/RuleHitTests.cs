using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Explore;
using Hotplug.Engine.Faults;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Invariants;
using Hotplug.Model;
using Hotplug.Properties.Lies;
using Xunit;

namespace Hotplug.Tests.Quality;

/// <summary>Every rule, every operation and every level is hit: there is something wrong that it finds.</summary>
public sealed class RuleHitTests
{
    private const int LyingRuns = 1500;
    private const int LyingOperations = 40;
    private const int SequencesOfEach = 40;
    private const int OperationsOfEach = 100;

    public static TheoryData<string> FaultWitnesses => new(RuleWitnesses.Faults.Select(static w => w.Rule));

    public static TheoryData<string> LieWitnesses => new(RuleWitnesses.Lies.Select(static w => w.Rule));

    [Fact]
    public void Every_rule_names_a_seeded_fault_or_has_a_witness()
    {
        string[] hit =
        [
            .. FaultTable.Forms.Select(static f => f.KilledBy), .. RuleWitnesses.Faults.Select(static w => w.Rule),
            .. RuleWitnesses.Lies.Select(static w => w.Rule), .. RuleWitnesses.Cases.Select(static w => w.Rule),
        ];
        Assert.Empty(Catalogue.All.Select(static i => i.Id).Except(hit));
    }

    [Fact]
    public void A_witness_is_kept_only_for_a_rule_that_needs_one()
    {
        string[] witnesses =
        [
            .. RuleWitnesses.Faults.Select(static w => w.Rule), .. RuleWitnesses.Lies.Select(static w => w.Rule),
            .. RuleWitnesses.Cases.Select(static w => w.Rule),
        ];
        Assert.Equal(witnesses.Distinct(), witnesses);
        Assert.Empty(witnesses.Except(Catalogue.All.Select(static i => i.Id)));
        Assert.Empty(witnesses.Intersect(FaultTable.Forms.Select(static f => f.KilledBy)));
    }

    [Theory]
    [MemberData(nameof(FaultWitnesses))]
    public void Asked_alone_the_rule_finds_the_fault(string rule)
    {
        var fault = RuleWitnesses.Faults.Single(w => w.Rule == rule).Fault;
        using var machine = BitmapMachine.Create(fault);
        var start = new FaultTrial(new Rig(machine, Alone(rule), new Sequences()))
            .Run(new TrialOptions(rule) { Starts = 1, Shrinking = null })[0];
        Assert.Equal(rule, start.Found?.Violation?.Rule);
    }

    [Theory]
    [MemberData(nameof(LieWitnesses))]
    public void Asked_alone_the_rule_finds_the_lie(string rule)
    {
        var (_, lie, why) = RuleWitnesses.Lies.Single(w => w.Rule == rule);
        Assert.NotEmpty(why);
        for (ulong run = 0; run < LyingRuns; run++)
        {
            var random = new SplitMix(SplitMix.Derive(0x11E5, run));
            using var machine = new LyingMachine(BitmapMachine.Create(), lie, 1 + random.Below(LyingOperations / 2));
            var sequences = new Sequences();
            var spec = sequences.DrawSpec(ref random, machine.Identity.Levels);
            var runner = new Runner(machine, Alone(rule));
            var source = sequences.DrawSource(ref random, spec, machine.Identity.Levels);
            if (runner.Walk(spec, source, LyingOperations) == Verdict.Violates && runner.Violation!.Rule == rule)
                return;
        }

        Assert.Fail($"{lie} was told in {LyingRuns} runs, and {rule} believed it");
    }

    [Fact]
    public void Every_operation_and_every_level_is_where_some_fault_is_found()
    {
        var operations = new HashSet<OperationKind>();
        var levels = Levels.None;
        foreach (var form in FaultTable.Forms)
        {
            using var machine = BitmapMachine.Create(form.Fault);
            var runner = new Runner(machine, new Suite(new ReferenceModel(), Catalogue.All));
            for (ulong run = 0; run < SequencesOfEach; run++)
            {
                var random = new SplitMix(SplitMix.Derive(0x0F, run));
                var sequences = new Sequences();
                var spec = sequences.DrawSpec(ref random, machine.Identity.Levels);
                var source = sequences.DrawSource(ref random, spec, machine.Identity.Levels);
                if (runner.Walk(spec, source, OperationsOfEach) == Verdict.Conforms || runner.Executed.IsEmpty)
                    continue;
                operations.Add(runner.Executed[^1].Kind);
                if (Catalogue.All.FirstOrDefault(i => i.Id == runner.Violation!.Rule) is { } broken)
                    levels |= broken.Level;
                levels |= runner.LastResult.ToTrace().Needs
                    | new Scope("", "", spec, []).Needs;
            }
        }

        // These only prepare what a later operation does.
        OperationKind[] preparing =
            [OperationKind.Veto, OperationKind.NotifierError, OperationKind.Policy, OperationKind.LoanTarget];
        Assert.Empty(Enum.GetValues<OperationKind>().Except(operations).Except(preparing));
        Assert.Equal(Levels.None, BitmapMachine.Create().Identity.Levels & ~levels);
    }

    private static Suite Alone(string rule) =>
        new(new Permissive(), [Catalogue.All.Single(i => i.Id == rule)]);
}
