using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Explain;

/// <summary>
/// Finds out which operations and which arguments of a failing trace matter, by running it without them and with
/// others; and what the failing operation changed.
/// </summary>
public sealed class Explainer(Runner runner)
{
    // Words have few values, numbers are tried around what they are.
    private const int MostTried = 8;

    private int _executions;

    /// <summary>Explains a run that broke a rule.</summary>
    public Explanation Explain(RunResult failure)
    {
        var rule = failure.Violation?.Rule
            ?? throw new ArgumentException("a run that conforms has nothing to explain", nameof(failure));
        _executions = 0;
        var weights = ImmutableArray.CreateBuilder<OperationWeight>();
        for (var i = 0; i < failure.Executed.Length; i++)
            weights.Add(new OperationWeight(i, failure.Executed[i],
                !Fails(failure.Spec, failure.Executed.RemoveAt(i), rule), [.. Weigh(failure, rule, i)]));
        return new Explanation(weights.ToImmutable(), Changes(failure), _executions);
    }

    private IEnumerable<ArgumentWeight> Weigh(RunResult failure, string rule, int index)
    {
        var operation = failure.Executed[index];
        foreach (var parameter in OperationTable.Of(operation.Kind).Parameters)
        {
            if (parameter.Field == OperationField.At)
                continue;
            var value = OperationTable.Get(operation, parameter.Field);
            ImmutableArray<Operation> tried =
            [
                .. Others(parameter, value, failure.Spec).Select(v => OperationTable.With(operation, parameter.Field, v)),
            ];
            yield return new ArgumentWeight(parameter.Key,
                parameter.Words.IsEmpty || value >= parameter.Words.Length ? $"{value}" : parameter.Words[(int)value],
                tried, [.. tried.Where(o => Fails(failure.Spec, failure.Executed.SetItem(index, o), rule))]);
        }
    }

    private static IEnumerable<long> Others(OperationParameter parameter, long value, MachineSpec spec) =>
        (parameter.Words.IsEmpty
            ? new[] { value - 1, value + 1, value * 2, value + spec.PagesPerBlock, value - spec.PagesPerBlock }
            : Enumerable.Range(0, parameter.Words.Length).Select(static v => (long)v))
        .Where(v => v != value && v >= parameter.Low && v <= parameter.High).Distinct().Take(MostTried);

    private bool Fails(MachineSpec spec, ImmutableArray<Operation> operations, string rule)
    {
        _executions++;
        return runner.Walk(spec, new TraceSource(operations), operations.Length) == Verdict.Violates
            && runner.Violation!.Rule == rule;
    }

    // The run up to the failing operation, and with it: the machine shows both.
    private ImmutableArray<string> Changes(RunResult failure)
    {
        var before = new Observation();
        _executions += 2;
        runner.Walk(failure.Spec, new TraceSource(failure.Executed), failure.Executed.Length - 1);
        before.CopyFrom(runner.Seen);
        runner.Walk(failure.Spec, new TraceSource(failure.Executed), failure.Executed.Length);
        return [.. StateWords.Difference(before, runner.Seen)];
    }
}
