using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Strategies;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Schedules;

/// <summary>What is told of single steps: where they begin and end, what they touched, and what of them is refused.</summary>
public sealed class SchedulerStepsTests
{
    private const SchedulePoint A = SchedulePoint.OfflineAfterDisable, B = SchedulePoint.OfflineAfterDrain,
        C = SchedulePoint.OfflineAfterIsolation, D = SchedulePoint.OfflineAfterFailedTest;

    private static readonly LockId s_zone = new(LockName.Zone);

    [Fact]
    public void A_strategy_is_told_what_every_step_touched() => Ends.InTime(() =>
    {
        using var scheduler = new Scheduler(static point => new Footprint((SharedThings)(1 << (int)point % 16), SharedThings.None, 0));
        string F(SchedulePoint point, bool locks = false) => $"{1 << (int)point % 16}{(locks ? " zone" : "")}";

        // The second run begins like the first.
        for (var run = 0; run < 2; run++)
        {
            var chosen = new Chosen(0, 0, 1, 0, 0, 1, 0);
            var result = scheduler.Run(new ScheduledWork(2, cpu => Walk(scheduler, cpu), Unwatched.Instance), chosen, 100);
            Assert.Equal((7, 0, false), (result.Steps, result.Violation is null ? 0 : 1, result.IsGivenUp));
            Assert.Equal(
            [
                "0", F(SchedulePoint.Begin), F(A, locks: true), F(SchedulePoint.Begin), F(A, locks: true), F(B, locks: true), F(D), "anything",
            ], chosen.Told);
        }
    });

    [Fact]
    public void A_watch_is_told_where_every_step_began_and_ended() => Ends.InTime(() =>
    {
        using var scheduler = new Scheduler();
        var watch = new Watch();
        scheduler.Run(new ScheduledWork(2, cpu => Walk(scheduler, cpu), watch), new Chosen(0, 0, 1, 0, 0, 1, 0), 100);
        Assert.Equal(
        [
            $"0 cpu 0: AtPoint 0 Begin -1 -> AtPoint 0 {A} 5",
            $"1 cpu 0: AtPoint 0 {A} 5 -> BeforeLock 0 {A} 5",
            $"2 cpu 1: AtPoint 0 Begin -1 -> AtPoint 0 {D} 7",
            $"3 cpu 0: BeforeLock 0 {A} 5 -> AtPoint 0 {B} 6",
            $"4 cpu 0: AtPoint 0 {B} 6 -> Awaiting 0 {C} 9",
            $"5 cpu 1: AtPoint 0 {D} 7 -> Done 0 {D} 7",
            $"6 cpu 0: Awaiting 0 {C} 9 -> Done 0 {C} 9",
        ], watch.Told);
    });

    [Fact]
    public void Operations_of_a_CPU_are_numbered() => Ends.InTime(() =>
    {
        using var runner = Toys.Of(Toys.Counter(), static _ => null);
        var watch = new Watch();
        runner.Watch = watch;
        Assert.Single(Toys.All(runner, Toys.RaceOf([1, 1], [1]), new ReplaySchedules(Schedule.Usual)));
        const SchedulePoint Inside = SchedulePoint.PutBeforeLastReference;
        Assert.Equal(
        [
            $"0 cpu 0: AtPoint 0 Begin -1 -> AtPoint 0 {Inside} 0",
            $"1 cpu 0: AtPoint 0 {Inside} 0 -> AtPoint 1 Begin -1",
            $"2 cpu 0: AtPoint 1 Begin -1 -> AtPoint 1 {Inside} 0",
            $"3 cpu 0: AtPoint 1 {Inside} 0 -> Done 1 {Inside} 0",
            $"4 cpu 1: AtPoint 0 Begin -1 -> AtPoint 0 {Inside} 0",
            $"5 cpu 1: AtPoint 0 {Inside} 0 -> Done 0 {Inside} 0",
        ], watch.Told);
    });

    [Theory]
    [InlineData(2, null)]
    [InlineData(1, ScheduleRules.Livelock)]
    public void So_many_steps_are_not_too_many(int most, string? rule) => Ends.InTime(() =>
    {
        using var runner = new RaceRunner(Toys.Counter(), new Suite(new FakeSpecification(), []), new Anything(), most);
        Assert.Equal(rule, Assert.Single(Toys.All(runner, Toys.RaceOf([1]), new ReplaySchedules(Schedule.Usual))).Violation?.Rule);
    });

    [Fact]
    public void Eight_CPUs_there_are_and_no_nine() => Ends.InTime(() =>
    {
        using var scheduler = new Scheduler();
        Assert.Equal(8, scheduler.Run(new ScheduledWork(8, static _ => { }, Unwatched.Instance), new RandomSchedules(1, 1), 100).Steps);
        Assert.Throws<ArgumentException>(() => scheduler.Run(new ScheduledWork(9, static _ => { }, Unwatched.Instance), new RandomSchedules(1, 1), 100));
    });

