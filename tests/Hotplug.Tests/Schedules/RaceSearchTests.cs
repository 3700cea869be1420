using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Search;
using Hotplug.Engine.Schedules.Strategies;
using Xunit;

namespace Hotplug.Tests.Schedules;

/// <summary>What a search counts, which failure it keeps, and how a seeded fault is looked for in race after race.</summary>
public sealed class RaceSearchTests
{
    private const long Breaks = 1, Fails = 2, Nothing = 3;

    private static readonly string[] s_other = ["another.rule"];

    [Fact]
    public void What_the_strategy_gives_up_is_counted_apart() => Ends.InTime(() =>
    {
        using var runner = Toys.Of(Toys.Counter(), static _ => null);
        var found = RaceSearch.Run(runner, Toys.RaceOf([1], [1]), new GivesUp(5), new SearchLimits(100));
        Assert.Equal((5L, 5L, true, Verdict.Conforms), (found.Schedules, found.GivenUp, found.IsWhole, found.Verdict));
        found = RaceSearch.Run(runner, Toys.RaceOf([1], [1]), new RandomSchedules(1, 5), new SearchLimits(100));
        Assert.Equal((5L, 0L), (found.Schedules, found.GivenUp));
    });

    [Fact]
    public void Of_what_cannot_be_decided_the_first_is_kept_until_a_rule_is_broken() => Ends.InTime(() =>
    {
        var judged = 0;
        using var runner = Toys.Of(Toys.Counter(), _ => ++judged % 5 == 0
            ? new Violation("broken", "", "", "", new("toy", "toy", "toy")) : throw new InvalidOperationException($"no {judged}"));

        var found = RaceSearch.Run(runner, Toys.RaceOf([1], [1]), new RandomSchedules(1, 3), new SearchLimits(100));
        Assert.Equal((3L, Verdict.Inconclusive), (found.Schedules, found.Verdict));
        Assert.Contains("no 1", found.Failure!.Violation!.Observed, StringComparison.Ordinal);
        found = RaceSearch.Run(runner, Toys.RaceOf([1], [1]), new RandomSchedules(1, 9), new SearchLimits(100));
        Assert.Equal((2L, "broken"), (found.Schedules, found.Failure?.Violation?.Rule));
    });

    [Fact]
    public void A_fault_is_looked_for_in_one_race_after_the_other_a_few_schedules_each() => Ends.InTime(() =>
    {
        using var runner = Seeded();
        // The same again on a runner that has run before.
        for (var time = 0; time < 2; time++)
        {
            var finding = RaceFaultTrial.Run(runner, new Kinds(Nothing, Nothing, Nothing, Breaks), default, 1, 1_000, shrinks: true);
            Assert.Equal(("kind 3", 37L), (finding.Family, finding.Schedules));
            Assert.True(finding.Found!.Result.IsSeeded);
            Assert.Equal(2, finding.Minimal!.Race.Operations);
            Assert.Null(RaceFaultTrial.Run(runner, new Kinds(Breaks), default, 1, 1_000, shrinks: false).Minimal);
        }
    });

    [Fact]
    public void What_fails_though_the_fault_did_not_come_to_bear_or_by_another_rule_does_not_count() => Ends.InTime(() =>
    {
        using var runner = Seeded();
        foreach (var (kind, rules) in ((long, string[]?)[])[(Fails, null), (Nothing, null), (Breaks, s_other)])
        {
            var finding = RaceFaultTrial.Run(runner, new Kinds(kind), rules is null ? default : [.. rules], 1, 100, shrinks: true);
            Assert.Equal((null, "", 100L, null), (finding.Found, finding.Family, finding.Schedules, finding.Minimal));
        }
    });

    [Fact]
    public void Where_nothing_is_prepared_nothing_is_run_and_no_schedule_is_left_over() => Ends.InTime(() =>
    {
        var toy = Toys.Counter();
        using var runner = Toys.Of(toy, static _ => null);
        _ = Toys.All(runner, Toys.RaceOf([1], [1]), new RandomSchedules(1, 1));
        using var scheduler = new Scheduler();
        toy.Scheduler = scheduler;
        // The program is not there: the prefix crashes.
        Assert.False(runner.TryPrepare(Toys.RaceOf([1]) with { Prefix = [Operation.Tick(9)] }));
        Assert.Null(toy.Scheduler);
        Assert.Throws<InvalidOperationException>(() => runner.RunNext(new RandomSchedules(1, 1)));
    });

    private static RaceRunner Seeded()
    {
        var toy = new ToyMachine(new Dictionary<long, Action<ToyMachine, Outcome>>
        {
            [Breaks] = static (toy, _) => toy.Numbers[1] = ++toy.TimesBroken,
            [Fails] = static (toy, _) => toy.Numbers[1] = 1,
            [Nothing] = static (_, _) => { },
        });
        return Toys.Of(toy, _ => toy.Numbers[1] == 0 ? null : new Violation("broken", "", "", "", new("toy", "toy", "toy")));
    }

    // One kind after the other, again and again.
    private sealed class Kinds(params long[] programs) : IRaces
    {
        public NamedRace Draw(ulong seed, long index, Levels levels) =>
            new($"kind {index % programs.Length}", Toys.RaceOf([programs[index % programs.Length]], [Nothing]));
    }

    private sealed class GivesUp(int schedules) : ISchedules
    {
        private int _begun;

        public bool TryBegin() => _begun++ < schedules;

        public int Choose(in Choice choice) => choice.Step == 1 ? -1 : choice.Usual;

        public void End(Footprint done)
        {
            // Nothing is learnt.
        }
    }
}
