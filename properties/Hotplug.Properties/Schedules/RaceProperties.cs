using Hotplug.Bitmap;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Search;
using Hotplug.Generators.Races;
using Hotplug.Invariants;
using Hotplug.Model;
using Hotplug.Model.Histories;
using Xunit;

namespace Hotplug.Properties.Schedules;

/// <summary>
/// What a search for races does, in small: a few schedules of races of every kind, judged by everything.
/// </summary>
public sealed class RaceProperties
{
    private const long MostSchedules = 800;

    [Fact]
    public void Whatever_overlaps_keeps_every_rule()
    {
        using var runner = new RaceRunner(BitmapMachine.CreateScheduled(),
            new Suite(new ReferenceModel(), Catalogue.All), new HistoryJudge(new HistoryModel()));
        var found = Patience.Await(
            () => RaceFaultTrial.Run(runner, new RaceDraw(), default, seed: 5, MostSchedules, shrinks: false).Found,
            static () => "a race that does not come back");
        Assert.True(found is null, found?.Result.Violation?.ToString());
    }
}
