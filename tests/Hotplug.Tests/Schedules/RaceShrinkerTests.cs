using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Pictures;
using Hotplug.Engine.Schedules.Search;
using Hotplug.Engine.Schedules.Strategies;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Schedules;

public class RaceShrinkerTests
{
    [Fact]
    public void A_lost_update_shrinks_to_two_operations_and_one_preemption() => Ends.InTime(() =>
    {
        using var runner = Toys.Counting(Toys.Counter());

        var minimal = Shrunk(runner, Toys.RaceOf([1, 1, 1], [1, 1], [1]));

        Assert.Equal(2, minimal.Race.Operations);
        Assert.Equal(2, minimal.Race.Cpus.Length);
        Assert.Equal(1, minimal.Result.Run.Preemptions);
        Assert.Equal(6, minimal.Original);
    });

    [Fact]
    public void What_is_shrunk_fails_every_time_it_is_replayed() => Ends.InTime(() =>
    {
        using var runner = Toys.Counting(Toys.Counter());
        var minimal = Shrunk(runner, Toys.RaceOf([1, 1], [1, 1]));

        for (var i = 0; i < 50; i++)
        {
            Assert.True(RaceToken.TryParse(minimal.Token, out var race, out var schedule, out _));
            var again = Assert.Single(Toys.All(runner, race, new ReplaySchedules(schedule)));
            Assert.Equal(minimal.Violation, again.Violation);
        }
    });

    [Fact]
    public void The_picture_names_both_accesses_and_shows_the_page_at_every_step() => Ends.InTime(() =>
    {
        using var runner = Toys.Counting(Toys.Counter());
        var minimal = Shrunk(runner, Toys.RaceOf([1], [1]));

        var picture = InterleavingRecorder.Record(runner, minimal.Race, minimal.Result.Run.Schedule)!;

        Assert.Equal(0, picture.Page);
        Assert.Equal("number 0", picture.PageBefore);
        Assert.Equal(["number 0", "number 0", "number 1", "number 1"], picture.Steps.Select(static s => s.Page));
        var (interrupted, between) = Assert.Single(picture.Accesses);
        Assert.Equal(SchedulePoint.PutBeforeLastReference, interrupted.Where.Point);
        Assert.Equal(3, interrupted.Step);
        Assert.NotEqual(interrupted.Cpu, between.Cpu);
        var text = InterleavingText.Print(picture);
        Assert.All(text.Split('\n'), static l => Assert.True(l.Length <= InterleavingText.Width, l));
        Assert.Contains("put.before-last-reference", text, StringComparison.Ordinal);
        Assert.Contains("window  The reference that is about to be dropped", text, StringComparison.Ordinal);
    });

    [Fact]
    public void What_need_not_overlap_comes_before() => Ends.InTime(() =>
    {
        using var runner = Prepared();

        foreach (var race in (Race[])[Toys.RaceOf([3, 1], [1]), Toys.RaceOf([1], [3], [1])])
        {
            var minimal = Shrunk(runner, race);
            Assert.Equal(["tick seconds=3"], minimal.Race.Prefix.Select(static o => o.ToString()));
            Assert.Equal([["tick seconds=1"], ["tick seconds=1"]],
                minimal.Race.Cpus.Select(static c => c.Select(static o => o.ToString())));
            Assert.Equal(race.Operations, minimal.Original);
        }
    });

    [Fact]
    public void Numbers_become_smaller_and_the_machine_plainer() => Ends.InTime(() =>
    {
        using var runner = Prepared();
        var race = Toys.RaceOf([3, 7], [6]) with { Spec = FakeMachine.Spec with { Cpus = 4, Nodes = 2, BootBlocks = 3 } };

        var minimal = Shrunk(runner, race);

        Assert.Equal(["tick seconds=3"], minimal.Race.Prefix.Select(static o => o.ToString()));
        Assert.Equal(["tick seconds=1", "tick seconds=1"], minimal.Race.Cpus.SelectMany(static c => c).Select(static o => o.ToString()));
        Assert.Equal((1, 1, 1), (minimal.Race.Spec.Cpus, minimal.Race.Spec.Nodes, minimal.Race.Spec.BootBlocks));
    });

