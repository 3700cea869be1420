using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Explore;
using Hotplug.Engine.Run;
using Hotplug.Tests.Engine.Fakes;
using Hotplug.Tests.Schedules;
using Xunit;

namespace Hotplug.Tests.Explore;

/// <summary>How far an exploration goes, told on machines of which every state can be counted on fingers.</summary>
public sealed class ExplorerLimitsTests
{
    // 'oom' counts up to four.
    private static readonly Operation s_up = Operation.Oom();

    // 'loan-target' changes nothing.
    private static readonly Operation s_still = Operation.LoanTarget(1);

    [Theory]
    [InlineData(0, 1, 0, false)]
    [InlineData(1, 2, 1, false)]
    [InlineData(3, 4, 3, false)]
    [InlineData(4, 5, 4, false)]
    [InlineData(5, 5, 5, true)]
    [InlineData(9, 5, 5, true)]
    public void Sequences_are_as_long_as_is_asked_for(int most, int states, long edges, bool isComplete) => Ends.InTime(() =>
    {
        var explored = Of(new Counter(), Scope(s_up), new ExploreOptions { MostOperations = most });
        Assert.Equal((states, edges, states - 1, isComplete), Told(explored));

        // Step by step it comes to the same, and nothing is tried twice.
        var explorer = new Explorer(RunnerOf(new Counter()), Scope(s_up), new ExploreOptions());
        for (var length = 0; length <= most; length++)
            Assert.Equal(Told(Of(new Counter(), Scope(s_up), new ExploreOptions { MostOperations = length })), Told(explorer.Explore(length)));
    });

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(9, true)]
    public void A_scope_that_counts_up_for_ever_is_whole_at_its_longest_sequences(int most, bool isComplete) => Ends.InTime(() =>
    {
        var explored = Of(new Counter(), Scope(s_up) with { MostOperations = 3 }, new ExploreOptions { MostOperations = most });
        Assert.Equal((Math.Min(most, 3) + 1, isComplete), (explored.States, explored.IsComplete));
    });

    [Theory]
    [InlineData(3, 4, false)]
    [InlineData(4, 5, false)]
    [InlineData(5, 5, true)]
    public void It_gives_up_after_the_most_states(int most, int states, bool isComplete) => Ends.InTime(() =>
    {
        var explored = Of(new Counter(), Scope(s_up), new ExploreOptions { MostStates = most });
        Assert.Equal((states, isComplete), (explored.States, explored.IsComplete));
    });

    [Fact]
    public void It_gives_up_when_the_time_is_up() => Ends.InTime(() =>
    {
        var asked = 0;
        var explored = Of(new Counter(), Scope(s_up), new ExploreOptions { TimeIsUp = () => ++asked == 3 });
        Assert.Equal((3, 2L, false), (explored.States, explored.Edges, explored.IsComplete));
        Assert.Equal(3, asked);
    });

    [Fact]
    public void A_machine_that_does_not_start_is_a_failure_whatever_is_looked_for() => Ends.InTime(() =>
    {
        foreach (var rule in (string?[])[null, "another.rule"])
        {
            var explored = Of(new Counter { IsBroken = true }, Scope(s_up), new ExploreOptions { Rule = rule });
            Assert.Equal(EngineRules.Crash, explored.Failure?.Violation?.Rule);
            Assert.Equal((0, 0, 0, false), Told(explored));
        }
    });

    [Fact]
    public void What_breaks_another_rule_is_a_dead_end() => Ends.InTime(() =>
    {
        var two = Operation.Tick(1);
        var scope = Scope(s_up, two) with { MostSeconds = 4 };
        // Two by ones is wrong; four is what is looked for, and twice two are four too.
        var rules = ImmutableArray.Create(
            Rule("wrong", static seen => seen.Operation.Kind == OperationKind.Oom && seen.After.PoisonedPages == 2),
            Rule("right", static seen => seen.Before.PoisonedPages == 3));

        Assert.Equal(["oom", "oom"], Ways(Of(new Counter { Adds = 2 }, scope, new ExploreOptions(), rules)));
        Assert.Equal(["oom", "tick seconds=1", "oom"], Ways(Of(new Counter { Adds = 2 }, scope, new ExploreOptions { Rule = "right" }, rules)));
        Assert.Null(Of(new Counter { Adds = 2 }, scope, new ExploreOptions { Rule = "neither" }, rules).Failure);
    });

    [Fact]
    public void A_failure_is_told_without_what_changed_nothing_where_it_shows_without_it() => Ends.InTime(() =>
    {
        var scope = Scope(s_still, Operation.Inflate(BalloonDriver.Virtio, 1), s_up);
        Assert.Equal(["oom", "oom"], Ways(Of(new Counter(), scope, new ExploreOptions(),
            [Rule("second", static seen => seen.Operation.Kind == OperationKind.Oom && seen.After.PoisonedPages == 2)])));
        // It takes what came before, though nobody sees why.
        Assert.Equal(["loan-target pages=1", "inflate pages=1", "oom"], Ways(Of(new Counter(), scope, new ExploreOptions(),
            [Rule("third", static seen => seen.Operation.Kind == OperationKind.Oom && seen.Index == 2)])));
    });

    [Fact]
    public void Time_that_passes_makes_another_state_and_is_limited() => Ends.InTime(() =>
    {
        var scope = Scope(Operation.Tick(1), Operation.Tick(2)) with { MostSeconds = 3 };
        var explored = Of(new Counter { Adds = 0 }, scope, new ExploreOptions());
        // After 0, 1, 2 and 3 seconds; at the end none, a second before it one can follow.
        Assert.Equal((4, 5, 2, true), Told(explored));
        Assert.Equal((1, 0, 0, true), Told(Of(new Counter { Adds = 0 }, scope with { MostSeconds = 0 }, new ExploreOptions())));
    });

    [Fact]
    public void Where_a_seeded_fault_came_to_bear_no_state_is_taken_for_another() => Ends.InTime(() =>
    {
        var scope = Scope(s_still, s_up) with { MostOperations = 3 };
        // Two states that are told apart, and of each what follows.
        Assert.Equal(4, Of(new Counter(), scope, new ExploreOptions()).States);
        // After a 'loan-target' every sequence is a state of its own, but for an 'oom' too many.
        var explored = Of(new SeededCounter(new Counter { Most = 1 }, OperationKind.LoanTarget), scope, new ExploreOptions());
        Assert.Equal((10, 12, 3, true), Told(explored));
    });

    private static (int States, long Edges, int Depth, bool IsComplete) Told(ExploreResult explored) =>
        (explored.States, explored.Edges, explored.Depth, explored.IsComplete);

    private static IEnumerable<string> Ways(ExploreResult explored) => explored.Failure!.Executed.Select(static o => o.ToString());

    private static Scope Scope(params ImmutableArray<Operation> alphabet) => new("counter", "", FakeMachine.Spec, alphabet);

    private static Invariant Rule(string id, Func<Transition, bool> isBroken) =>
        Runs.Rule(id, seen => !seen.IsStart && isBroken(seen) ? FakeSpecification.Break(id) : null);

    private static ExploreResult Of(IMachine machine, Scope scope, ExploreOptions options, ImmutableArray<Invariant> rules = default) =>
        new Explorer(RunnerOf(machine, rules), scope, options).Explore();

    private static Runner RunnerOf(IMachine machine, ImmutableArray<Invariant> rules = default) =>
        new(machine, new Suite(new FakeSpecification { IsForgetful = true }, rules.IsDefault ? [] : rules));

    // Shows how far it has counted; 'oom' counts one, 'tick' as many as it is told to.
    private sealed class Counter : IMachine
    {
        private readonly FakeMachine _machine = new();
        private int _count;

        internal int Most { get; init; } = 4;

        internal int Adds { get; init; } = 1;

        internal bool IsBroken { get; init; }

        public MachineIdentity Identity => _machine.Identity;

        public void Reset(MachineSpec spec)
        {
            if (IsBroken)
                throw new InvalidOperationException("boom");
            _machine.Reset(spec);
            _count = 0;
        }

        public void Execute(in Operation operation, in Target target, Outcome outcome)
        {
            if (operation.Kind == OperationKind.Oom)
                _count = Math.Min(_count + 1, Most);
            else if (operation.Kind == OperationKind.Tick)
                _count = Math.Min(_count + Adds, Most);
        }

        public void Observe(Observation observation)
        {
            _machine.Observe(observation);
            observation.PoisonedPages = _count;
        }

        public void Dispose() => _machine.Dispose();
    }

    private sealed class SeededCounter(Counter machine, OperationKind broken) : IMachine, ISeeded
    {
        public long TimesBroken { get; private set; }

        public MachineIdentity Identity => machine.Identity;

        public void Reset(MachineSpec spec) => machine.Reset(spec);

        public void Execute(in Operation operation, in Target target, Outcome outcome)
        {
            TimesBroken += operation.Kind == broken ? 1 : 0;
            machine.Execute(operation, target, outcome);
        }

        public void Observe(Observation observation) => machine.Observe(observation);

        public void Dispose() => machine.Dispose();
    }
}
