using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Run;
using Hotplug.Engine.Shrink;

namespace Hotplug.Engine.Explain;

/// <summary>
/// Finds out which operations and which arguments of a failing trace matter, by running it without them and with
/// others; and what the failing operation changed.
/// </summary>
public sealed class Explainer(Runner runner)
{
    /// <summary>Longer traces have not been shrunk: nobody reads an explanation of them.</summary>
    public const int MostOperations = 20;

    private readonly List<OperationNumber> _numbers = [];
    private int _executions;

    /// <summary>Explains a run that broke a rule.</summary>
    public Explanation Explain(RunResult failure)
    {
        if (failure.Violation is null)
            throw new ArgumentException("a run that conforms has nothing to explain", nameof(failure));
        _executions = 0;
        var weights = ImmutableArray.CreateBuilder<OperationWeight>();
        for (var i = 0; i < failure.Executed.Length; i++)
        {
            var isNeeded = !Fails(failure, failure.Executed.RemoveAt(i));
            var without = isNeeded && i < failure.Executed.Length - 1 ? Ending(failure.Executed[^1]) : "";
            weights.Add(new OperationWeight(i, failure.Executed[i], isNeeded, without, [.. Weigh(failure, i)]));
        }

        return new Explanation(weights.ToImmutable(), failure.FailedAt, Changes(failure), _executions);
    }

    // What the run that was tried last came to.
    private string Ending(in Operation failing)
    {
        if (runner.Violation is { } other)
            return $"{other.Rule} breaks";
        return runner.Executed.Length > 0 ? $"{failing} -> {runner.Answers[^1]}" : "nothing is left";
    }

    private IEnumerable<ArgumentWeight> Weigh(RunResult failure, int index)
    {
        var operation = failure.Executed[index];
        if (Kinds(failure, index) is { } kinds)
            yield return kinds;
        OperationNumber.List(operation, _numbers);
        foreach (var number in _numbers.ToArray())
        {
            if (KeyOf(number, operation) is not { } key)
                continue;
            var weight = Weigh(failure, index, key, number);
            if (weight.StillFails.Length + weight.Conforms.Length > 0)
                yield return weight;
        }
    }

    private ArgumentWeight Weigh(RunResult failure, int index, string key, OperationNumber number)
    {
        var operation = failure.Executed[index];
        var value = number.Get(operation);
        var fails = ImmutableArray.CreateBuilder<string>();
        var conforms = ImmutableArray.CreateBuilder<string>();
        foreach (var other in OtherValues.Of(operation, number, failure.Spec))
            (Fails(failure, failure.Executed.SetItem(index, number.With(operation, other))) ? fails : conforms)
                .Add(OtherValues.Print(operation, number, other));
        return new ArgumentWeight(key, OtherValues.Print(operation, number, value), fails.ToImmutable(),
            conforms.ToImmutable());
    }

    // Operations of the same form: an online_movable could be an online, an offline is none.
    private ArgumentWeight? Kinds(RunResult failure, int index)
    {
        var operation = failure.Executed[index];
        if (!IsOnlining(operation.Kind))
            return null;
        var fails = ImmutableArray.CreateBuilder<string>();
        var conforms = ImmutableArray.CreateBuilder<string>();
        for (var kind = OperationKind.Online; kind <= OperationKind.OnlineMovable; kind++)
            if (kind != operation.Kind)
                (Fails(failure, failure.Executed.SetItem(index, operation with { Kind = kind })) ? fails : conforms)
                    .Add(OperationTable.Of(kind).Word);
        return new ArgumentWeight("operation", OperationTable.Of(operation.Kind).Word, fails.ToImmutable(),
            conforms.ToImmutable());
    }

    private static bool IsOnlining(OperationKind kind) =>
        kind is OperationKind.Online or OperationKind.OnlineKernel or OperationKind.OnlineMovable;

    // Which number a device or an allocation has is of no account: it is only a name.
    private static string? KeyOf(OperationNumber number, in Operation operation) => number.Place switch
    {
        NumberPlace.SubjectBlock when operation.Subject.Kind != NameKind.None => "block",
        NumberPlace.SubjectPage when operation.Subject.Kind != NameKind.None => "page",
        NumberPlace.AtBlock when operation.At.Kind != NameKind.None => "at's block",
        NumberPlace.AtPage when operation.At.Kind != NameKind.None => "at's page",
        NumberPlace.Field => OtherValues.ParameterOf(operation, number).Key,
        _ => null,
    };

    private bool Fails(RunResult failure, ImmutableArray<Operation> operations)
    {
        _executions++;
        return runner.Walk(failure.Spec, new TraceSource(operations), operations.Length) == Verdict.Violates
            && runner.Violation!.Rule == failure.Violation!.Rule;
    }

    // The run up to the failing operation, and with it: the machine shows both.
    private ImmutableArray<string> Changes(RunResult failure)
    {
        if (failure.FailedAt < 0)
            return [];
        var before = new Observation();
        _executions += 2;
        runner.Walk(failure.Spec, new TraceSource(failure.Executed), failure.Executed.Length - 1);
        before.CopyFrom(runner.Seen);
        runner.Walk(failure.Spec, new TraceSource(failure.Executed), failure.Executed.Length);
        return [.. StateWords.Difference(before, runner.Seen)];
    }
}
