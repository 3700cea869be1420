using Hotplug.Bitmap;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Explain;
using Hotplug.Engine.Run;
using Hotplug.Invariants;
using Hotplug.Model;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Explain;

public sealed class ExplainerTests
{
    private const string Vetoed = """
        hotplug-trace 1
        spec pageblock=1 section=2 max-order=1 boot=2 dimm-first=2 dimm=0 device-memory=3+2/1@0
        tick seconds=1
        plug m1 sub-blocks=1
        online_movable m1.b0
        veto k=4 errno=EBUSY
        offline m1.b0
        """;

    private readonly Explanation _explanation = Explain(Fault.CancelForgetsReference, Vetoed);

    [Fact]
    public void What_can_go_is_told_apart_from_what_is_needed() =>
        Assert.Equal([false, true, true, true, true], _explanation.Operations.Select(static o => o.IsNeeded));

    [Fact]
    public void An_argument_of_which_any_value_fails_could_be_anything() => Assert.True(
        _explanation.Operations[3].Arguments.Single(static a => a.Key == "errno").IsFree);

    [Fact]
    public void An_argument_that_must_be_as_it_is_matters()
    {
        var point = _explanation.Operations[3].Arguments.Single(static a => a.Key == "point");
        Assert.Equal("notifier", point.Value);
        Assert.NotEmpty(point.Conforms);
        Assert.Empty(point.StillFails);
    }

    [Fact]
    public void Words_sizes_and_blocks_are_varied_too()
    {
        Assert.Equal<string>(["online", "online_kernel"],
            _explanation.Operations[2].Arguments.Single(static a => a.Key == "operation").StillFails);
        Assert.Equal<string>(["1"], _explanation.Operations[4].Arguments.Single(static a => a.Key == "block").Conforms);
        Assert.NotEmpty(_explanation.Operations[1].Arguments.Single(static a => a.Key == "sub-blocks").Conforms);
    }

    [Fact]
    public void Every_claim_about_an_argument_is_what_a_run_with_it_comes_to()
    {
        Assert.True(TraceText.TryParse(Vetoed.Replace("errno=EBUSY", "errno=EIO", StringComparison.Ordinal), out var other, out _));
        using var machine = BitmapMachine.Create(Fault.CancelForgetsReference);
        var runner = new Runner(machine, new Suite(new ReferenceModel(), Catalogue.All));
        var run = runner.Run(other.Spec, new TraceSource(other.Operations), other.Operations.Length);
        Assert.Contains("EIO", _explanation.Operations[3].Arguments.Single(static a => a.Key == "errno").StillFails);
        Assert.Equal("references.offline-page-is-one", run.Violation?.Rule);
    }

    [Fact]
    public void It_says_what_happens_without_an_operation_and_where_the_machine_leaves_the_rules()
    {
        Assert.Equal("offline m1.b0 -> ok", _explanation.Operations[3].Without);
        // Of the failing operation itself there is nothing to answer without it.
        Assert.Equal("", _explanation.Operations[^1].Without);
        Assert.Equal("", _explanation.Operations[0].Without);
        Assert.Equal(4, _explanation.PartsAt);
    }

    [Fact]
    public void What_the_failing_operation_changed_is_told_before_and_after()
    {
        var line = Assert.Single(_explanation.Changes, static c => c.StartsWith("memory3: ", StringComparison.Ordinal));
        Assert.Contains("references 1 -> online", line);
        Assert.EndsWith("references 0", line);
    }

    [Fact]
    public void What_the_first_operation_changed_is_told_whatever_was_tried_last()
    {
        var runner = new Runner(new FakeMachine(), new Suite(new FakeSpecification { Refutes = static seen => seen.Operation.Amount == 16 }, []));
        var failure = runner.Run(FakeMachine.Spec, new TraceSource([Runs.AddBlocks(1, 2)]), 1);
        var runs = 0;
        runner = new Runner(new FakeMachine { AtReset = () => runs++ }, runner.Suite);

        var explanation = new Explainer(runner).Explain(failure);

        Assert.Equal(["memory4: not there -> offline, zone none", "memory5: not there -> offline, zone none"], explanation.Changes.AsEnumerable());
        Assert.Equal(0, explanation.PartsAt);
        Assert.Equal(runs, explanation.Executions);
    }

    [Fact]
    public void Of_a_start_that_fails_nothing_is_told_that_changed()
    {
        var runner = new Runner(new FakeMachine { AtReset = static () => throw new InvalidOperationException("boom") },
            new Suite(new FakeSpecification(), []));
        var explanation = new Explainer(runner).Explain(runner.Run(FakeMachine.Spec, new TraceSource([]), 1));
        Assert.Empty(explanation.Changes);
        Assert.Equal(-1, explanation.PartsAt);
    }

