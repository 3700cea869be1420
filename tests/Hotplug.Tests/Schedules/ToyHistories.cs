using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;

namespace Hotplug.Tests.Schedules;

/// <summary>
/// A register and a queue: <c>loan-target</c> writes the register, <c>oom</c> reads it, <c>tick</c> adds to it in two
/// steps that others may come between, <c>inflate</c> enqueues and <c>deflate</c> dequeues. What was read or dequeued
/// is the number of pages released.
/// </summary>
internal sealed class ToyHistories : IHistorySpecification
{
    private const string Store = "stores";

    /// <summary>What a machine at rest shows: the register, and the queue as digits.</summary>
    internal sealed record Toy(long Register, string Queue, string Loaded)
    {
        public static Toy Empty { get; } = new(0, "", "");
    }

    public object Begin(MachineSpec spec, Levels levels, object sequentialState, Observation atRest) => sequentialState;

    public ImmutableArray<object> EventsOf(RaceCall call) => call.Operation.Kind == OperationKind.Tick
        ? call.Returned < 0 && call.Outcome.Witness.IsEmpty ? ["loads"] : ["loads", Store]
        : ["happens"];

    public Judgement Judge(object state, RaceCall call, object occurrence, ReadOnlySpan<RaceCall> overlapping) =>
        Next((Toy)state, call, occurrence) is { } next
            ? Judgement.Permitted(next)
            : Judgement.Refuted(new Violation("toy.reads", call.Operation.ToString(), state.ToString()!,
                $"{ValueOf(call)}",
                new Citation("1990", "toy", "read")));

    internal static Toy? Next(Toy toy, RaceCall call, object occurrence)
    {
        switch (call.Operation.Kind)
        {
            case OperationKind.LoanTarget:
                return toy with { Register = call.Operation.Amount };
            case OperationKind.Oom:
                return ValueOf(call) == toy.Register ? toy : null;
            case OperationKind.Inflate:
                return toy with { Queue = toy.Queue + call.Operation.Amount };
            case OperationKind.Deflate when toy.Queue.Length == 0:
                return ValueOf(call) == 0 ? toy : null;
            case OperationKind.Deflate:
                return ValueOf(call) == toy.Queue[0] - '0' ? toy with { Queue = toy.Queue[1..] } : null;
            case OperationKind.Tick when (string)occurrence == Store:
                var start = toy.Loaded.IndexOf($"<{call.Invoked}:", StringComparison.Ordinal);
                var end = toy.Loaded.IndexOf('>', start);
                var loaded = long.Parse(toy.Loaded[(toy.Loaded.IndexOf(':', start) + 1)..end]);
                return toy with
                {
                    Register = loaded + call.Operation.Amount,
                    Loaded = toy.Loaded.Remove(start, end - start + 1),
                };
            default:
                return toy with { Loaded = $"{toy.Loaded}<{call.Invoked}:{toy.Register}>" };
        }
    }

    public Violation? CheckRest(object state, Observation atRest)
    {
        var toy = (Toy)state;
        return toy.Register == atRest.ManagedTotal && toy.Queue.Length == atRest.PoisonedPages ? null
            : new("toy.rest", "register and queue", $"{toy.Register}, {toy.Queue}",
                $"{atRest.ManagedTotal}, {atRest.PoisonedPages} long", new Citation("1990", "toy", "rest"));
    }

    internal static long ValueOf(RaceCall call) => call.Outcome.Witness.IsEmpty ? 0
        : call.Outcome.Witness[0].Range.Count;

    internal static OutcomeRecord Outcome(long value) =>
        new(Answer.Ok, [new Witness(WitnessRole.Released, new PageRange(0, value))], [], "");
}
