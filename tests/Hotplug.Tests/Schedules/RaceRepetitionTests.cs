using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Search;
using Hotplug.Engine.Schedules.Strategies;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Schedules;

/// <summary>A runner of races is used for one race after the other: nothing of the one is left in the next.</summary>
public sealed class RaceRepetitionTests
{
    [Fact]
    public void A_name_belongs_to_the_cpu_that_creates_it_in_this_race() => Ends.InTime(() =>
    {
        using var runner = Toys.Of(Toys.Counter(), static _ => null);
        var alloc = Operation.Alloc(Name.Allocation(1), 2);
        var get = Operation.Get(Name.Allocation(1).WithPage(0));

        Assert.Equal(["ok", "unbound"], Answers(runner, [alloc], [get]));
        Assert.Equal(["unbound", "ok"], Answers(runner, [get], [alloc]));
        Assert.Equal(["ok", "ok"], Answers(runner, [alloc, get]));
        // Every operation begins with nothing chosen, and answers for itself.
        var other = Name.Allocation(2);
        Assert.Equal(["ok", "ok", "ok", "ok", "unbound"], Answers(runner,
            [alloc, Operation.Alloc(other, 2), Operation.Get(other.WithPage(1)), Operation.Free(Name.Allocation(1)), get]));
        // Of a place that another CPU makes nothing is known either.
        Assert.Equal(["ok", "unbound"], Answers(runner,
            [Runs.AddBlocks(1, 1)], [Operation.Add(Name.Device(2), 8, at: Runs.Block(1, 0))]));
        // What the prefix made is everybody's.
        Assert.Equal(["ok", "ok"], Answers(runner, new Race(FakeMachine.Spec, [alloc], [[get], [get]])));
        Assert.Equal(["unbound", "ok"], Answers(runner, new Race(FakeMachine.Spec, [alloc], [[alloc], [get]])));
        var offline = Operation.Offline(Runs.Block(1, 0));
        Assert.Equal(["unbound", "EINVAL"], Answers(runner, new Race(FakeMachine.Spec, [Runs.AddBlocks(1, 1)], [[Runs.AddBlocks(1, 1)], [offline]])));
    });

    [Fact]
    public void After_a_schedule_that_was_cut_short_the_machine_starts_afresh() => Ends.InTime(() =>
    {
        var toy = new ToyMachine(new Dictionary<long, Action<ToyMachine, Outcome>>
        {
            [1] = static (_, _) => throw new InvalidOperationException("boom"),
            [2] = static (toy, _) => toy.AddOne(0),
        });
        using var runner = Toys.Of(toy, static _ => null);

        _ = Toys.All(runner, Toys.RaceOf([2], [2]), new RandomSchedules(1, 3));
        Assert.Equal(1, toy.Resets);
        _ = Toys.All(runner, Toys.RaceOf([1], [2]), new RandomSchedules(1, 3));
        // Once for the prefix; before the second and the third schedule.
        Assert.Equal(4, toy.Resets);
        _ = Toys.All(runner, Toys.RaceOf([2], [2]), new RandomSchedules(1, 3));
        Assert.Equal(5, toy.Resets);
    });

    [Fact]
    public void Schedules_and_steps_are_counted() => Ends.InTime(() =>
    {
        using var runner = Toys.Of(Toys.Counter(), static _ => null);
        var race = Toys.RaceOf([1], [1, 1]);

        var results = Toys.All(runner, race, new RandomSchedules(1, 7));
        Assert.Equal((7, results.Sum(static r => r.Run.Steps)), (runner.Schedules, runner.Steps));
        // Two steps of each: one up to the point inside, one from there.
        Assert.All(results, static r => Assert.Equal(6, r.Run.Steps));

        var found = RaceSearch.Run(runner, race, new RandomSchedules(1, 100), new SearchLimits(9));
        Assert.Equal((9L, 54L, 0L, false), (found.Schedules, found.Steps, found.GivenUp, found.IsWhole));
        found = RaceSearch.Run(runner, race, new RandomSchedules(1, 5), new SearchLimits(9));
        Assert.Equal((5L, 30L, true), (found.Schedules, found.Steps, found.IsWhole));
        found = RaceSearch.Run(runner, race, new ExhaustiveSchedules(9), new SearchLimits(10_000));
        Assert.True(found.IsWhole);
    });