    [Fact]
    public void Ways_to_come_online_are_told_apart()
    {
        foreach (var (kind, fails, conforms) in ((OperationKind, string, string)[])[(OperationKind.Online, "online_movable", "online_kernel"),
            (OperationKind.OnlineMovable, "online", "online_kernel")])
        {
            var explanation = OfFake(static seen => seen.Operation.Kind is OperationKind.Online or OperationKind.OnlineMovable,
                Operation.Online(Name.Boot.WithBlock(0), kind));
            var ways = explanation.Operations[0].Arguments.Single(static a => a.Key == "operation");
            Assert.Equal((fails, conforms), (Assert.Single(ways.StillFails), Assert.Single(ways.Conforms)));
        }

        Assert.Contains("operation", OfFake(static _ => true, Operation.Online(Name.Boot.WithBlock(0), OperationKind.OnlineKernel)).Operations[0].Arguments
            .Select(static a => a.Key));
        Assert.DoesNotContain("operation", OfFake(static _ => true, Operation.Offline(Name.Boot.WithBlock(0))).Operations[0].Arguments
            .Select(static a => a.Key));
    }

    [Fact]
    public void Pages_and_places_are_named()
    {
        var page = Name.Boot.WithBlock(0).WithPage(3);
        Assert.Equal(["block", "page"], Keys(Operation.Poison(page)));
        Assert.Equal(["block"], Keys(Operation.Offline(Name.Boot.WithBlock(0))));
        Assert.Contains("at's block", Keys(Operation.Add(Name.Device(1), 8, at: Name.Boot.WithBlock(0))));
        Assert.DoesNotContain("at's page", Keys(Operation.Add(Name.Device(1), 8, at: Name.Boot.WithBlock(0))));
        Assert.Contains("at's page", Keys(Operation.Add(Name.Device(1), 8, at: page)));

        static IEnumerable<string> Keys(Operation operation) =>
            OfFake(static seen => seen.Operation.Kind == OperationKind.Tick, operation, Operation.Tick(1)).Operations[0].Arguments.Select(static a => a.Key);
    }

    [Fact]
    public void Each_explanation_counts_its_own_runs_and_a_run_that_conforms_has_none()
    {
        var runner = new Runner(new FakeMachine(), new Suite(new FakeSpecification { Refutes = static seen => seen.Operation.Amount == 16 }, []));
        var failure = runner.Run(FakeMachine.Spec, new TraceSource([Runs.AddBlocks(1, 2)]), 1);
        var explainer = new Explainer(runner);
        Assert.Equal(explainer.Explain(failure).Executions, explainer.Explain(failure).Executions);
        Assert.Throws<ArgumentException>(() => explainer.Explain(runner.Run(FakeMachine.Spec, new TraceSource([Operation.Tick(1)]), 1)));
    }

    [Fact]
    public void Where_nothing_runs_without_an_operation_nothing_is_left()
    {
        var runs = 0;
        var machine = new FakeMachine { AtReset = () => runs += runs == 1 ? throw new RunEndedException("nobody there") : 1 };
        var runner = new Runner(machine, new Suite(new FakeSpecification { Refutes = static seen => seen.Index == 1 }, []));
        var failure = runner.Run(FakeMachine.Spec, new TraceSource([Operation.Tick(1), Operation.Tick(1)]), 2);
        Assert.Equal("nothing is left", new Explainer(runner).Explain(failure).Operations[0].Without);
    }

    private static Explanation OfFake(Func<Transition, bool> refutes, params Operation[] operations)
    {
        var runner = new Runner(new FakeMachine(), new Suite(new FakeSpecification { Refutes = seen => !seen.IsStart && refutes(seen) }, []));
        return new Explainer(runner).Explain(runner.Run(FakeMachine.Spec, new TraceSource([.. operations]), operations.Length));
    }

    [Fact]
    public void The_text_names_every_operation()
    {
        var text = ExplanationText.Print(_explanation);
        Assert.Contains("tick seconds=1: could be left out", text);
        Assert.Contains("offline m1.b0: needed", text);
        Assert.Contains("parts   from the rules in offline m1.b0", text);
        Assert.Contains($"checked each of these claims, in {_explanation.Executions} runs", text);
    }

    private static Explanation Explain(Fault fault, string text)
    {
        Assert.True(TraceText.TryParse(text, out var trace, out var error), error?.ToString());
        using var machine = BitmapMachine.Create(fault);
        var runner = new Runner(machine, new Suite(new ReferenceModel(), Catalogue.All));
        var failure = runner.Run(trace.Spec, new TraceSource(trace.Operations), trace.Operations.Length);
        Assert.Equal("references.offline-page-is-one", failure.Violation?.Rule);
        return new Explainer(runner).Explain(failure);
    }
}
