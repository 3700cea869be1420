using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Floors;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Replay;
using Hotplug.Engine.Report;
using Hotplug.Engine.Run;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Engine;

public sealed class GateTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hotplug-gate");

    private static readonly Citation s_source = new("v6.12", "mm/memory_hotplug.c", "offline_pages");

    // Long, and not yet as long as what FakeSpecification refutes below.
    private static readonly Invariant s_long = Runs.Rule("long", static seen =>
        seen.Operation.Amount is > 500 and < 600 ? new Violation("long", "tick", "less", "more", s_source) : null);

    private FailureDatabase Database => new(_folder.FullName);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_campaign_that_conforms_says_what_it_did()
    {
        var result = GateOf().Run(new GateOptions { Seed = 7, Sequences = 50, OperationsPerSequence = 10 });

        Assert.Equal(Verdict.Conforms, result.Verdict);
        Assert.Equal(7UL, result.Seed);
        Assert.Equal(50, result.Sequences);
        Assert.Equal(500, result.Operations);
        Assert.Equal(500, result.Coverage.Of(OperationKind.Tick, Answer.Ok));
        Assert.Equal([("always", 550L)], result.Shares.Select(static s => (s.Invariant.Id, s.Count)));
        Assert.Null(result.Failure);
        Assert.Equal(500, result.Reached.Single(static r => r.What == "tick ok").Count);
        Assert.Equal(500, result.Reached.Where(static r => r.Kind == FloorKind.Argument).Sum(static r => r.Count));
        Assert.Equal((50L, 1), (result.Incidence.Sequences, result.Incidence.Met));
    }

    [Fact]
    public void A_failure_is_shrunk_and_kept_before_it_is_reported()
    {
        var result = GateOf(BreaksAt(900)).Run(new GateOptions { Sequences = 1000, Failures = Database });

        Assert.Equal(Verdict.Violates, result.Verdict);
        Assert.Equal("tick seconds=900", Assert.Single(result.Failure!.Run.Executed).ToString());
        Assert.True(result.Failure.IsProvedMinimal);
        var kept = Assert.Single(Database.Read());
        Assert.Equal(result.Failure.File, kept.File);
        Assert.Equal(result.Failure.Sequence.ToString(), kept.Trace!.Note("sequence"));
        Assert.Equal("0x0", kept.Trace.Note("seed"));
    }

    [Fact]
    public void A_kept_failure_is_replayed_first()
    {
        Database.Write(FakeSpecification.Rule, new Trace(FakeMachine.Spec, [Operation.Tick(900)]));

        var result = GateOf(BreaksAt(900)).Run(new GateOptions { Sequences = 1000, Failures = Database });

        Assert.Equal(0, result.Sequences);
        Assert.Equal(1, result.Replayed);
        Assert.Null(result.Failure!.Seed);
        Assert.Single(Database.Read());
    }

    [Fact]
    public void A_kept_failure_that_passes_is_forgotten()
    {
        var file = Database.Write(FakeSpecification.Rule, new Trace(FakeMachine.Spec, [Operation.Tick(900)]));

        var result = GateOf().Run(new GateOptions { Sequences = 10, Failures = Database });

        Assert.Equal(Verdict.Conforms, result.Verdict);
        Assert.Equal([file], result.Passed.AsEnumerable());
        Assert.Empty(Database.Read());
    }

    [Fact]
    public void A_kept_failure_that_the_machine_cannot_run_makes_the_verdict_inconclusive()
    {
        Database.Write(FakeSpecification.Rule, new Trace(FakeMachine.Spec, [Operation.Oom()]));

        var result = GateOf().Run(new GateOptions { Sequences = 10, Failures = Database });

        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.EndsWith("fake does not have cmm", Assert.Single(result.NotReplayed), StringComparison.Ordinal);
        Assert.Single(Database.Read());
    }

    [Fact]
    public void Two_workers_report_the_same_failure_as_one()
    {
        var one = GateOf(BreaksAt(990)).Run(new GateOptions { Seed = 3, Sequences = 2000 });
        var two = GateOf(BreaksAt(990)).Run(new GateOptions { Seed = 3, Sequences = 2000, Workers = 2 });

        Assert.NotNull(one.Failure);
        Assert.Equal(one.Failure.Sequence, two.Failure!.Sequence);
        Assert.Equal(one.Failure.ToTrace().ToString(), two.Failure.ToTrace().ToString());
    }

    [Fact]
    public void Two_workers_do_the_work_once()
    {
        var result = GateOf().Run(new GateOptions { Sequences = 200, OperationsPerSequence = 5, Workers = 2 });

        Assert.Equal(200, result.Sequences);
        Assert.Equal(1000, result.Coverage.Operations);
        Assert.Equal(1200, Assert.Single(result.Shares).Count);
    }

    [Fact]
    public void The_campaign_ends_when_the_time_is_up()
    {
        var asked = 0;

        var result = GateOf().Run(new GateOptions { Sequences = 1000, TimeIsUp = () => asked++ == 3 });

        Assert.Equal(3, result.Sequences);
        Assert.Equal(Verdict.Conforms, result.Verdict);
    }

    [Fact]
    public void Progress_is_told()
    {
        var told = new List<GateProgress>();

        GateOf(BreaksAt(900)).Run(new GateOptions { Sequences = 1000, Progress = told.Add });

        Assert.True(told[^1].IsShrinking);
    }

    [Fact]
    public void A_machine_that_hangs_is_reported_without_waiting_for_it()
    {
        var failure = HungIn(run: 3);

        Assert.Equal(EngineRules.Hang, failure.Violation.Rule);
        Assert.Equal((2L, 7UL), (failure.Sequence, failure.Seed));
        Assert.False(failure.Reproduced);
        Assert.Single(Database.Read());
    }

    [Fact]
    public void A_kept_failure_that_hangs_is_no_sequence_of_the_seed()
    {
        Database.Write(FakeSpecification.Rule, new Trace(FakeMachine.Spec, [Operation.Tick(900)]));

        Assert.Null(HungIn(run: 1).Seed);
    }

    // What is reported of a machine that does not come back in its nth run.
    private Failure HungIn(int run)
    {
        var clock = new ManualClock();
        using var release = new ManualResetEventSlim();
        var runs = 0;
        var machine = new FakeMachine
        {
            AtReset = () => runs++,
            Instead = (_, _, _) =>
            {
                if (runs < run)
                    return false;
                clock.Advance(TimeSpan.FromSeconds(20));
                release.Wait();
                return true;
            },
        };
        var gate = new Gate(() => new Rig(machine, new Suite(new FakeSpecification(), []), new Ticks()));

        var result = gate.Run(new GateOptions { Seed = 7, Sequences = 10, OperationsPerSequence = 3, Clock = clock, Failures = Database });
        release.Set();

        Assert.Equal(Verdict.Violates, result.Verdict);
        return result.Failure!;
    }

    [Fact]
    public void A_harness_that_fails_ends_the_campaign_inconclusively()
    {
        var machine = new FakeMachine { Instead = static (_, _, _) => throw new HarnessException("disk full") };
        var gate = new Gate(() => new Rig(machine, new Suite(new FakeSpecification(), []), new Ticks()));

        var result = gate.Run(new GateOptions { Sequences = 10 });

        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.Equal("disk full", result.Failure!.Violation.Observed);
        Assert.True(machine.IsDisposed);
    }

    [Fact]
    public void A_campaign_that_keeps_going_finds_the_first_failure_of_every_rule()
    {
        var gate = new Gate(() => new Rig(new FakeMachine(), new Suite(new FakeSpecification { Refutes = BreaksAt(990) },
            [s_long]), new Ticks()));

        var one = gate.Run(new GateOptions { Sequences = 1000, OperationsPerSequence = 5 });
        var all = gate.Run(new GateOptions { Sequences = 1000, OperationsPerSequence = 5, KeepGoing = true });

        Assert.Equal(one.Failure!.Sequence, all.Failure!.Sequence);
        Assert.Equal([FakeSpecification.Rule, s_long.Id],
            all.Others.Append(all.Failure).Select(static f => f.Violation.Rule).Order(StringComparer.Ordinal));
        Assert.Equal(1000, all.Sequences);
        Assert.Empty(one.Others);
    }

    private static Func<Transition, bool> BreaksAt(long seconds) => seen => seen.Operation.Amount >= seconds;

    private static Gate GateOf(Func<Transition, bool>? refutes = null) => new(() => new Rig(new FakeMachine(),
        new Suite(new FakeSpecification { Refutes = refutes }, [Runs.Rule("always", static _ => null)]), new Ticks()));
}
