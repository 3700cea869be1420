using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Schedules;

/// <summary>Races of toy machines.</summary>
internal static class Toys
{
    internal const string LostUpdate = "toy.lost-update";

    /// <summary>A race of these programs, one list for each CPU.</summary>
    internal static Race RaceOf(params ImmutableArray<ImmutableArray<long>> cpus) => new(FakeMachine.Spec, [],
        [.. cpus.Select(static c => c.Select(static n => Operation.Tick(n)).ToImmutableArray())]);

    /// <summary>Program 1 adds to number 0, in two steps.</summary>
    internal static ToyMachine Counter() => new(new Dictionary<long, Action<ToyMachine, Outcome>>
    {
        [1] = static (toy, _) => toy.AddOne(0),
    });

    /// <summary>Programs 1 and 2 take two locks in opposite orders.</summary>
    internal static ToyMachine Locks() => new(new Dictionary<long, Action<ToyMachine, Outcome>>
    {
        [1] = static (toy, _) => toy.TakeBoth(LockName.Zone, LockName.Cmm),
        [2] = static (toy, _) => toy.TakeBoth(LockName.Cmm, LockName.Zone),
    });

    /// <summary>A runner whose judge wants every addition to be seen.</summary>
    internal static RaceRunner Counting(ToyMachine machine) => new(machine, new Suite(new FakeSpecification(), []),
        new Judge((start, calls) => machine.Numbers[0] == start + calls.Length ? null
            : new Violation(LostUpdate, "number 0", $"{start + calls.Length}", $"{machine.Numbers[0]}",
                new("toy", "toy", "toy")), () => machine.Numbers[0]));

    /// <summary>A runner with this judge.</summary>
    internal static RaceRunner Of(ToyMachine machine, Func<ImmutableArray<RaceCall>, Violation?> judge) =>
        new(machine, new Suite(new FakeSpecification(), []), new Judge((_, calls) => judge(calls), static () => 0));

    /// <summary>All results of the strategy.</summary>
    internal static List<RaceResult> All(RaceRunner runner, Race race, ISchedules schedules)
    {
        Assert.True(runner.TryPrepare(race));
        var results = new List<RaceResult>();
        while (runner.RunNext(schedules) is { } result)
            results.Add(result);
        return results;
    }

    private sealed class Judge(Func<long, ImmutableArray<RaceCall>, Violation?> judge, Func<long> look) : IRaceJudge
    {
        private long _start;

        public void Begin(MachineSpec spec, Levels levels, object sequentialState, Observation atRest) => _start = look();

        RaceOpinion IRaceJudge.Judge(ImmutableArray<RaceCall> calls, Observation atRest) =>
            judge(_start, calls) is { } violation ? new RaceOpinion(Verdict.Violates, violation) : RaceOpinion.Permitted;
    }
}
