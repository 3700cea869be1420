using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Schedules.Search;

/// <summary>What a campaign of races is to do.</summary>
/// <param name="Races">Where races come from.</param>
/// <param name="Schedules">The schedules of race number i.</param>
public sealed record RaceCampaignOptions(IRaces Races, Func<long, ISchedules> Schedules)
{
    /// <summary>The seed: race i is drawn from it and i alone.</summary>
    public ulong Seed { get; init; }

    /// <summary>How many races at most.</summary>
    public long MostRaces { get; init; } = 1_000;

    /// <summary>Schedules of one race at most.</summary>
    public long MostSchedulesOfOne { get; init; } = long.MaxValue;

    /// <summary>Schedules of all races of one worker, at most.</summary>
    public long MostSchedules { get; init; } = long.MaxValue;

    /// <summary>How many threads search, each with a runner of its own. The lowest failing race is reported.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Asked before every schedule: true ends the campaign.</summary>
    public Func<bool>? TimeIsUp { get; init; }

    /// <summary>Called after every race, by one thread at a time: races and schedules so far.</summary>
    public Action<long, long>? Progress { get; init; }
}

/// <summary>What was done with the races of a kind.</summary>
/// <param name="Family">The kind.</param>
/// <param name="Races">Races.</param>
/// <param name="Skipped">Those of them whose prefix did not conform: they are the sequential suite's business.</param>
/// <param name="Schedules">Schedules run.</param>
/// <param name="Steps">Steps that they took.</param>
/// <param name="Pruned">Ways on that were left out, since they come to the same as others.</param>
public sealed record RaceTally(string Family, long Races, long Skipped, long Schedules, long Steps, long Pruned);

/// <summary>What came of a campaign.</summary>
/// <param name="Machine">Who was judged.</param>
/// <param name="Tallies">What was done, by kind, in the order of their names.</param>
/// <param name="Failure">The failure of the lowest race that did not conform; null if all conform.</param>
/// <param name="FailedRace">Its number.</param>
/// <param name="FailedFamily">Its kind.</param>
/// <param name="Whole">Races of which every schedule of the strategy was run.</param>
public sealed record RaceCampaignResult(MachineIdentity Machine, ImmutableArray<RaceTally> Tallies, RaceFailure? Failure,
    long FailedRace, string FailedFamily, long Whole)
{
    /// <summary>Races run.</summary>
    public long Races => Tallies.Sum(static t => t.Races);

    /// <summary>Schedules run.</summary>
    public long Schedules => Tallies.Sum(static t => t.Schedules);

    /// <summary>Steps taken.</summary>
    public long Steps => Tallies.Sum(static t => t.Steps);

    /// <summary>Ways on that were left out.</summary>
    public long Pruned => Tallies.Sum(static t => t.Pruned);

    /// <summary>The verdict.</summary>
    public Verdict Verdict => Failure?.Result.Verdict ?? Verdict.Conforms;
}

/// <summary>Races 0, 1, 2, … of a seed, until one does not conform.</summary>
/// <param name="open">Opens a runner for every worker.</param>
/// <param name="options">What to do.</param>
public sealed class RaceCampaign(Func<RaceRunner> open, RaceCampaignOptions options)
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, RaceTally> _tallies = new(StringComparer.Ordinal);
    private long _next = -1;
    private long _failed = long.MaxValue;
    private string _failedFamily = "";
    private RaceFailure? _failure;
    private long _whole;
    private long _schedules;
    private MachineIdentity? _machine;

    /// <summary>Runs it.</summary>
    public RaceCampaignResult Run()
    {
        var others = Enumerable.Range(1, Math.Max(options.Workers, 1) - 1)
            .Select(_ => new Thread(Work) { IsBackground = true }).ToArray();
        foreach (var thread in others)
            thread.Start();
        Work();
        foreach (var thread in others)
            thread.Join();
        return new RaceCampaignResult(_machine!, [.. _tallies.Values], _failure, _failed, _failedFamily, _whole);
    }

    private void Work()
    {
        using var runner = open();
        Volatile.Write(ref _machine, runner.Machine.Identity);
        while (options.TimeIsUp?.Invoke() != true && runner.Schedules < options.MostSchedules)
        {
            var index = Interlocked.Increment(ref _next);
            // A failure of a lower race outranks whatever this one would find.
            if (index >= options.MostRaces || index > Volatile.Read(ref _failed))
                return;
            var (family, race) = options.Races.Draw(options.Seed, index, runner.Machine.Identity.Levels);
            var schedules = options.Schedules(index);
            var found = RaceSearch.Run(runner, race, schedules, new SearchLimits(
                Math.Min(options.MostSchedulesOfOne, options.MostSchedules - runner.Schedules),
                () => options.TimeIsUp?.Invoke() == true || index > Volatile.Read(ref _failed)));
            Note(index, family, found, (schedules as Strategies.ExhaustiveSchedules)?.Pruned ?? 0);
        }
    }

    private void Note(long index, string family, SearchResult found, long pruned)
    {
        lock (_lock)
        {
            var isSkipped = found.Prefix.Verdict != Verdict.Conforms;
            var before = _tallies.GetValueOrDefault(family) ?? new RaceTally(family, 0, 0, 0, 0, 0);
            _tallies[family] = new RaceTally(family, before.Races + 1, before.Skipped + (isSkipped ? 1 : 0),
                before.Schedules + found.Schedules, before.Steps + found.Steps, before.Pruned + pruned);
            _whole += found.IsWhole ? 1 : 0;
            _schedules += found.Schedules;
            if (found.Failure is { } failure && index < _failed)
                (_failure, _failedFamily, _failed) = (new RaceFailure(found.Race, failure), family, index);
            options.Progress?.Invoke(_tallies.Values.Sum(static t => t.Races), _schedules);
        }
    }
}
