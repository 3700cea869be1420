using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Replay;
using Hotplug.Engine.Report;
using Hotplug.Engine.Run;
using Hotplug.Tests.Engine.Fakes;
using Hotplug.Tests.Schedules;
using Xunit;

namespace Hotplug.Tests.Engine;

public sealed class ConfirmationTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hotplug-confirmation");

    private FailureDatabase Database => new(_folder.FullName);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_failure_that_does_not_show_again_is_flaky_and_never_a_failure_or_a_pass()
    {
        var result = Run(FailsIn(run => run == 3));

        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.True(result.Failure!.IsFlaky);
        Assert.Equal(Verdict.Violates, result.Failure.Run.Verdict);
        Assert.Equal(Verdict.Conforms, result.Failure.Again!.Verdict);
        Assert.Equal(result.Failure.Run.Executed.ToArray(), result.Failure.Again.Executed.ToArray());
        Assert.Single(Database.Read());
    }

    [Fact]
    public void Both_runs_of_a_flaky_failure_are_told_and_their_records_kept()
    {
        var failure = Run(FailsIn(run => run == 3)).Failure!;

        Assert.Equal(["run 3", "run 5"], failure.Records.AsEnumerable());
        var report = FailureReport.Print(failure, "again");
        Assert.Contains("violated once, and not again, by fake", report, StringComparison.Ordinal);
        Assert.Contains("flaky   run again, the same operations broke no rule", report, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_that_shows_again_is_shrunk_like_any_other()
    {
        var result = Run(FailsIn(run => run >= 3));

        Assert.Equal(Verdict.Violates, result.Verdict);
        Assert.False(result.Failure!.IsFlaky);
        Assert.Single(result.Failure.Run.Executed);
        Assert.StartsWith("run ", Assert.Single(result.Failure.Records), StringComparison.Ordinal);
    }

    [Fact]
    public void Neither_bad_luck_nor_a_failing_harness_is_run_more_often_than_it_takes_to_tell()
    {
        var flaky = FailsIn(run => run == 3);
        Run(flaky);
        Assert.Equal(5, flaky.Runs);

        var broken = new Machine { Breaks = static run => run >= 2 };
        Run(broken);
        Assert.Equal(3, broken.Runs);
    }

    [Fact]
    public void A_failure_that_shows_in_one_of_two_reruns_is_a_failure()
    {
        var result = Run(FailsIn(run => run is 3 or >= 5));

        Assert.Equal(Verdict.Violates, result.Verdict);
    }

    [Fact]
    public void A_failure_that_shows_again_and_then_no_more_is_flaky_too()
    {
        var result = Run(FailsIn(run => run is 3 or 4));

        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.True(result.Failure!.IsFlaky);
    }

    [Fact]
    public void A_harness_that_fails_once_is_noted_and_the_campaign_goes_on()
    {
        var result = Run(new Machine { Breaks = static run => run == 2 });

        Assert.Equal(Verdict.Conforms, result.Verdict);
        Assert.Equal(10, result.Sequences);
        Assert.Equal("sequence 1: harness.failed: the guest did not boot", Assert.Single(result.Repeated));
    }

    [Fact]
    public void A_harness_that_fails_twice_makes_the_verdict_inconclusive_and_is_not_shrunk()
    {
        var result = Run(new Machine { Breaks = static run => run >= 2 });

        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.Equal("the guest did not boot", result.Failure!.Violation.Observed);
        Assert.False(result.Failure.IsFlaky);
    }

    [Fact]
    public void What_shows_when_the_harness_is_tried_again_is_confirmed_in_its_turn()
    {
        var result = Run(new Machine { Breaks = static run => run == 2, Fails = static run => run >= 3 });

        Assert.Equal(Verdict.Violates, result.Verdict);
    }

    [Fact]
    public void What_shows_where_the_harness_had_cut_the_run_short_is_told_with_its_own_records()
    {
        var result = Run(new Machine { BreaksInside = static run => run == 2, Fails = static run => run == 3 });

        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.True(result.Failure!.IsFlaky);
        Assert.Equal((1L, Verdict.Violates), (result.Failure.Sequence, result.Failure.Run.Verdict));
        Assert.Equal(["run 3", "run 4"], result.Failure.Records.AsEnumerable());
    }

    [Fact]
    public void A_kept_failure_that_cannot_be_run_does_not_stand_in_the_way()
    {
        Database.Write(FakeSpecification.Rule, new Trace(FakeMachine.Spec, [Operation.Tick(1)]));

        var result = Run(new Machine { Breaks = static run => run == 1 });

        Assert.Equal(10, result.Sequences);
        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.EndsWith("the guest did not boot", Assert.Single(result.NotReplayed), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_reruns_whatever_shows_once_counts()
    {
        var result = Run(FailsIn(run => run == 3), reruns: 0);

        Assert.Equal(Verdict.Violates, result.Verdict);
        Assert.False(result.Failure!.Reproduced);
    }

    private static Machine FailsIn(Func<int, bool> runs) => new() { Fails = runs };

    private GateResult Run(Machine machine, int reruns = 2)
    {
        var specification = new FakeSpecification { Refutes = seen => !seen.IsStart && machine.Fails(machine.Runs) };
        GateResult? result = null;
        Ends.InTime(() => result = new Gate(() => new Rig(machine, new Suite(specification, []), new OneTick()))
            .Run(new GateOptions { Sequences = 10, OperationsPerSequence = 3, Reruns = reruns, Failures = Database }));
        return result!;
    }

    // Counts its runs, and keeps a record of each.
    private sealed class Machine : IMachine, IKeepsRecord
    {
        private readonly FakeMachine _machine = new();

        internal Func<int, bool> Fails { get; init; } = static _ => false;

        internal Func<int, bool> Breaks { get; init; } = static _ => false;

        internal Func<int, bool> BreaksInside { get; init; } = static _ => false;

        internal int Runs { get; private set; }

        public string Record => $"run {Runs}";

        public MachineIdentity Identity => _machine.Identity;

        public void Reset(MachineSpec spec)
        {
            Runs++;
            if (Breaks(Runs))
                throw new HarnessException("the guest did not boot");
            _machine.Reset(spec);
        }

        public void Execute(in Operation operation, in Target target, Outcome outcome)
        {
            if (BreaksInside(Runs))
                throw new HarnessException("the guest is gone");
            _machine.Execute(operation, target, outcome);
        }

        public void Observe(Observation observation) => _machine.Observe(observation);

        public void Dispose() => _machine.Dispose();
    }

    private sealed class OneTick : ISequences, IOperationSource
    {
        public bool NeedsMenu => false;

        public MachineSpec DrawSpec(ref SplitMix random, Levels levels) => FakeMachine.Spec;

        public IOperationSource DrawSource(ref SplitMix random, MachineSpec spec, Levels levels) => this;

        public void Begin(MachineSpec spec, Levels levels)
        {
            // Every sequence is the same.
        }

        public bool TryNext(Menu menu, out Operation operation)
        {
            operation = Operation.Tick(1);
            return true;
        }
    }
}