    [Fact]
    public void A_search_ends_when_its_time_is_up_and_at_the_first_failure_that_counts() => Ends.InTime(() =>
    {
        using var runner = Toys.Counting(Toys.Counter());
        var race = Toys.RaceOf([1], [1]);
        var asked = 0;

        Assert.Equal(4, RaceSearch.Run(runner, Toys.RaceOf([1], []), new RandomSchedules(1, 100), new SearchLimits(100, () => asked++ == 4)).Schedules);
        var found = RaceSearch.Run(runner, race, new RandomSchedules(1, 100), new SearchLimits(100));
        Assert.Equal(Verdict.Violates, found.Verdict);
        Assert.True(found.Schedules < 100);
        found = RaceSearch.Run(runner, race, new RandomSchedules(1, 100), new SearchLimits(100, null, ["another.rule"]));
        Assert.Equal((Verdict.Conforms, 100L), (found.Verdict, found.Schedules));
        found = RaceSearch.Run(runner, race, new RandomSchedules(1, 100), new SearchLimits(100, null, [Toys.LostUpdate]));
        Assert.Equal(Verdict.Violates, found.Verdict);
        // The toy breaks nothing on purpose.
        found = RaceSearch.Run(runner, race, new RandomSchedules(1, 100), new SearchLimits(100, Seeded: true));
        Assert.Equal(Verdict.Conforms, found.Verdict);
    });

    [Fact]
    public void What_is_seen_at_rest_is_judged_by_what_holds_at_any_rest() => Ends.InTime(() =>
    {
        var race = new Race(FakeMachine.Spec, [], [[Operation.Offline(Name.Boot.WithBlock(0))], [Operation.Tick(1)]]);

        Assert.Equal("kept", Found(Boot("kept")));
        Assert.Null(Found(Boot("start") with { OnlyAtStart = true }));
        Assert.Null(Found(Boot("elsewhere") with { Level = Levels.Cmm }));
        Assert.Null(Found(Boot("ticks") with { When = Occasion.Of(OperationKind.Tick) }));
        Assert.Equal("second", Found(Runs.Rule("first", static _ => null), Boot("second"), Boot("third")));

        string? Found(params ImmutableArray<Invariant> rules)
        {
            using var runner = new RaceRunner(Toys.Counter(), new Suite(new FakeSpecification(), rules), new Anything());
            return Assert.Single(Toys.All(runner, race, new ReplaySchedules(Schedule.Usual))).Violation?.Rule;
        }

        static Invariant Boot(string id) =>
            Runs.Rule(id, seen => seen.After.Find(0)!.IsOnline ? null : FakeSpecification.Break(id));
    });

    [Fact]
    public void Two_that_await_each_other_try_a_few_times_and_are_told_that_nothing_changes() => Ends.InTime(() =>
    {
        var tries = new int[2];
        using var runner = Toys.Of(new ToyMachine(new Dictionary<long, Action<ToyMachine, Outcome>>
        {
            [1] = (toy, _) => Try(toy, 0),
            [2] = (toy, _) => Try(toy, 1),
        }), static _ => null);

        for (var seed = 0UL; seed < 20; seed++)
        {
            Assert.Null(Assert.Single(Toys.All(runner, Toys.RaceOf([1], [2]), new RandomSchedules(seed, 1))).Violation);
            Assert.All(tries, static n => Assert.InRange(n, 1, 5));
            tries.AsSpan().Clear();
        }

        void Try(ToyMachine toy, int number)
        {
            do
                tries[number]++;
            while (toy.Scheduler!.AwaitChange(SchedulePoint.OfflineAfterFailedTest, 0));
        }
    });

    private static IEnumerable<string> Answers(RaceRunner runner, params ImmutableArray<ImmutableArray<Operation>> cpus) =>
        Answers(runner, new Race(FakeMachine.Spec, [], cpus));

    private static IEnumerable<string> Answers(RaceRunner runner, Race race) =>
        Assert.Single(Toys.All(runner, race, new ReplaySchedules(Schedule.Usual))).Calls.Select(static c => c.Outcome.Answer.ToString());

    private sealed class Anything : IRaceJudge
    {
        public void Begin(MachineSpec spec, Levels levels, object sequentialState, Observation atRest)
        {
            // Whatever the answers are.
        }

        public RaceOpinion Judge(ImmutableArray<RaceCall> calls, Observation atRest) => RaceOpinion.Permitted;
    }
}
