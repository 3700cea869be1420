using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Engine;

public class RunnerTests
{
    [Fact]
    public void A_run_that_conforms_tells_every_operation_and_its_answer()
    {
        var result = Runs.Of(new FakeMachine(), Runs.AddBlocks(1, 1), Operation.Offline(Runs.Block(1, 0)));

        Assert.Equal(Verdict.Conforms, result.Verdict);
        Assert.Equal(["add d1 pages=8", "offline d1.b0"], result.Executed.Select(static o => o.ToString()));
        Assert.Equal([Answer.Ok, Answer.Of(Errno.EINVAL)], result.Answers.AsEnumerable());
        Assert.Equal(-1, result.FailedAt);
        Assert.Null(result.Violation);
    }

    [Fact]
    public void A_run_ends_after_the_most_operations_it_may_have()
    {
        var runner = new Runner(new FakeMachine(), new Suite(new FakeSpecification(), []));

        var result = runner.Run(FakeMachine.Spec, new TraceSource([Operation.Tick(1), Operation.Tick(2)]), 1);

        Assert.Single(result.Executed);
    }

    [Fact]
    public void An_exception_of_the_machine_is_a_crash_with_the_trace_kept()
    {
        var machine = new FakeMachine
        {
            Instead = static (o, _, _) => o.Kind == OperationKind.Offline ? throw new InvalidOperationException("boom") : false,
        };

        var result = Runs.Of(machine, Runs.AddBlocks(1, 1), Operation.Offline(Runs.Block(1, 0)), Operation.Tick(1));

        Assert.Equal(Verdict.Violates, result.Verdict);
        Assert.Equal(EngineRules.Crash, result.Violation!.Rule);
        Assert.Equal("offline d1.b0", result.Violation.Subject);
        Assert.Contains("boom", result.Violation.Observed, StringComparison.Ordinal);
        Assert.Equal(1, result.FailedAt);
        Assert.Equal(2, result.Executed.Length);
        Assert.Equal(Answer.Unfinished, result.Answers[1]);
    }

