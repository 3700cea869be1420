using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Tests.Schedules;

/// <summary>Draws small histories of <see cref="ToyHistories"/>: what really happened, or nearly.</summary>
internal static class ToyDraw
{
    private static readonly ToyHistories s_toy = new();

    internal static (ImmutableArray<RaceCall> Calls, Observation AtRest) Draw(ref SplitMix random)
    {
        var running = new List<RaceCall>();
        var steps = new Dictionary<int, int>();
        var done = ImmutableArray.CreateBuilder<RaceCall>();
        var state = ToyHistories.Toy.Empty;
        var place = 0;
        var left = random.Between(1, 4);
        while (left > 0 || running.Count > 0)
        {
            if (left > 0 && running.Count < 3 && (running.Count == 0 || random.Chance(50)))
            {
                left--;
                running.Add(new RaceCall(left % 4, DrawOperation(ref random), default, place, -1,
                    ToyHistories.Outcome(0)));
                steps[place++] = 0;
                continue;
            }

            var at = random.Below(running.Count);
            var call = running[at];
            var step = steps[call.Invoked]++;
            var events = s_toy.EventsOf(call);
            if (step < events.Length)
            {
                running[at] = call = Answered(call, state);
                state = ToyHistories.Next(state, call, events[step])!;
                continue;
            }

            running.RemoveAt(at);
            done.Add(random.Chance(6) ? call : call with { Returned = place++ });
        }

        return (Mutated(ref random, done), AtRest(ref random, state));
    }

    private static Operation DrawOperation(ref SplitMix random) => random.Below(5) switch
    {
        0 => Operation.LoanTarget(random.Between(1, 3)),
        1 => Operation.Oom(),
        2 => Operation.Inflate(BalloonDriver.Virtio, random.Between(1, 3)),
        3 => Operation.Deflate(BalloonDriver.Virtio, 1),
        _ => Operation.Tick(random.Between(1, 2)),
    };

    private static RaceCall Answered(RaceCall call, ToyHistories.Toy state) => call.Operation.Kind switch
    {
        OperationKind.Oom => call with { Outcome = ToyHistories.Outcome(state.Register) },
        OperationKind.Deflate => call with
        {
            Outcome = ToyHistories.Outcome(state.Queue.Length == 0 ? 0
            : state.Queue[0] - '0')
        },
        _ => call,
    };

    private static ImmutableArray<RaceCall> Mutated(ref SplitMix random, ImmutableArray<RaceCall>.Builder calls)
    {
        if (random.Chance(70))
        {
            var at = random.Below(calls.Count);
            calls[at] = calls[at] with { Outcome = ToyHistories.Outcome(random.Below(4)) };
        }

        return calls.ToImmutable();
    }

    private static Observation AtRest(ref SplitMix random, ToyHistories.Toy state) => new()
    {
        ManagedTotal = state.Register + (random.Chance(10) ? 1 : 0),
        PoisonedPages = state.Queue.Length,
    };
}
