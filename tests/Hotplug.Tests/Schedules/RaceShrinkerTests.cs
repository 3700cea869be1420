using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Pictures;
using Hotplug.Engine.Schedules.Search;
using Hotplug.Engine.Schedules.Strategies;
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

    private static RaceFailure Shrunk(RaceRunner runner, Race race)
    {
        var found = RaceSearch.Run(runner, race, new RandomSchedules(5, 1_000), new SearchLimits(1_000));
        Assert.Equal(Verdict.Violates, found.Verdict);
        return new RaceShrinker(runner).Shrink(new RaceFailure(race, found.Failure!));
    }
}
