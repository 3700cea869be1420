using Hotplug.Bitmap;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Search;
using Hotplug.Engine.Schedules.Strategies;
using Hotplug.Generators.Races;
using Hotplug.Invariants;
using Hotplug.Model;
using Hotplug.Model.Histories;
using Xunit;

namespace Hotplug.Tests.Schedules;

public class HistoryJudgeTests
{
    [Theory]
    [InlineData(1, Verdict.Inconclusive, HistoryJudge.Unknown)]
    [InlineData(Linearizability.DefaultBound, Verdict.Conforms, null)]
    public void What_is_not_decided_within_the_bound_is_neither_permitted_nor_refuted(
        int mostStates, Verdict verdict, string? rule)
    {
        using var runner = new RaceRunner(BitmapMachine.CreateScheduled(), new Suite(new ReferenceModel(), Catalogue.All),
            new HistoryJudge(new HistoryModel(), mostStates));

        var found = RaceSearch.Run(runner, RaceFamilies.All[0].Plain, new ReplaySchedules(Schedule.Usual), new SearchLimits(1));

        Assert.Equal(verdict, found.Verdict);
        Assert.Equal(rule, found.Failure?.Violation?.Rule);
    }
}