    [Fact]
    public void What_cannot_be_is_told_and_nobody_is_left_behind() => Ends.InTime(() =>
    {
        using var scheduler = new Scheduler();
        Assert.Contains("zone is given back, and nobody holds it", Of(static (s, _) => s.Release(s_zone)), StringComparison.Ordinal);
        Assert.Contains("cpu 5 was chosen, and cannot take a step", Of(static (s, cpu) => s.At(A, cpu), new Chosen(0, 5)), StringComparison.Ordinal);
        // At the end of a CPU too, where nothing of the machine is under way any more.
        Assert.Contains("cpu 5 was chosen, and cannot take a step", Of(static (_, _) => { }, new Chosen(0, 5)), StringComparison.Ordinal);
        Assert.Null(Of(static (s, cpu) => s.At(A, cpu)));

        string? Of(Action<Scheduler, int> body, ISchedules? schedules = null) => scheduler.Run(
            new ScheduledWork(2, cpu => body(scheduler, cpu), Unwatched.Instance), schedules ?? new Chosen(0, 1), 100).Violation?.Observed;
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_machine_that_throws_where_it_is_asked_what_holds_always_crashes_and_no_more(int step) => Ends.InTime(() =>
    {
        var steps = 0;
        var toy = new ToyMachine(new Dictionary<long, Action<ToyMachine, Outcome>> { [1] = static (toy, _) => toy.AddOne(0) })
        {
            Always = _ => ++steps == step ? throw new InvalidOperationException("boom") : null,
        };
        using var runner = Toys.Of(toy, static _ => null);

        var result = Assert.Single(Toys.All(runner, Toys.RaceOf([1], [1]), new ReplaySchedules(Schedule.Usual)));

        Assert.Equal((Verdict.Violates, EngineRules.Crash), (result.Verdict, result.Violation!.Rule));
        Assert.Equal([Verdict.Conforms], Toys.All(runner, Toys.RaceOf([1], [1]), new ReplaySchedules(Schedule.Usual)).Select(static r => r.Verdict));
    });

    [Fact]
    public void What_a_watch_finds_ends_the_race_before_the_machine_is_asked() => Ends.InTime(() =>
    {
        var asked = 0;
        var toy = new ToyMachine(new Dictionary<long, Action<ToyMachine, Outcome>> { [1] = static (toy, _) => toy.AddOne(0) })
        {
            Always = _ => asked++ < 0 ? FakeSpecification.Break("asked") : null,
        };
        using var runner = Toys.Of(toy, static _ => null);
        runner.Watch = new Watch { Breaks = 0 };

        var result = Assert.Single(Toys.All(runner, Toys.RaceOf([1], [1]), new ReplaySchedules(Schedule.Usual)));

        Assert.Equal(("watched", 0), (result.Violation?.Rule, asked));
        // What it did until then is told though it did not return.
        Assert.All(result.Calls, static c => Assert.NotNull(c.Outcome));
        Assert.Null(toy.Scheduler);
    });

    [Fact]
    public void A_machine_that_throws_where_it_is_looked_at_crashes_and_starts_afresh() => Ends.InTime(() =>
    {
        var looks = 0;
        var toy = new ToyMachine(new Dictionary<long, Action<ToyMachine, Outcome>> { [1] = static (toy, _) => toy.AddOne(0) })
        {
            // Once for the prefix, and after every schedule.
            AtObserve = () => looks = looks == 2 ? throw new InvalidOperationException("boom") : looks + 1,
        };
        using var runner = Toys.Of(toy, static _ => null);

        var results = Toys.All(runner, Toys.RaceOf([1], [1]), new RandomSchedules(1, 3));

        Assert.Equal([null, EngineRules.Crash, EngineRules.Crash], results.Select(static r => r.Violation?.Rule));
        Assert.Equal(2, toy.Resets);
        Assert.Throws<InvalidOperationException>(() => Toys.Of(Toys.Counter(), static _ => null).RunNext(new RandomSchedules(1, 1)));
    });

    [Fact]
    public void What_an_operation_moved_is_where_others_find_it_before_it_returns() => Ends.InTime(() =>
    {
        using var runner = Toys.Of(new ToyMachine(new Dictionary<long, Action<ToyMachine, Outcome>>
        {
            [1] = static (toy, outcome) =>
            {
                outcome.Add(new Witness(WitnessRole.Migrated, new PageRange(40, 1), 0));
                toy.Scheduler?.At(A, 0);
            },
        }), static _ => null);
        var get = Operation.Get(Name.Allocation(1).WithPage(0));
        var race = new Race(FakeMachine.Spec, [Operation.Alloc(Name.Allocation(1), 1)], [[Operation.Tick(1)], [get]]);

        var result = Assert.Single(Toys.All(runner, race, new ReplaySchedules(new Schedule([new Switch(1, 1)]))));

        Assert.Equal(40, result.Calls.Single(static c => c.Cpu == 1).Target.Range.Start);
    });

    [Fact]
    public void Two_that_await_each_other_are_told_after_as_many_tries_each_time() => Ends.InTime(() =>
    {
        var tries = new List<int>();
        using var runner = Toys.Of(new ToyMachine(new Dictionary<long, Action<ToyMachine, Outcome>>
        {
            [1] = (toy, _) =>
            {
                var own = 0;
                do
                    own++;
                while (toy.Scheduler!.AwaitChange(D, 0));
                tries.Add(own);
            },
        }), static _ => null);

        var told = new List<string>();
        foreach (var cpus in (long[][][])[[[1], [1]], [[1, 1], [1]], [[1], [1], [1]]])
        {
            tries.Clear();
            Assert.Null(Assert.Single(Toys.All(runner, Toys.RaceOf([.. cpus.Select(static c => c.ToImmutableArray())]), new ReplaySchedules(Schedule.Usual))).Violation);
            told.Add(string.Join(' ', tries));
        }

        // Those that only try again wake each other three times in a row; a third is a change once, when it ends.
        Assert.Equal(["4 5", "4 5 1", "1 8 9"], told);
    });

    [Fact]
    public void Every_step_of_one_who_does_not_try_again_is_a_change() => Ends.InTime(() =>
    {
        const int Steps = 9;
        var woken = 0;
        using var scheduler = new Scheduler();
        var run = scheduler.Run(new ScheduledWork(2, cpu =>
        {
            while (cpu == 0 && scheduler.AwaitChange(D, 0))
                woken++;
            for (var i = 1; cpu == 1 && i < Steps; i++)
                scheduler.At(A, 0);
        }, Unwatched.Instance), new Chosen([.. Enumerable.Range(0, 2 * Steps).Select(static i => i % 2)]), 100);

        Assert.Null(run.Violation);
        Assert.Equal(Steps, woken);
    });

    [Fact]
    public void Threads_and_machine_end_with_the_runner() => Ends.InTime(() =>
    {
        var threads = new List<Thread>();
        var toy = new ToyMachine(new Dictionary<long, Action<ToyMachine, Outcome>> { [1] = (_, _) => threads.Add(Thread.CurrentThread) });
        var runner = Toys.Of(toy, static _ => null);
        _ = Toys.All(runner, Toys.RaceOf([1], [1]), new RandomSchedules(1, 1));
        Assert.Equal(2, threads.Count);

        runner.Dispose();

        Assert.True(toy.IsDisposed);
        Assert.All(threads, static t => Assert.True(t.Join(TimeSpan.FromSeconds(30))));
    });

    // CPU 0 takes a lock and awaits a change, CPU 1 makes one.
    private static void Walk(Scheduler scheduler, int cpu)
    {
        if (cpu == 1)
        {
            scheduler.At(D, 7);
            return;
        }

        scheduler.At(A, 5);
        scheduler.Acquire(s_zone);
        scheduler.At(B, 6);
        scheduler.Release(s_zone);
        Assert.True(scheduler.AwaitChange(C, 9));
    }

    // These CPUs, one after the other.
    private sealed class Chosen(params int[] cpus) : ISchedules
    {
        internal List<string> Told { get; } = [];

        public bool TryBegin() => true;

        public int Choose(in Choice choice)
        {
            Told.Add(Tell(choice.Done));
            return choice.Step < cpus.Length ? cpus[choice.Step] : choice.Usual;
        }

        public void End(Footprint done) => Told.Add(Tell(done));

        private static string Tell(Footprint done) => done == Footprint.Anything ? "anything" : $"{(int)done.Reads}{(done.Locks == 0 ? "" : " zone")}";
    }

    private sealed class Watch : IStepWatch
    {
        internal int Breaks { get; init; } = -1;

        internal List<string> Told { get; } = [];

        public Violation? After(int step, int cpu, Position from, Position to)
        {
            Told.Add($"{step} cpu {cpu}: {Tell(from)} -> {Tell(to)}");
            return step == Breaks ? FakeSpecification.Break("watched") : null;
        }

        private static string Tell(Position at) => $"{at.Standing} {at.Operation} {at.Point} {at.Page}";
    }

    private sealed class Anything : IRaceJudge
    {
        public void Begin(MachineSpec spec, Levels levels, object sequentialState, Observation atRest)
        {
            // Whatever the answers are.
        }

        public RaceOpinion Judge(ImmutableArray<RaceCall> calls, Observation atRest) => RaceOpinion.Permitted;
    }
}
