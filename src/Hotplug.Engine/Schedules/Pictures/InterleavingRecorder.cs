using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Schedules.Strategies;

namespace Hotplug.Engine.Schedules.Pictures;

/// <summary>Runs a race by a schedule twice: to see which page is fought over, and to see what becomes of it.</summary>
public sealed class InterleavingRecorder : IStepWatch
{
    private readonly RaceRunner _runner;
    private readonly Race _race;
    private readonly List<(int Cpu, Position From, Position To, string Page)> _seen = [];
    private long _page = -1;

    private InterleavingRecorder(RaceRunner runner, Race race) => (_runner, _race) = (runner, race);

    /// <summary>Records; null if the prefix does not conform.</summary>
    public static Interleaving? Record(RaceRunner runner, Race race, Schedule schedule)
    {
        var recorder = new InterleavingRecorder(runner, race);
        return runner.TryPrepare(race) ? recorder.Record(schedule) : null;
    }

    Violation? IStepWatch.After(int step, int cpu, Position from, Position to)
    {
        _seen.Add((cpu, from, to, _page < 0 ? "" : _runner.Machine.DescribePage(_page)));
        return null;
    }

    private Interleaving Record(Schedule schedule)
    {
        var before = _runner.Watch;
        _runner.Watch = this;
        var first = _runner.RunNext(new ReplaySchedules(schedule))!;
        _page = PageOf(first);
        _seen.Clear();
        _runner.GoBack();
        var pageBefore = _page < 0 ? "" : _runner.Machine.DescribePage(_page);
        var result = _runner.RunNext(new ReplaySchedules(schedule))!;
        _runner.Watch = before;
        return new Interleaving(_race, result.Violation, StepsOf(result), _page, pageBefore, Racing(result.Run.Preempted));
    }

    // The page that the rule names; else the one that several CPUs told of, else one that any told of.
    private long PageOf(RaceResult result)
    {
        var told = _seen.SelectMany(static s => new[] { (s.Cpu, s.From.Page), (s.Cpu, s.To.Page) })
            .Where(static t => t.Page >= 0).Distinct().ToList();
        if (result.Violation is { Pages: [var pages, ..] })
            return told.Where(t => pages.Contains(t.Page)).Select(static t => t.Page).DefaultIfEmpty(pages.Start).First();
        return told.GroupBy(static t => t.Page).OrderByDescending(static g => g.Count()).ThenBy(static g => g.Key)
            .Select(static g => g.Key).DefaultIfEmpty(-1).First();
    }

    private ImmutableArray<InterleavedStep> StepsOf(RaceResult result)
    {
        var answers = result.Calls.Where(static c => c.Returned >= 0).GroupBy(static c => c.Cpu)
            .ToDictionary(static g => g.Key, static g => g.Select(static c => c.Outcome.Answer).ToList());
        var steps = ImmutableArray.CreateBuilder<InterleavedStep>();
        for (var i = 0; i < _seen.Count; i++)
        {
            var (cpu, from, to, page) = _seen[i];
            var isOver = to.Standing == Standing.Done || to.Operation > from.Operation;
            var answer = isOver && answers.TryGetValue(cpu, out var all) && from.Operation < all.Count
                ? Tell(all[from.Operation]) : null;
            steps.Add(new InterleavedStep(i, cpu, from, to, OperationOf(cpu, from), answer, page, result.Run.Preempted.Contains(i)));
        }

        return steps.ToImmutable();
    }

    private static string Tell(Answer answer) => answer.ToString();

    private ImmutableArray<(RacingAccess Interrupted, RacingAccess Between)> Racing(
        ImmutableArray<int> preempted)
    {
        var pairs = ImmutableArray.CreateBuilder<(RacingAccess, RacingAccess)>();
        foreach (var i in preempted.Where(i => i < _seen.Count))
        {
            var (cpu, _, to, _) = _seen[i - 1];
            if (to is { Point: SchedulePoint.Begin, Standing: Standing.AtPoint })
                continue;
            var back = _seen.FindIndex(i, s => s.Cpu == cpu);
            var last = back < 0 ? _seen.Count - 1 : back - 1;
            pairs.Add((new RacingAccess(cpu, OperationOf(cpu, to), to, back),
                new RacingAccess(_seen[last].Cpu, OperationOf(_seen[last].Cpu, _seen[last].From), _seen[last].From, last)));
        }

        return pairs.ToImmutable();
    }

    private string OperationOf(int cpu, Position position) =>
        position.Operation < _race.Cpus[cpu].Length ? _race.Cpus[cpu][position.Operation].ToString() : "";
}
