using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Generators.Specs;
using Hotplug.Model;

namespace Hotplug.Tests.Schedules;

/// <summary>Some operations of a run, one after the other, as a history, and what was so before and after.</summary>
internal sealed record SequentialHistory(
    MachineSpec Spec, Levels Levels, object State, Observation Before, ImmutableArray<RaceCall> Calls,
        Observation After)
{
    /// <summary>The same, as if all of it had overlapped: each was invoked before any returned.</summary>
    public SequentialHistory Overlapped() => this with
    {
        Calls = [.. Calls.Select((c, i) => c with { Cpu = i, Invoked = i, Returned = Calls.Length + i })],
    };

    /// <summary>Each was invoked before the one before it returned.</summary>
    public SequentialHistory Chained() => this with
    {
        Calls = [.. Calls.Select((c, i) => c with { Cpu = i % 2, Invoked = i == 0 ? 0 : (2 * i) - 1, Returned =
            (2 * i) + 2 })],
    };
}

/// <summary>Runs of the ordinary generators, cut into histories of a few operations.</summary>
internal static class SequentialHistories
{
    /// <summary>The histories of one run on a toy; it ends at the first operation that the model refutes.</summary>
    internal static IEnumerable<SequentialHistory> Of(IMachine machine, ulong seed, int operations, int length)
    {
        var random = new SplitMix(seed);
        var levels = machine.Identity.Levels;
        var spec = SpecDraw.Toy(ref random, levels);
        var source = new Sequences().DrawSource(ref random, spec, levels);
        var model = new ReferenceModel();
        var bindings = new Bindings();
        bindings.Reset(spec);
        machine.Reset(spec);
        var now = Observed(machine);
        var seen = new Transition();
        seen.Start(spec, levels, now);
        if (model.Begin(seen).Next is not { } state)
            yield break;
        source.Begin(spec, levels);
        var menu = new Menu();
        var calls = ImmutableArray.CreateBuilder<RaceCall>();
        var (first, before) = (state, now);
        for (var i = 0; i < operations; i++)
        {
            menu.Clear();
            model.Describe(state, menu);
            if (!source.TryNext(menu, out var operation))
                break;
            if (!bindings.TryResolve(operation, out var target))
                continue;
            var outcome = new Outcome();
            machine.Execute(operation, target, outcome);
            var after = Observed(machine);
            seen.Next(i, now, operation, target, outcome, after);
            if (model.Judge(state, seen).Next is not { } next)
            {
                if (calls.Count > 0)
                    yield return new SequentialHistory(spec, levels, first, before,
                        Stamped(calls, operation, target, outcome), after);
                yield break;
            }

            bindings.Follow(seen);
            (state, now) = (next, after);
            Stamped(calls, operation, target, outcome);
            if (calls.Count < length)
                continue;
            yield return new SequentialHistory(spec, levels, first, before, calls.ToImmutable(), now);
            calls.Clear();
            (first, before) = (state, now);
        }
    }

    private static ImmutableArray<RaceCall> Stamped(
        ImmutableArray<RaceCall>.Builder calls, Operation operation, Target target, Outcome outcome)
    {
        calls.Add(new RaceCall(0, operation, target, 2 * calls.Count, (2 * calls.Count) + 1, outcome.ToRecord()));
        return calls.ToImmutable();
    }

    private static Observation Observed(IMachine machine)
    {
        var whole = new Observation();
        machine.Observe(whole);
        var copy = new Observation();
        copy.CopyFrom(whole);
        return copy;
    }
}
