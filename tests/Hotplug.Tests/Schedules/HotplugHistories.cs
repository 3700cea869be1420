using System.Collections.Immutable;
using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;
using Hotplug.Model.Histories;

namespace Hotplug.Tests.Schedules;

/// <summary>
/// Small histories of hotplug: what the faithful machine did one by one, as if it had overlapped in some way, and the
/// same with something changed that a broken machine could have answered.
/// </summary>
internal static class HotplugHistories
{
    private const int MostEvents = 7;
    private const int Variants = 5;

    /// <summary>Endless, from a seed.</summary>
    internal static IEnumerable<SequentialHistory> Draw(ulong seed)
    {
        var model = new HistoryModel();
        var random = new SplitMix(seed);
        for (var run = 0UL; ; run++)
        {
            using var machine = BitmapMachine.Create();
            foreach (var history in SequentialHistories.Of(machine, SplitMix.Derive(seed, run), operations: 40,
                length: 3))
            {
                if (history.Calls.Sum(c => model.EventsOf(c).Length) > MostEvents)
                    continue;
                for (var i = 0; i < Variants; i++)
                    yield return Changed(ref random, Overlapped(ref random, history));
            }
        }
    }

    // Each is invoked at some time before it was in truth, and returns later; now and then one never returns.
    private static SequentialHistory Overlapped(ref SplitMix random, SequentialHistory history)
    {
        var points = new List<(int At, int Call, bool Returns)>();
        for (var i = 0; i < history.Calls.Length; i++)
        {
            points.Add(((10 * i) + 1 - random.Below(15), i, false));
            points.Add(((10 * i) + 2 + random.Below(15), i, true));
        }

        var calls = history.Calls.ToArray();
        var place = 0;
        foreach (var (_, call, returns) in points.OrderBy(static p => p.At).ThenBy(static p =>
            p.Returns).ThenBy(static p => p.Call))
            calls[call] = returns ? calls[call] with { Returned = place++ }
                : calls[call] with { Cpu = call, Invoked = place++ };
        if (random.Chance(10))
            calls[^1] = calls[^1] with { Returned = -1 };
        return history with { Calls = [.. calls.OrderBy(static c => c.Invoked)] };
    }

    private static SequentialHistory Changed(ref SplitMix random, SequentialHistory history)
    {
        var at = random.Below(history.Calls.Length);
        var call = history.Calls[at];
        return random.Below(6) switch
        {
            0 or 1 => history,
            2 => history with
            {
                Calls = history.Calls.SetItem(at,
                call with { Outcome = WithAnswer(ref random, call.Outcome) })
            },
            3 => history with
            {
                Calls = history.Calls.SetItem(at,
                call with { Outcome = Shifted(ref random, call.Outcome) })
            },
            4 => history with { After = history.Before },
            _ => history with { Calls = history.Calls.Length > 1 ? history.Calls.RemoveAt(at) : history.Calls },
        };
    }

    private static OutcomeRecord WithAnswer(ref SplitMix random, OutcomeRecord outcome) => outcome with
    {
        Answer = random.Below(4) switch
        {
            0 => Answer.Ok,
            1 => Answer.Of(Errno.EINVAL),
            2 => Answer.Of(Errno.ENOMEM),
            _ => Answer.Of(Errno.EBUSY),
        },
    };

    private static OutcomeRecord Shifted(ref SplitMix random, OutcomeRecord outcome)
    {
        if (outcome.Witness.IsEmpty)
            return WithAnswer(ref random, outcome);
        var at = random.Below(outcome.Witness.Length);
        var witness = outcome.Witness[at];
        var range = witness.Range with { Start = Math.Max(0, witness.Range.Start + random.Between(-2, 2)) };
        return outcome with { Witness = outcome.Witness.SetItem(at, witness with { Range = range }) };
    }
}
