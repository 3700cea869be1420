using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Strategies;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Schedules;

public class StrategyTests
{
    [Fact]
    public void Exhaustive_runs_every_order_of_steps_once() => Ends.InTime(() =>
    {
        using var runner = Toys.Of(Toys.Counter(), static _ => null);

        // Each CPU takes two steps: 4! / (2! 2!) orders.
        var strategy = new ExhaustiveSchedules(10, reduces: false);
        var results = Toys.All(runner, Toys.RaceOf([1], [1]), strategy);

        Assert.Equal(6, results.Count);
        Assert.Equal(6, results.Select(static r => r.Run.Schedule).Distinct().Count());
        Assert.True(strategy.IsComplete);
    });

    [Fact]
    public void Fewer_preemptions_come_first() => Ends.InTime(() =>
    {
        using var runner = Toys.Of(Toys.Counter(), static _ => null);

        var counts = Toys.All(runner, Toys.RaceOf([1, 1], [1, 1]), new ExhaustiveSchedules(3, reduces: false))
            .Select(static r => r.Run.Preemptions).ToList();

        Assert.Equal(counts.Order(), counts);
        Assert.Equal(3, counts[^1]);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(int.MaxValue)]
    public void Reduction_leaves_every_final_state_reachable(int preemptions) => Ends.InTime(() =>
    {
        var random = new SplitMix(2026);
        var (all, fewer) = (0, 0);
        for (var i = 0; i < 16; i++)
        {
            var programs = Programs.Draw(ref random);
            var race = i % 2 == 0 ? Toys.RaceOf([1, 2], [3]) : Toys.RaceOf([1], [2], [4]);
            var whole = States(programs, race, new ExhaustiveSchedules(preemptions, reduces: false), out var without);
            var reduced = States(programs, race, new ExhaustiveSchedules(preemptions), out var with);
            Assert.Equal(whole, reduced);
            (all, fewer) = (all + without, fewer + with);
        }

        Assert.True(fewer < all, $"{fewer} schedules with the reduction, {all} without");
    });

    [Fact]
    public void Random_and_pct_depend_on_their_seed_alone() => Ends.InTime(() =>
    {
        using var runner = Toys.Of(Toys.Counter(), static _ => null);
        var race = Toys.RaceOf([1, 1], [1], [1, 1]);

        Assert.Equal(Of(new RandomSchedules(3, 20)), Of(new RandomSchedules(3, 20)));
        Assert.NotEqual(Of(new RandomSchedules(3, 20)), Of(new RandomSchedules(4, 20)));
        Assert.Equal(Of(new PctSchedules(3, 20, 3)), Of(new PctSchedules(3, 20, 3)));
        Assert.NotEqual(Of(new PctSchedules(3, 20, 3)), Of(new PctSchedules(4, 20, 3)));

        List<Schedule> Of(ISchedules schedules) => [.. Toys.All(runner, race, schedules).Select(static r => r.Run.Schedule)];
    });

    [Fact]
    public void Pct_finds_a_lost_update_as_often_as_it_promises() => Ends.InTime(() =>
    {
        using var runner = Toys.Counting(Toys.Counter());

        var found = Toys.All(runner, Toys.RaceOf([1], [1]), new PctSchedules(1, 400, 2))
            .Count(static r => r.Verdict == Verdict.Violates);

        // 1 / (n k^(d-1)) with two CPUs and what it takes for k before it knows better.
        Assert.True(found > 400 / (2 * 16), $"{found} of 400");
    });

    [Fact]
    public void Pct_without_a_change_runs_one_CPU_after_the_other_in_every_order_alike() => Ends.InTime(() =>
    {
        var orders = Pct(600, depth: 1, points: 3).GroupBy(static r => string.Join(' ', r.Cpus.Distinct())).ToDictionary(static g => g.Key, static g => g.Count());
        Assert.Equal(6, orders.Count);
        Assert.All(orders.Values, static n => Assert.InRange(n, 60, 140));
        Assert.All(Pct(50, depth: 1, points: 3), static r => Assert.Empty(r.Preempted));
    });

    [Theory]
    [InlineData(2, 2)]
    [InlineData(2, 12)]
    [InlineData(3, 12)]
    public void Who_runs_when_a_change_is_due_goes_on_when_nobody_else_can(int depth, int points) => Ends.InTime(() =>
    {
        var runs = Pct(2_000, depth, points);
        Assert.All(runs, r =>
        {
            Assert.InRange(r.Preempted.Length, 0, depth - 1);
            foreach (var step in depth == 2 ? r.Preempted : [])
            {
                var (interrupted, after) = (r.Cpus[step - 1], r.Cpus[step..]);
                Assert.Equal(after.Count(c => c != interrupted), Array.IndexOf(after, interrupted));
            }
        });
        // Of the steps that there are each can be the one: of those at least at which a CPU is in its midst.
        var steps = 3 * (points + 1);
        var inside = Enumerable.Range(1, steps - 1).Where(s => s % (points + 1) != 0 && s < steps - points);
        Assert.Empty(inside.Except(runs.SelectMany(static r => r.Preempted)));
    });

    // Who took each step, and at which somebody was interrupted: three CPUs that pass so many points each.
    private static List<(int[] Cpus, int[] Preempted)> Pct(int schedules, int depth, int points)
    {
        using var scheduler = new Scheduler();
        var strategy = new PctSchedules(5, schedules, depth);
        var runs = new List<(int[], int[])>();
        while (strategy.TryBegin())
        {
            var watch = new Takers();
            var run = scheduler.Run(new ScheduledWork(3, _ =>
            {
                for (var i = 0; i < points; i++)
                    scheduler.At(SchedulePoint.OfflineAfterDrain, i);
            }, watch), strategy, 1_000);
            runs.Add(([.. watch.Cpus], [.. run.Preempted]));
        }

        return runs;
    }

    private sealed class Takers : IStepWatch
    {
        internal List<int> Cpus { get; } = [];

        public Violation? After(int step, int cpu, Position from, Position to)
        {
            Cpus.Add(cpu);
            return null;
        }
    }

    private static SortedSet<string> States(Programs programs, Race race, ExhaustiveSchedules schedules, out int count)
    {
        using var scheduler = new Scheduler(programs.FootprintOf);
        var states = new SortedSet<string>(StringComparer.Ordinal);
        var toy = programs.Machine();
        count = 0;
        while (schedules.TryBegin())
        {
            toy.Reset(FakeMachine.Spec);
            toy.Scheduler = scheduler;
            var run = scheduler.Run(new ScheduledWork(race.Cpus.Length, cpu =>
            {
                for (var i = 0; i < race.Cpus[cpu].Length; i++)
                {
                    if (i > 0)
                        scheduler.At(SchedulePoint.Begin, -1);
                    toy.Execute(race.Cpus[cpu][i], default, new Outcome());
                }
            }, Unwatched.Instance), schedules, 1_000);
            count++;
            if (!run.IsGivenUp)
                states.Add($"{string.Join(' ', toy.Numbers)} {run.Violation?.Rule}");
        }

        return states;
    }
}
