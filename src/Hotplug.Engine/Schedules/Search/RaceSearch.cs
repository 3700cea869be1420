using System.Collections.Immutable;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Schedules.Search;

/// <summary>How much a search may do.</summary>
/// <param name="MostSchedules">Schedules of one race.</param>
/// <param name="TimeIsUp">Asked before every schedule: true ends the search.</param>
/// <param name="Rules">Only a violation of one of these rules counts; default: of any.</param>
/// <param name="Seeded">Only what fails after the machine's seeded fault came to bear counts.</param>
public sealed record SearchLimits(
    long MostSchedules, Func<bool>? TimeIsUp = null, ImmutableArray<string> Rules = default, bool Seeded = false);

/// <summary>What a search of one race found.</summary>
/// <param name="Race">The race.</param>
/// <param name="Prefix">What the prefix came to; only what conforms is raced from.</param>
/// <param name="Failure">The first schedule that broke a rule; else the first that could not be decided; or null.</param>
/// <param name="Schedules">Schedules run, those included that the strategy gave up.</param>
/// <param name="Steps">Steps that they took.</param>
/// <param name="GivenUp">Schedules that the strategy gave up: they come to the same as others.</param>
/// <param name="IsWhole">The strategy had no schedule left.</param>
public sealed record SearchResult(
    Race Race, RunResult Prefix, RaceResult? Failure, long Schedules, long Steps, long GivenUp, bool IsWhole)
{
    /// <summary>The verdict over all schedules.</summary>
    public Verdict Verdict => Prefix.Verdict.And(Failure?.Verdict ?? Verdict.Conforms);
}

/// <summary>Runs one race by schedule after schedule until a rule is broken.</summary>
public static class RaceSearch
{
    /// <summary>Searches.</summary>
    public static SearchResult Run(RaceRunner runner, Race race, ISchedules schedules, SearchLimits limits)
    {
        RaceResult? failure = null;
        var (begun, steps, givenUp) = (runner.Schedules, runner.Steps, 0L);
        var isPrepared = runner.TryPrepare(race);
        var isWhole = false;
        while (isPrepared && !isWhole && !IsOver() && failure?.Verdict != Verdict.Violates)
            if (runner.RunNext(schedules) is { } result)
                Note(result);
            else
                isWhole = true;
        return new SearchResult(
            race, runner.Prefix, failure, runner.Schedules - begun, runner.Steps - steps, givenUp, isWhole);

        bool IsOver() => runner.Schedules - begun >= limits.MostSchedules || limits.TimeIsUp?.Invoke() == true;

        void Note(RaceResult result)
        {
            if (result.Run.IsGivenUp && result.Violation is null)
                givenUp++;
            if (result.Verdict > (failure?.Verdict ?? Verdict.Conforms)
                && (limits.Rules.IsDefault || limits.Rules.Contains(result.Violation!.Rule))
                && (result.IsSeeded || !limits.Seeded))
                failure = result;
        }
    }
}
