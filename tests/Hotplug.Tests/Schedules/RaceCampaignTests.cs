using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Search;
using Hotplug.Engine.Schedules.Strategies;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Schedules;

public sealed class RaceCampaignTests
{
    private const int Crash = 9;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void It_tells_what_was_done_by_kind(int workers) => Ends.InTime(() =>
    {
        var told = new List<(long Races, long Schedules)>();

        // Numbers 0, 3 and 6 have a prefix that crashes; the others run three schedules of four steps each.
        var result = CampaignOf(static index => index % 3 == 0, new RaceCampaignOptions(new Numbered(), static _ => new RandomSchedules(1, 3))
        {
            MostRaces = 8,
            Workers = workers,
            Progress = (races, schedules) => told.Add((races, schedules)),
        });

        Assert.Equal([new RaceTally("fine", 5, 0, 15, 60, 0), new RaceTally("skipped", 3, 3, 0, 0, 0)], result.Tallies.AsEnumerable());
        Assert.Equal((8L, 15L, 60L, 0L, 5L), (result.Races, result.Schedules, result.Steps, result.Pruned, result.Whole));
        Assert.Equal(Verdict.Conforms, result.Verdict);
        Assert.Equal(Enumerable.Range(1, 8).Select(static n => (long)n), told.Select(static t => t.Races));
        Assert.Equal(15, told[^1].Schedules);
        Assert.Equal(told.Select(static t => t.Schedules).Order(), told.Select(static t => t.Schedules));
    });

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void All_kinds_are_added_up(int workers) => Ends.InTime(() =>
    {
        // Of each kind four, every schedule of them: what they come to one by one is what they come to together.
        Race[] races = [Toys.RaceOf([1, 1], [1]), Toys.RaceOf([1], [1, 1], [1])];
        var (schedules, steps, pruned) = (new long[2], new long[2], new long[2]);
        for (var kind = 0; kind < races.Length; kind++)
        {
            using var runner = Toys.Of(Toys.Counter(), static _ => null);
            var strategy = new ExhaustiveSchedules(1);
            var results = Toys.All(runner, races[kind], strategy);
            (schedules[kind], steps[kind], pruned[kind]) = (4 * results.Count, 4 * results.Sum(static r => (long)r.Run.Steps), 4 * strategy.Pruned);
        }

        var result = new RaceCampaign(static () => Toys.Of(Toys.Counter(), static _ => null), new RaceCampaignOptions(
            new Numbered { Draws = index => new NamedRace($"kind {index % 2}", races[index % 2]) }, static _ => new ExhaustiveSchedules(1))
        { MostRaces = 8, Workers = workers }).Run();

        Assert.Equal([new RaceTally("kind 0", 4, 0, schedules[0], steps[0], pruned[0]), new RaceTally("kind 1", 4, 0, schedules[1], steps[1], pruned[1])],
            result.Tallies.AsEnumerable());
        Assert.Equal((8L, schedules.Sum(), steps.Sum(), pruned.Sum(), 8L), (result.Races, result.Schedules, result.Steps, result.Pruned, result.Whole));
        Assert.Equal(Toys.Counter().Identity, result.Machine);
    });

    [Fact]
    public void Ways_that_were_left_out_are_added_up() => Ends.InTime(() =>
    {
        var each = Used().Pruned;
        Assert.True(each > 0);

        var result = new RaceCampaign(static () => Toys.Of(Toys.Counter(), static _ => null), new RaceCampaignOptions(
            new Numbered { Draws = static index => new NamedRace($"kind {index % 2}", Toys.RaceOf([1])) }, static _ => Used())
        { MostRaces = 5 }).Run();

        Assert.Equal([3 * each, 2 * each], result.Tallies.Select(static t => t.Pruned));
        Assert.Equal(5 * each, result.Pruned);

        // A strategy that has run all schedules of two CPUs that touch nothing.
        static ExhaustiveSchedules Used()
        {
            var schedules = new ExhaustiveSchedules(3);
            using var scheduler = new Scheduler(static _ => default);
            while (schedules.TryBegin())
                scheduler.Run(new ScheduledWork(2, cpu => scheduler.At(SchedulePoint.OfflineAfterDrain, cpu), Unwatched.Instance), schedules, 100);
            return schedules;
        }
    });

    [Fact]
    public void It_ends_at_the_lowest_race_that_fails() => Ends.InTime(() =>
    {
        var result = new RaceCampaign(() => Toys.Counting(Toys.Counter()), new RaceCampaignOptions(new Numbered { FailsFrom = 4 },
            static _ => new ExhaustiveSchedules(2))
        { MostRaces = 50 }).Run();

        Assert.Equal(Verdict.Violates, result.Verdict);
        Assert.Equal((4L, "fails"), (result.FailedRace, result.FailedFamily));
        Assert.Equal(Toys.LostUpdate, result.Failure!.Violation.Rule);
        Assert.Equal(5, result.Races);
        Assert.Equal(4, result.Whole);
    });

    [Fact]
    public void It_ends_after_the_most_schedules_and_when_the_time_is_up() => Ends.InTime(() =>
    {
        var options = new RaceCampaignOptions(new Numbered(), static _ => new RandomSchedules(1, 100)) { MostRaces = 50 };
        Assert.Equal((250L, 3L), (CampaignOf(static _ => false, options with { MostSchedules = 250 }) is var most ? most.Schedules : 0, most.Races));
        Assert.Equal((50L, 350L), (CampaignOf(static _ => false, options with { MostSchedulesOfOne = 7 }) is var all ? all.Races : 0, all.Schedules));
        Assert.Equal(0, all.Whole);
        var asked = 0;
        Assert.InRange(CampaignOf(static _ => false, options with { TimeIsUp = () => ++asked > 20 }).Schedules, 1, 20);
    });

    private static RaceCampaignResult CampaignOf(Func<long, bool> isSkipped, RaceCampaignOptions options) =>
        new RaceCampaign(static () => Toys.Of(new ToyMachine(new Dictionary<long, Action<ToyMachine, Outcome>>
        {
            [1] = static (toy, _) => toy.AddOne(0),
            [Crash] = static (_, _) => throw new InvalidOperationException("boom"),
        }), static _ => null), options with { Races = new Numbered { IsSkipped = isSkipped } }).Run();

    private sealed class Numbered : IRaces
    {
        internal Func<long, bool> IsSkipped { get; init; } = static _ => false;

        internal Func<long, NamedRace>? Draws { get; init; }

        internal long FailsFrom { get; init; } = long.MaxValue;

        public NamedRace Draw(ulong seed, long index, Levels levels) => Draws is { } draws ? draws(index) : IsSkipped(index)
            ? new NamedRace("skipped", new Race(FakeMachine.Spec, [Operation.Tick(Crash)], [[Operation.Tick(1)], [Operation.Tick(1)]]))
            : FailsFrom == long.MaxValue ? new NamedRace("fine", Toys.RaceOf([1], [1]))
            : index < FailsFrom ? new NamedRace("alone", Toys.RaceOf([1])) : new NamedRace("fails", Toys.RaceOf([1], [1]));
    }
}