    [Fact]
    public void Of_what_was_thrown_the_innermost_place_is_told_if_there_is_one()
    {
        var told = Thrown(new InvalidOperationException("boom")).Violation!.Observed;
        Assert.StartsWith("InvalidOperationException: boom at ", told, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', told);
        Assert.Equal("Placeless: boom", Thrown(new Placeless()).Violation!.Observed);
    }

    [Fact]
    public void What_a_machine_throws_says_what_it_is()
    {
        Assert.Equal((Verdict.Violates, FakeSpecification.Rule), Told(new MachineViolationException(FakeSpecification.Break(FakeSpecification.Rule))));
        Assert.Equal((Verdict.Inconclusive, EngineRules.HarnessFailed), Told(new HarnessException("disk full")));
        Assert.Equal((Verdict.Violates, EngineRules.Crash), Told(new InvalidOperationException("boom")));
        Assert.Equal((Verdict.Conforms, null), Told(new RunEndedException("nobody there")));

        static (Verdict, string?) Told(Exception thrown) => (Thrown(thrown).Verdict, Thrown(thrown).Violation?.Rule);
    }

    [Fact]
    public void After_an_exception_no_observation_is_written_on()
    {
        foreach (var thrown in (Exception[])[new MachineViolationException(FakeSpecification.Break("rule")), new HarnessException("disk full"),
            new InvalidOperationException("boom"), new RunEndedException("nobody there")])
        {
            var versions = new List<long>();
            var machine = new FakeMachine
            {
                AlsoObserve = seen =>
                {
                    versions.Add(seen.Version);
                    seen.Version = 7;
                },
                Instead = (o, _, _) => o.Kind == OperationKind.Oom ? throw thrown : true,
            };
            var runner = new Runner(machine, new Suite(new FakeSpecification(), []));
            foreach (var last in (Operation[])[Operation.Tick(1), Operation.Oom(), Operation.Tick(1)])
                runner.Walk(FakeMachine.Spec, new TraceSource([Operation.Tick(1), last]), 10);

            // Two are written in turn: the first run begins with both, and so does what follows the exception.
            Assert.Equal([0, 0, 7, 7, 7, 0, 0, 7], versions);
        }
    }

    [Fact]
    public void A_start_that_cannot_be_is_garbage()
    {
        var machine = new FakeMachine { AlsoObserve = static seen => seen.Add(new ZoneObservation(default, 0, 8, 8, 8, -1, 0)) };

        var result = Runs.Of(machine, Operation.Tick(1));

        Assert.Equal((EngineRules.Garbage, -1), (result.Violation?.Rule, result.FailedAt));
        Assert.Empty(result.Executed);
    }

    [Fact]
    public void A_watcher_sees_every_run_begin_and_every_operation_that_conforms()
    {
        var watcher = new Watcher();
        var runner = new Runner(new FakeMachine(), new Suite(new FakeSpecification { Refutes = static seen => seen.Operation.Amount == 3 }, []))
        {
            Watcher = watcher,
        };
        for (var run = 0; run < 2; run++)
            runner.Walk(FakeMachine.Spec, new TraceSource([Operation.Tick(1), Operation.Tick(2), Operation.Tick(3)]), 10);
        Assert.Equal(["begin", "tick seconds=1", "tick seconds=2", "begin", "tick seconds=1", "tick seconds=2"], watcher.Seen);
    }

    [Fact]
    public void Defects_begin_every_run_anew()
    {
        var defect = new OffByTwo();
        var runner = new Runner(new FakeMachine(), new Suite(new FakeSpecification(), []) { Defects = [() => defect] });
        for (var run = 1; run <= 3; run++)
        {
            runner.Walk(FakeMachine.Spec, new TraceSource([Operation.Tick(1), Operation.Tick(2)]), 10);
            Assert.Equal(run, defect.Resets);
        }
    }

    [Fact]
    public void An_exception_at_the_start_is_a_crash_without_operations()
    {
        var result = Runs.Of(new FakeMachine { AtReset = static () => throw new InvalidOperationException("boom") }, Operation.Tick(1));

        Assert.Equal(EngineRules.Crash, result.Violation!.Rule);
        Assert.Equal(-1, result.FailedAt);
        Assert.Empty(result.Executed);
    }

    [Fact]
    public void A_failed_harness_is_inconclusive()
    {
        var machine = new FakeMachine { Instead = static (_, _, _) => throw new HarnessException("disk full") };

        var result = Runs.Of(machine, Operation.Tick(1));

        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.Equal(EngineRules.HarnessFailed, result.Violation!.Rule);
        Assert.Equal("disk full", result.Violation.Observed);
    }

    [Fact]
    public void An_exception_of_a_judge_is_inconclusive_and_not_the_machines_fault()
    {
        var specification = new FakeSpecification { Refutes = static _ => throw new InvalidOperationException("our bug") };

        var result = Runs.By(specification, new FakeMachine(), Operation.Tick(1));

        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.Equal(EngineRules.SuiteCrash, result.Violation!.Rule);
    }

    [Fact]
    public void A_machine_that_crashed_can_be_run_again()
    {
        var crashes = true;
        var machine = new FakeMachine { Instead = (_, _, _) => crashes ? throw new InvalidOperationException("boom") : false };
        var runner = new Runner(machine, new Suite(new FakeSpecification(), []));
        var source = new TraceSource([Runs.AddBlocks(1, 1)]);
        Assert.Equal(Verdict.Violates, runner.Walk(FakeMachine.Spec, source, 10));

        crashes = false;

        Assert.Equal(Verdict.Conforms, runner.Walk(FakeMachine.Spec, source, 10));
    }

    [Fact]
    public void A_refuted_transition_ends_the_run_with_its_rule()
    {
        var specification = new FakeSpecification { Refutes = static seen => seen.Index == 1 };

        var result = Runs.By(specification, new FakeMachine(), Operation.Tick(1), Operation.Tick(2), Operation.Tick(3));

        Assert.Equal(Verdict.Violates, result.Verdict);
        Assert.Equal(FakeSpecification.Rule, result.Violation!.Rule);
        Assert.Equal(1, result.FailedAt);
        Assert.Equal(2, result.Executed.Length);
    }

    [Fact]
    public void An_invariant_judges_before_the_specification()
    {
        var suite = new Suite(new FakeSpecification { Refutes = static _ => true },
            [Runs.Rule("first.rule", static seen => seen.IsStart ? null : FakeSpecification.Break("first.rule"))]);

        var result = new Runner(new FakeMachine(), suite).Run(FakeMachine.Spec, new TraceSource([Operation.Tick(1)]), 10);

        Assert.Equal("first.rule", result.Violation!.Rule);
    }

    [Fact]
    public void Invariants_count_the_start_and_every_operation_up_to_the_one_that_breaks_them()
    {
        var suite = new Suite(new FakeSpecification(),
        [
            Runs.Rule("kept", static _ => null),
            Runs.Rule("broken", static seen => seen.Index == 1 ? FakeSpecification.Break("broken") : null),
            Runs.Rule("late", static _ => null),
            Runs.Rule("elsewhere", static _ => null, Levels.Cmm),
            Runs.Rule("unseen", static _ => null, needs: Visibility.References),
        ]);
        var runner = new Runner(new FakeMachine(), suite);

        runner.Walk(FakeMachine.Spec, new TraceSource([Operation.Tick(1), Operation.Tick(2)]), 10);

        Assert.Equal([("kept", 3L), ("broken", 3L), ("late", 2L)], runner.Evaluated.Select(static e => (e.Invariant.Id, e.Count)));
    }

    [Fact]
    public void An_invariant_is_asked_when_its_occasion_arises_and_not_else()
    {
        var asked = new List<string>();
        Invariant[] rules =
        [
            Asked("any", default),
            Asked("ticks", Occasion.Of(OperationKind.Tick)),
            Asked("adds", Occasion.Of(OperationKind.Add)),
            Asked("changes", Occasion.Of(Happening.BlocksChanged)),
            Asked("refusals", Occasion.Of(Happening.Refused)),
            Asked("migrations", Occasion.Of(EffectKind.Migrated)),
        ];
        var runner = new Runner(new FakeMachine(), new Suite(new FakeSpecification(), [.. rules]));

        runner.Walk(FakeMachine.Spec, new TraceSource([Operation.Tick(1), Runs.AddBlocks(1, 1), Operation.Offline(Runs.Block(1, 0))]), 10);

        Assert.Equal([
            "any -1", "changes -1", "any 0", "ticks 0", "changes 0", "any 1", "adds 1", "changes 1", "any 2", "changes 2", "refusals 2",
        ], asked);
        Assert.Equal([4L, 1, 1, 4, 1, 0], runner.Evaluated.Select(static e => e.Count));

        Invariant Asked(string id, Occasion when) => Runs.Rule(id, seen =>
        {
            asked.Add($"{id} {(seen.IsStart ? -1 : seen.Index)}");
            return null;
        }) with
        { When = when };
    }

    [Fact]
    public void An_operation_that_names_nothing_never_reaches_the_machine()
    {
        var machine = new FakeMachine();
        var runner = new Runner(machine, new Suite(new FakeSpecification(), []));

        var result = runner.Run(FakeMachine.Spec, new TraceSource([Operation.Online(Runs.Block(1, 0)), Operation.Tick(1)]), 10);

        Assert.Equal(Answer.Unbound, result.Answers[0]);
        Assert.Single(machine.Asked);
        Assert.Equal(1, runner.Coverage.Of(OperationKind.Online, Answer.Unbound));
    }

    [Fact]
    public void A_declared_defect_predicts_before_anybody_judges()
    {
        long seenByInvariant = -1;
        var suite = new Suite(new FakeSpecification(), [Runs.Rule("reads", seen =>
        {
            seenByInvariant = seen.Deviations.ManagedTotal;
            return null;
        }),
        ])
        {
            Defects = [static () => new OffByTwo()],
        };
        var runner = new Runner(new FakeMachine(), suite);

        runner.Walk(FakeMachine.Spec, new TraceSource([Operation.Tick(1)]), 10);

        Assert.Equal(2, seenByInvariant);
        Assert.Equal(1, runner.DeviationsMet["off-by-two"]);
    }

    [Fact]
    public void The_menu_is_filled_for_a_source_that_reads_it_and_for_no_other()
    {
        var specification = new FakeSpecification();
        var runner = new Runner(new FakeMachine(), new Suite(specification, []));

        runner.Walk(FakeMachine.Spec, new TraceSource([Operation.Tick(1)]), 10);
        Assert.Equal(0, specification.Described);
        runner.Walk(FakeMachine.Spec, new MenuReader(), 3);

        Assert.Equal(3, specification.Described);
        Assert.Equal(["tick seconds=1", "tick seconds=2", "tick seconds=3"], runner.LastResult.Executed.Select(static o => o.ToString()));
    }

    [Fact]
    public void The_menu_tells_of_one_state_at_a_time()
    {
        var specification = new FakeSpecification { AlsoDescribes = static menu => menu.Allocations.Add(default) };
        var counts = new List<int>();
        var runner = new Runner(new FakeMachine(), new Suite(specification, []));

        runner.Walk(FakeMachine.Spec, new MenuReader { Sees = menu => counts.Add(menu.Allocations.Count) }, 3);

        Assert.Equal([1, 1, 1], counts);
    }

    private static RunResult Thrown(Exception thrown) =>
        Runs.Of(new FakeMachine { Instead = (_, _, _) => throw thrown }, Operation.Tick(1));

    private sealed class Placeless() : Exception("boom")
    {
        public override string? StackTrace => null;
    }

    private sealed class Watcher : IWatcher
    {
        internal List<string> Seen { get; } = [];

        public void Begin(MachineSpec spec) => Seen.Add("begin");

        public void Watch(Transition seen) => Seen.Add(seen.Operation.ToString());
    }

    private sealed class OffByTwo : IKnownDefect
    {
        public string Id => "off-by-two";

        internal int Resets { get; private set; }

        public void Reset() => Resets++;

        public void Watch(Transition seen) =>
            seen.Deviations.Predict(new Deviation(Id, DeviationKind.ManagedPages, new ZoneId(0, ZoneKind.Normal), Amount: 2));
    }

    private sealed class MenuReader : IOperationSource
    {
        public bool NeedsMenu => true;

        internal Action<Menu>? Sees { get; init; }

        public void Begin(MachineSpec spec, Levels levels)
        {
            // The menu says it all.
        }

        public bool TryNext(Menu menu, out Operation operation)
        {
            Sees?.Invoke(menu);
            operation = Operation.Tick(menu.NextDevice);
            return true;
        }
    }
}
