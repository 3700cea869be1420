using Hotplug.Cli.Reports;
using Hotplug.Cli.Targets;
using Hotplug.Contract.Machines;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules.Pictures;
using Hotplug.Engine.Schedules.Search;
using Hotplug.Engine.Schedules.Strategies;
using Hotplug.Generators.Races;

namespace Hotplug.Cli.Commands;

/// <summary>The races of a gate: a small share of it, every schedule of each with few preemptions.</summary>
internal static class GateRaces
{
    /// <summary>Preemptions of a schedule at most.</summary>
    internal const int MostPreemptions = 1;

    private const int SequencesPerRace = 500, MostRaces = 120;

    /// <summary>Of a gate that lasts for a time: the part of it that is left for races.</summary>
    private const double ShareOfTime = 0.1;

    /// <summary>True if the operations of the machine can overlap, and that is to be judged.</summary>
    internal static bool ApplyTo(Choice choice) => choice is { Target.Races: not null, Fault: null }
        && choice.Levels?.HasFlag(Levels.Schedules) != false;

    /// <summary>How long sequences may run, that races have time.</summary>
    internal static TimeSpan? TimeOfSequences(Choice choice, TimeSpan? time) =>
        ApplyTo(choice) ? time * (1 - ShareOfTime) : time;

    /// <summary>Runs them; what fails is shrunk.</summary>
    internal static RaceFigures Run(Choice choice, ulong seed, long sequences, int workers, Func<bool> timeIsUp)
    {
        var rig = new RaceChoice(choice.Target, choice.Target.Races!, null);
        var result = new RaceCampaign(rig.Open,
            new RaceCampaignOptions(new RaceDraw { Within = choice.Levels }, static _ => new ExhaustiveSchedules(MostPreemptions))
            {
                Seed = seed,
                MostRaces = Math.Clamp(sequences / SequencesPerRace, 1, MostRaces),
                Workers = workers,
                TimeIsUp = timeIsUp,
            }).Run();
        if (result.Failure is not { } found)
            return new RaceFigures(result, null, null);
        var (failure, picture) = rig.Examine(found);
        return new RaceFigures(result, failure, picture);
    }
}
