using System.Collections.Immutable;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules.Strategies;

namespace Hotplug.Engine.Schedules.Search;

/// <summary>What came of looking for a seeded fault.</summary>
/// <param name="Found">The first failure; null: it survived.</param>
/// <param name="Family">The kind of race that showed it.</param>
/// <param name="Schedules">Schedules until then.</param>
/// <param name="Minimal">The failure, shrunk; null if that was not asked for.</param>
public sealed record RaceFaultFinding(RaceFailure? Found, string Family, long Schedules, RaceFailure? Minimal);

/// <summary>
/// Looks for a seeded fault: in one race after the other, a few schedules by PCT each, so that no kind of race waits
/// for long.
/// </summary>
public static class RaceFaultTrial
{
    private const int Depth = 3;
    private const int SchedulesOfOne = 12;

    /// <summary>
    /// Searches until one of these rules is broken (default: any), and shrinks what is found if that is asked for.
    /// </summary>
    public static RaceFaultFinding Run(RaceRunner runner, IRaces races, ImmutableArray<string> rules, ulong seed,
        long mostSchedules, bool shrinks)
    {
        var begun = runner.Schedules;
        for (long index = 0; runner.Schedules - begun < mostSchedules; index++)
        {
            var (family, race) = races.Draw(seed, index, runner.Machine.Identity.Levels);
            var left = mostSchedules - (runner.Schedules - begun);
            var found = RaceSearch.Run(runner, race, PctOf(seed, index, SchedulesOfOne),
                new SearchLimits(left, null, rules, Seeded: true));
            if (found.Failure is not { Verdict: Verdict.Violates } failure)
                continue;
            var schedules = runner.Schedules - begun;
            var first = new RaceFailure(race, failure);
            return new RaceFaultFinding(first, family, schedules, shrinks ? new RaceShrinker(runner).Shrink(first) : null);
        }

        return new RaceFaultFinding(null, "", runner.Schedules - begun, null);
    }

    /// <summary>PCT schedules of race number <paramref name="index"/>.</summary>
    public static ISchedules PctOf(ulong seed, long index, long schedules) =>
        new PctSchedules(Contract.SplitMix.Derive(seed, (ulong)index), schedules, Depth);
}
