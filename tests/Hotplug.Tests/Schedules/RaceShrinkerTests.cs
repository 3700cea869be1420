using Hotplug.Contract.Machines;
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
