using Hotplug.Bitmap;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Search;
using Hotplug.Engine.Schedules.Strategies;
using Hotplug.Invariants;
using Hotplug.Model;
using Hotplug.Model.Histories;
using Xunit;

namespace Hotplug.Tests.Schedules;

/// <summary>
/// Tokens that were printed once, each with the machine that failed then. A token stays replayable: when this fails, the
/// form of tokens changed, or the order of what they name; then the version goes up and the old form is read as before.
/// </summary>
public class GoldenTokenTests
{
    private const int Replays = 50;

    [Theory]
    [InlineData(RaceFault.LocksInverted, "schedule.deadlock",
        "race1:EAICBAQIAAwCEAISBCwcb25saW5lLW1vdmFibGU2CG5vbmUCAAgCAggEAg4MAgACDgwCAjI")]
    [InlineData(RaceFault.PutDecidesEarly, "schedule.references",
        "race1:DgICBAQIAAwCEAISADYIbm9uZQQUGAICAhgaAgAEAhoaAgAAAhoaAgAAIg")]
    [InlineData(RaceFault.DrainedOnce, "schedule.linearizable",
        "race1:FAICBAQIAAwCEAISAhgCGgQsHG9ubGluZS1tb3ZhYmxlNghub25lBAAIAgIEFBgCAgIEAhYYAgACDgwCACI")]
    [InlineData(RaceFault.CmmSpareListPageFreedTwice, "schedule.freed-once",
        "race1:FgCAAQICBAgIAAogDAYQBhIAKAAyBmNtbTYKY21tOjECIgIOBAJEAgICDgwABKID")]
    [InlineData(RaceFault.AddCheckedBeforeLock, "schedule.linearizable",
        "race1:DgICBAQIAAwCEAQSAjYIbm9uZQAEAgAIAgoCIAQCAAgECgQgBBI")]
    public void An_old_token_fails_as_it_did_every_time(RaceFault fault, string rule, string token) => Ends.InTime(() =>
    {
        Assert.True(RaceToken.TryParse(token, out var race, out var schedule, out var error), error);
        Assert.Equal(token, RaceToken.Print(race, schedule));
        using var faulty = Of(fault);
        for (var i = 0; i < Replays; i++)
            Assert.Equal(rule, Replay(faulty, token).Failure?.Violation?.Rule);
        using var faithful = Of(null);
        Assert.Equal(Verdict.Conforms, Replay(faithful, token).Verdict);
    });

    private static SearchResult Replay(RaceRunner runner, string token)
    {
        Assert.True(RaceToken.TryParse(token, out var race, out var schedule, out _));
        return RaceSearch.Run(runner, race, new ReplaySchedules(schedule), new SearchLimits(1));
    }

    private static RaceRunner Of(RaceFault? fault) => new(
        fault is { } seeded ? BitmapMachine.CreateScheduled(seeded) : BitmapMachine.CreateScheduled(),
        new Suite(new ReferenceModel(), Catalogue.All), new HistoryJudge(new HistoryModel()));
}
