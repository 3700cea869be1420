using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules.Strategies;
using Hotplug.Engine.Shrink;

namespace Hotplug.Engine.Schedules.Search;

/// <summary>
/// Makes a failing interleaving as small as it gets: fewest operations, then fewest CPUs, then fewest preemptions, then
/// the smallest numbers and the simplest machine, then the fewest steps. Every candidate is searched anew, schedules
/// with fewer preemptions first: what made the failure in a larger race need not be what makes it in a smaller one.
/// </summary>
/// <remarks>Names stay as they are: what is freed by two CPUs is the user's error, not the machine's.</remarks>
public sealed class RaceShrinker(RaceRunner runner, long mostSchedules = RaceShrinker.DefaultSchedules)
{
    /// <summary>Schedules that shrinking may run in all.</summary>
    public const long DefaultSchedules = 100_000;

    private const int MostSchedulesOfOne = 2_000;
    private const int PreemptionsForFewerOperations = 2;

    private readonly List<OperationNumber> _numbers = [];
    private RaceFailure _best = null!;
    private long _begun;

    /// <summary>Shrinks; the result fails by the same rule as what is given.</summary>
    public RaceFailure Shrink(RaceFailure found)
    {
        _best = found;
        _begun = runner.Schedules;
        // As it was found first: it must not take more preemptions than it needs.
        Try(found.Race);
        while (TryFewerOperations() || TryFewerCpus() || TrySmallerNumbers() || TrySimplerMachine())
        {
        }

        TryFewerSteps();
        return _best;
    }

    private bool IsOver => runner.Schedules - _begun >= mostSchedules;

    private bool TryFewerOperations()
    {
        var race = _best.Race;
        for (var cpu = 0; cpu < race.Cpus.Length; cpu++)
            if (race.Cpus.Length > 2 && Try(race with { Cpus = race.Cpus.RemoveAt(cpu) }))
                return true;
        for (var cpu = 0; cpu < race.Cpus.Length; cpu++)
            for (var i = race.Cpus[cpu].Length - 1; i >= 0; i--)
                if (Try(Without(race, cpu, i)))
                    return true;
        for (var i = race.Prefix.Length - 1; i >= 0; i--)
            if (Try(race with { Prefix = race.Prefix.RemoveAt(i) }))
                return true;
        return false;
    }

    // What need not overlap comes before: then fewer CPUs are left, or less that overlaps.
    private bool TryFewerCpus()
    {
        var race = _best.Race;
        for (var cpu = 0; cpu < race.Cpus.Length; cpu++)
            if (race.Cpus[cpu].Length > 0
                && Try(Without(race, cpu, 0) with { Prefix = race.Prefix.Add(race.Cpus[cpu][0]) }))
                return true;
        for (var cpu = 1; race.Cpus.Length > 2 && cpu < race.Cpus.Length; cpu++)
            if (Try(race with
            {
                Cpus = race.Cpus.SetItem(0, race.Cpus[0].AddRange(race.Cpus[cpu])).RemoveAt(cpu),
            }))
                return true;
        return false;
    }

    private static Race Without(Race race, int cpu, int index)
    {
        var left = race.Cpus[cpu].RemoveAt(index);
        return race with
        {
            Cpus = left.IsEmpty && race.Cpus.Length > 2 ? race.Cpus.RemoveAt(cpu) : race.Cpus.SetItem(cpu, left),
        };
    }

    private bool TrySmallerNumbers()
    {
        var operations = Flat(_best.Race);
        for (var i = 0; i < operations.Length; i++)
        {
            OperationNumber.List(operations[i], _numbers);
            foreach (var number in _numbers)
            {
                var value = number.Get(operations[i]);
                if (number.Place != NumberPlace.Field || value <= number.Simplest)
                    continue;
                foreach (var smaller in (long[])[number.Simplest, value / 2, value - 1])
                    if (smaller >= number.Simplest && smaller < value
                        && Try(Unflat(_best.Race, operations.SetItem(i, number.With(operations[i], smaller)))))
                        return true;
            }
        }

        return false;
    }

    private bool TrySimplerMachine()
    {
        foreach (var simpler in SimplerSpecs.Of(new Trace(_best.Race.Spec, Flat(_best.Race))))
            if (Try(Unflat(_best.Race, simpler.Operations) with { Spec = simpler.Spec }))
                return true;
        return false;
    }

    private static ImmutableArray<Operation> Flat(Race race) =>
        [.. race.Prefix, .. race.Cpus.SelectMany(static c => c)];

    private static Race Unflat(Race race, ImmutableArray<Operation> operations)
    {
        var next = race.Prefix.Length;
        var cpus = ImmutableArray.CreateBuilder<ImmutableArray<Operation>>();
        foreach (var cpu in race.Cpus)
        {
            cpus.Add(operations.Slice(next, cpu.Length));
            next += cpu.Length;
        }

        return race with { Prefix = operations[..race.Prefix.Length], Cpus = cpus.ToImmutable() };
    }

    private bool Try(Race candidate)
    {
        if (IsOver || candidate.Cpus.Any(static c => c.IsEmpty) || SpecRules.Check(candidate.Spec) is not null)
            return false;
        // Fewer operations are worth preemptions; nothing else is.
        var most = _best.Result.Run.Preemptions;
        if (candidate.Operations < _best.Race.Operations)
            most = Math.Max(most, PreemptionsForFewerOperations);
        var found = RaceSearch.Run(runner, candidate, new ExhaustiveSchedules(most),
            new SearchLimits(MostSchedulesOfOne, null, [_best.Violation.Rule], _best.Result.IsSeeded));
        if (found.Prefix.Verdict != Verdict.Conforms || found.Failure is not { Verdict: Verdict.Violates } failure)
            return false;
        _best = new RaceFailure(candidate, failure) { Original = _best.Original };
        return true;
    }

    // Of all schedules with as few preemptions, the one that is the shortest to read.
    private void TryFewerSteps()
    {
        if (!runner.TryPrepare(_best.Race))
            return;
        var schedules = new ExhaustiveSchedules(_best.Result.Run.Preemptions, reduces: false);
        for (var left = MostSchedulesOfOne; left > 0 && runner.RunNext(schedules) is { } result; left--)
            if (result.Verdict == Verdict.Violates && result.Violation!.Rule == _best.Violation.Rule
                && result.IsSeeded == _best.Result.IsSeeded && IsShorter(result.Run, _best.Result.Run))
                _best = _best with { Result = result };
    }

    private static bool IsShorter(ScheduleRun one, ScheduleRun other) =>
        (one.Preemptions, one.Schedule.Switches.Length, one.Steps)
            .CompareTo((other.Preemptions, other.Schedule.Switches.Length, other.Steps)) < 0;
}