    [Fact]
    public void A_budget_that_is_used_up_keeps_the_best_so_far() => Ends.InTime(() =>
    {
        using var runner = Toys.Counting(Toys.Counter());
        var race = Toys.RaceOf([1, 1, 1], [1, 1], [1]);
        var found = RaceSearch.Run(runner, race, new RandomSchedules(5, 1_000), new SearchLimits(1_000));
        var begun = runner.Schedules;

        var minimal = new RaceShrinker(runner, mostSchedules: 0).Shrink(new RaceFailure(race, found.Failure!));

        Assert.Same(race, minimal.Race);
        // The steps are made fewer all the same.
        Assert.InRange(runner.Schedules - begun, 0, 2_000);
    });

    [Theory]
    [InlineData(0, 3, 3)]
    [InlineData(3, 0, 4)]
    public void Of_schedules_with_as_few_preemptions_the_shortest_is_told(int early, int late, int steps) => Ends.InTime(() =>
    {
        // It fails where the other comes between, at the first point or at the second, and takes as many more steps then.
        using var runner = FailingWhere(calls: 9, (toy, _) =>
        {
            var before = toy.Numbers[1];
            foreach (var more in (int[])[early, late])
            {
                toy.Scheduler?.At(SchedulePoint.OfflineAfterDrain, 0);
                if (before != 0 || toy.Numbers[1] == 0 || toy.Numbers[2] == 1)
                    continue;
                toy.Numbers[2] = 1;
                for (var i = 0; i < more; i++)
                    toy.Scheduler?.At(SchedulePoint.OfflineAfterDrain, 0);
                return;
            }
        }, static (toy, _) => toy.Numbers[1] = 1);

        var minimal = Shrunk(runner, Toys.RaceOf([1], [2]));

        Assert.Equal((steps, 1), (minimal.Result.Run.Steps, minimal.Result.Run.Preemptions));
    });

    [Fact]
    public void Fewer_operations_are_worth_preemptions() => Ends.InTime(() =>
    {
        // Three operations always fail; of two the first must see what the second has half done.
        using var runner = FailingWhere(calls: 3, static (toy, _) =>
        {
            var before = toy.Numbers[1];
            toy.Scheduler?.At(SchedulePoint.OfflineAfterDrain, 0);
            if (before == 0 && toy.Numbers[1] == 1)
                toy.Numbers[2] = 1;
        }, static (toy, _) =>
        {
            toy.Numbers[1] = 1;
            toy.Scheduler?.At(SchedulePoint.OfflineAfterDrain, 0);
            toy.Numbers[1] = 2;
        });
        var race = Toys.RaceOf([1], [2], [3]);
        var found = RaceSearch.Run(runner, race, new ReplaySchedules(Schedule.Usual), new SearchLimits(1));
        Assert.Equal(0, found.Failure!.Run.Preemptions);

        var minimal = new RaceShrinker(runner).Shrink(new RaceFailure(race, found.Failure));

        Assert.Equal((2, 2), (minimal.Race.Operations, minimal.Result.Run.Preemptions));
    });

    [Fact]
    public void Two_CPUs_stay_though_one_fails_by_itself_and_what_the_prefix_did_in_vain_goes() => Ends.InTime(() =>
    {
        using var runner = FailingWhere(calls: 9, static (toy, _) => toy.Numbers[2] = 1, static (_, _) => { });
        foreach (var race in (Race[])[Toys.RaceOf([1], [3], [3]), Toys.RaceOf([3], [3, 1], [3]), Toys.RaceOf([3], [1])])
        {
            var minimal = Shrunk(runner, race with { Prefix = [Operation.Tick(2), Operation.Tick(3)] });
            Assert.Equal((2, 2, 0), (minimal.Race.Cpus.Length, minimal.Race.Operations, minimal.Race.Prefix.Length));
        }
    });

