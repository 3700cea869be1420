using System.Collections.Immutable;
using Hotplug.Benchmarks.Toy;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Run;
using Hotplug.Engine.Shrink;
using Hotplug.Tests.Engine.Fakes;
using Hotplug.Tests.Schedules;
using Xunit;

namespace Hotplug.Tests.Engine;

public class ShrinkerTests
{
    private const int Failures = 40;

    [Fact]
    public void Every_failure_of_fault_A_shrinks_to_its_known_minimum() => Ends.InTime(() =>
    {
        var rig = new EngineRig(ToyFault.OfflineForgetsInflated);
        for (var seed = 0UL; seed < Failures; seed++)
        {
            var shrunk = rig.Shrink(rig.Find(seed));

            Assert.Equal(["add #0 pages=0", "online #0", "inflate pages=1", "offline #0"], Text(shrunk.Minimal));
            Assert.True(shrunk.IsProvedMinimal);
        }
    });

    [Fact]
    public void Every_failure_of_fault_B_shrinks_to_7_operations_though_no_single_deletion_leads_there() => Ends.InTime(() =>
    {
        var rig = new EngineRig(ToyFault.DeflateStopsAtBlock);
        for (var seed = 0UL; seed < Failures; seed++)
        {
            var shrunk = rig.Shrink(rig.Find(seed));

            Assert.Equal(7, shrunk.Minimal.Operations.Length);
            Assert.True(shrunk.IsProvedMinimal);
            Assert.Equal(ToySpecification.ResultRule, shrunk.Result.Violation!.Rule);
        }
    });

    [Fact]
    public void Names_are_renumbered_wherever_they_are_used() => Ends.InTime(() =>
    {
        var shrunk = ShrinkOf(
            static seen => seen.Operation.Kind == OperationKind.Online && seen.Answer.IsOk,
            Runs.AddBlocks(3, 1), Runs.AddBlocks(7, 1), Operation.Tick(5), Operation.Online(Runs.Block(7, 0)));

        Assert.Equal(["add d1 pages=8", "online d1.b0"], Text(shrunk.Minimal));
    });

    [Fact]
    public void Sizes_shrink_to_the_smallest_that_still_fails() => Ends.InTime(() =>
    {
        var shrunk = ShrinkOf(static seen => seen.Operation.Amount >= 37, Operation.Alloc(Name.Allocation(5), 1000, AllocationKind.Pinned));

        Assert.Equal(["alloc a1 pages=37"], Text(shrunk.Minimal));
    });

    [Fact]
    public void A_kind_becomes_the_plainest_of_its_form() => Ends.InTime(() =>
    {
        var shrunk = ShrinkOf(static seen => seen.Operation.Kind is OperationKind.OnlineMovable or OperationKind.OnlineKernel,
            Operation.Online(Name.Boot.WithBlock(0), OperationKind.OnlineMovable));

        Assert.Equal(["online_kernel d0.b0"], Text(shrunk.Minimal));
    });

    [Fact]
    public void The_machine_becomes_simpler_too() => Ends.InTime(() =>
    {
        var spec = FakeMachine.Spec with
        {
            Nodes = 3,
            Cpus = 4,
            BootBlocks = 3,
            DimmBlocks = 9,
            AutoOnline = AutoOnline.Online,
            Balloons = [new BalloonSpec(BalloonDriver.Virtio, true)],
        };
        var runner = RunnerOf(static seen => seen.Spec.DimmBlocks >= 5);

        var shrunk = new Shrinker(runner).Shrink(runner.Run(spec, new TraceSource([Operation.Tick(3)]), 10));

        Assert.Equal("boot=1 cpus=1 dimm=5", $"boot={shrunk.Minimal.Spec.BootBlocks} cpus={shrunk.Minimal.Spec.Cpus} dimm={shrunk.Minimal.Spec.DimmBlocks}");
        Assert.Equal(1, shrunk.Minimal.Spec.Nodes);
        Assert.Empty(shrunk.Minimal.Spec.Balloons);
        Assert.Empty(shrunk.Minimal.Spec.Notifiers);
        Assert.Equal(AutoOnline.Offline, shrunk.Minimal.Spec.AutoOnline);
        Assert.Null(SpecRules.Check(shrunk.Minimal.Spec));
    });

    [Fact]
    public void What_stays_breaks_the_same_rule_and_no_other() => Ends.InTime(() =>
    {
        var runner = new Runner(new FakeMachine(), new Suite(new FakeSpecification(),
        [
            Runs.Rule("sum", static seen => !seen.IsStart && seen.Operation.Amount == 7 ? FakeSpecification.Break("sum") : null),
            Runs.Rule("small", static seen => !seen.IsStart && seen.Operation.Amount < 5 ? FakeSpecification.Break("small") : null),
        ]));
        var failure = runner.Run(FakeMachine.Spec, new TraceSource([Operation.Tick(9), Operation.Tick(7)]), 10);

        var shrunk = new Shrinker(runner).Shrink(failure);

        Assert.Equal("sum", shrunk.Result.Violation!.Rule);
        Assert.Equal(["tick seconds=7"], Text(shrunk.Minimal));
    });

    [Fact]
    public void A_failure_that_does_not_show_again_stays_as_it_was_found() => Ends.InTime(() =>
    {
        var runs = 0;
        var runner = RunnerOf(_ => runs++ == 0);
        var failure = runner.Run(FakeMachine.Spec, new TraceSource([Operation.Tick(3)]), 10);

        var shrunk = new Shrinker(runner).Shrink(failure);

        Assert.False(shrunk.Reproduced);
        Assert.Same(failure, shrunk.Result);
    });

    [Fact]
    public void A_budget_that_is_used_up_keeps_the_best_so_far() => Ends.InTime(() =>
    {
        var runner = RunnerOf(static seen => seen.Operation.Amount >= 37);
        var failure = runner.Run(FakeMachine.Spec, new TraceSource([Operation.Alloc(Name.Allocation(1), 1000)]), 10);

        var shrunk = new Shrinker(runner, new ShrinkBudget(Operations: 4)).Shrink(failure);

        Assert.Equal(FakeSpecification.Rule, shrunk.Result.Violation!.Rule);
        Assert.True(shrunk.Executions < 10);
    });

    [Fact]
    public void A_crash_of_the_machine_shrinks_like_any_other_failure() => Ends.InTime(() =>
    {
        var machine = new FakeMachine
        {
            Instead = static (o, _, _) => o.Kind == OperationKind.Offline ? throw new InvalidOperationException("boom") : false,
        };
        var runner = new Runner(machine, new Suite(new FakeSpecification(), []));
        var failure = runner.Run(FakeMachine.Spec,
            new TraceSource([Operation.Tick(1), Runs.AddBlocks(1, 2), Operation.Offline(Runs.Block(1, 1))]), 10);

        var shrunk = new Shrinker(runner).Shrink(failure);

        Assert.Equal(["offline d0.b0"], Text(shrunk.Minimal));
    });

    private static ShrinkResult ShrinkOf(Func<Transition, bool> refutes, params ImmutableArray<Operation> operations)
    {
        var runner = RunnerOf(refutes);
        return new Shrinker(runner).Shrink(runner.Run(FakeMachine.Spec, new TraceSource(operations), 100));
    }

    private static Runner RunnerOf(Func<Transition, bool> refutes) =>
        new(new FakeMachine(), new Suite(new FakeSpecification { Refutes = refutes }, []));

    private static IEnumerable<string> Text(Trace trace) => trace.Operations.Select(static o => o.ToString());
}
