using Hotplug.Contract.Machines;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Strategies;
using Xunit;

namespace Hotplug.Tests.Schedules;

public class SchedulerTests
{
    [Fact]
    public void Operations_that_do_not_overlap_conform() => Ends.InTime(() =>
    {
        using var runner = Toys.Counting(Toys.Counter());

        var result = Assert.Single(Toys.All(runner, Toys.RaceOf([1, 1], [1]), new ReplaySchedules(Schedule.Usual)));

        Assert.Equal(Verdict.Conforms, result.Verdict);
        Assert.Equal(0, result.Run.Preemptions);
        Assert.Equal([(0, 1), (2, 3), (4, 5)], result.Calls.Select(static c => (c.Invoked, c.Returned)));
    });

    [Fact]
    public void A_lost_update_is_found_with_one_preemption() => Ends.InTime(() =>
    {
        using var runner = Toys.Counting(Toys.Counter());

        var results = Toys.All(runner, Toys.RaceOf([1], [1]), new ExhaustiveSchedules(3));

        Assert.Equal(1, results.First(static r => r.Verdict == Verdict.Violates).Run.Preemptions);
        Assert.All(results.Where(static r => r.Run.Preemptions == 0), static r => Assert.Null(r.Violation));
    });

    [Fact]
    public void Two_locks_in_opposite_orders_are_a_deadlock_that_tells_who_waits_for_whom() => Ends.InTime(() =>
    {
        using var runner = Toys.Of(Toys.Locks(), static _ => null);

        var result = Toys.All(runner, Toys.RaceOf([1], [2]), new ExhaustiveSchedules(1))
            .First(static r => r.Violation is not null);

        Assert.Equal(ScheduleRules.Deadlock, result.Violation!.Rule);
        Assert.Equal("cpu 0 holds zone and waits for cmm, which cpu 1 holds; "
            + "cpu 1 holds cmm and waits for zone, which cpu 0 holds", result.Violation.Observed);
        Assert.All(result.Calls, static c => Assert.Equal(-1, c.Returned));
    });

    [Fact]
    public void Locks_in_the_same_order_never_block_for_ever() => Ends.InTime(() =>
    {
        using var runner = Toys.Of(Toys.Locks(), static _ => null);

        Assert.All(Toys.All(runner, Toys.RaceOf([1, 1], [1], [1]), new ExhaustiveSchedules(2)),
            static r => Assert.Null(r.Violation));
    });

    [Fact]
    public void The_same_schedule_makes_the_same_run_and_threads_stay_usable_after_violations() => Ends.InTime(() =>
    {
        using var runner = Toys.Counting(Toys.Counter());
        var race = Toys.RaceOf([1, 1], [1], [1, 1]);
        foreach (var found in Toys.All(runner, race, new RandomSchedules(7, 50)))
        {
            var again = Assert.Single(Toys.All(runner, race, new ReplaySchedules(found.Run.Schedule)));
            Assert.Equal(found.Violation, again.Violation);
            Assert.Equal(found.Run.Schedule, again.Run.Schedule);
            Assert.Equal(found.Run.Steps, again.Run.Steps);
            Assert.Equal(found.Calls.Select(static c => (c.Cpu, c.Invoked, c.Returned)),
                again.Calls.Select(static c => (c.Cpu, c.Invoked, c.Returned)));
        }
    });

    [Fact]
    public void An_exception_in_an_operation_is_a_crash_and_unwinds_the_others() => Ends.InTime(() =>
    {
        var unwound = 0;
        using var runner = Toys.Of(new ToyMachine(new Dictionary<long, Action<ToyMachine, Outcome>>
        {
            [1] = (toy, _) =>
            {
                try
                {
                    toy.AddOne(0);
                }
                finally
                {
                    unwound++;
                }
            },
            [2] = static (_, _) => throw new InvalidOperationException("boom"),
        }), static _ => null);

        var result = Toys.All(runner, Toys.RaceOf([1], [2]), new ReplaySchedules(new Schedule([new Switch(1, 1)])))[0];

        Assert.Equal(EngineRules.Crash, result.Violation!.Rule);
        Assert.Contains("boom", result.Violation.Observed, StringComparison.Ordinal);
        Assert.Equal(1, unwound);
    });

    [Fact]
    public void Who_awaits_a_change_goes_on_after_a_step_of_another() => Ends.InTime(() =>
    {
        using var runner = Toys.Of(Awaiting(), static _ => null);

        var results = Toys.All(runner, Toys.RaceOf([1], [2]), new ExhaustiveSchedules(2));

        Assert.All(results, static r => Assert.Null(r.Violation));
        Assert.All(results, static r => Assert.True(r.Calls.Single(static c => c.Cpu == 0).Outcome.Answer.IsOk));
    });

    [Fact]
    public void Who_awaits_a_change_is_told_when_nobody_is_left_who_could_make_one() => Ends.InTime(() =>
    {
        using var runner = Toys.Of(Awaiting(), static _ => null);

        var results = Toys.All(runner, Toys.RaceOf([1], [1]), new ExhaustiveSchedules(1));

        Assert.All(results, static r => Assert.All(r.Calls, static c => Assert.Equal(Answer.Unfinished, c.Outcome.Answer)));
    });

    [Fact]
    public void Going_on_and_on_is_a_livelock() => Ends.InTime(() =>
    {
        using var runner = Toys.Of(new ToyMachine(new Dictionary<long, Action<ToyMachine, Outcome>>
        {
            [1] = static (toy, _) =>
            {
                while (toy.Scheduler is { } scheduler)
                    scheduler.At(SchedulePoint.OfflineAfterFailedTest, 0);
            },
        }), static _ => null);

        var result = Toys.All(runner, Toys.RaceOf([1], [1]), new RandomSchedules(1, 1))[0];

        Assert.Equal(ScheduleRules.Livelock, result.Violation!.Rule);
    });

    // Program 1 waits until number 0 is no longer 0; program 2 changes it in its second step.
    private static ToyMachine Awaiting() => new(new Dictionary<long, Action<ToyMachine, Outcome>>
    {
        [1] = static (toy, outcome) =>
        {
            while (toy.Numbers[0] == 0)
                if (toy.Scheduler?.AwaitChange(SchedulePoint.OfflineAfterFailedTest, 0) != true)
                {
                    outcome.Answer = Answer.Unfinished;
                    return;
                }
        },
        [2] = static (toy, _) => toy.AddOne(0),
    });
}