    [Fact]
    public void What_must_come_after_may_come_after_on_another_CPU() => Ends.InTime(() =>
    {
        // The update must be lost, and somebody must look at what became of it.
        var toy = new ToyMachine(new Dictionary<long, Action<ToyMachine, Outcome>>
        {
            [1] = static (toy, _) => toy.AddOne(0),
            [4] = static (toy, _) => toy.Numbers[1] = toy.Numbers[0],
        });
        using var runner = Toys.Of(toy, calls => toy.Numbers[1] == 1 && calls.Count(static c => c.Operation.Amount == 1) == 2
            && toy.Numbers[0] == 1 ? new Violation(Toys.LostUpdate, "number 0", "all", "fewer", new("toy", "toy", "toy")) : null);

        var minimal = Shrunk(runner, Toys.RaceOf([1], [1], [4]));

        Assert.Equal((2, 3), (minimal.Race.Cpus.Length, minimal.Race.Operations));
        Assert.Equal(["tick seconds=1", "tick seconds=4"], minimal.Race.Cpus.Single(static c => c.Length == 2).Select(static o => o.ToString()));
    });

    [Fact]
    public void Every_number_becomes_as_small_as_it_goes() => Ends.InTime(() =>
    {
        var programs = Enumerable.Range(1, 60).ToDictionary(static n => (long)n, static n => (Action<ToyMachine, Outcome>)((toy, _) =>
        {
            if (n >= 5)
                toy.Numbers[n >= 30 ? 4 : 3] = 1;
        }));
        var toy = new ToyMachine(programs);
        using var runner = Toys.Of(toy, calls => calls.Any(static c => c.Operation.Amount is >= 5 and < 30) && toy.Numbers[4] == 1
            ? new Violation(Toys.LostUpdate, "number 0", "all", "fewer", new("toy", "toy", "toy")) : null);
        foreach (var (one, other) in ((long, long)[])[(20, 55), (9, 31), (6, 60)])
        {
            var minimal = Shrunk(runner, Toys.RaceOf([one], [other]));
            Assert.Equal([5L, 30L], minimal.Race.Prefix.Concat(minimal.Race.Cpus.SelectMany(static c => c)).Select(static o => o.Amount).Order());
        }
    });

    [Fact]
    public void Its_budget_is_its_own() => Ends.InTime(() =>
    {
        using var runner = Toys.Counting(Toys.Counter());
        _ = Toys.All(runner, Toys.RaceOf([1], [1]), new RandomSchedules(1, 600));
        var found = RaceSearch.Run(runner, Toys.RaceOf([1, 1], [1]), new RandomSchedules(5, 1_000), new SearchLimits(1_000));

        var minimal = new RaceShrinker(runner, mostSchedules: 500).Shrink(new RaceFailure(found.Race, found.Failure!));

        Assert.Equal(2, minimal.Race.Operations);
    });

    // Two programs, and others that do nothing: it fails where number 2 is set, or where there are so many calls.
    private static RaceRunner FailingWhere(int calls, Action<ToyMachine, Outcome> one, Action<ToyMachine, Outcome> two)
    {
        var toy = new ToyMachine(new Dictionary<long, Action<ToyMachine, Outcome>> { [1] = one, [2] = two, [3] = static (_, _) => { } });
        return Toys.Of(toy, made => toy.Numbers[2] == 1 || made.Length >= calls
            ? new Violation(Toys.LostUpdate, "number 2", "not set", "set", new("toy", "toy", "toy")) : null);
    }

    // Programs 1, 6 and 7 add; what is lost counts once program 3 has been.
    private static RaceRunner Prepared()
    {
        var toy = new ToyMachine(new Dictionary<long, Action<ToyMachine, Outcome>>
        {
            [1] = static (toy, _) => toy.AddOne(0),
            [2] = static (_, _) => { },
            [3] = static (toy, _) => toy.Numbers[1] = 1,
            [6] = static (toy, _) => toy.AddOne(0),
            [7] = static (toy, _) => toy.AddOne(0),
        });
        return Toys.Of(toy, calls => toy.Numbers[1] == 1 && toy.Numbers[0] < calls.Count(static c => c.Operation.Amount is 1 or > 5)
            ? new Violation(Toys.LostUpdate, "number 0", "all", "fewer", new("toy", "toy", "toy")) : null);
    }

    private static RaceFailure Shrunk(RaceRunner runner, Race race)
    {
        var found = RaceSearch.Run(runner, race, new RandomSchedules(5, 1_000), new SearchLimits(1_000));
        Assert.Equal(Verdict.Violates, found.Verdict);
        return new RaceShrinker(runner).Shrink(new RaceFailure(race, found.Failure!));
    }
}
