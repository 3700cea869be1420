using System.Collections.Immutable;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Tests.Schedules;

/// <summary>
/// Whether overlapping operations have an order, asked in the most stupid way: every order of every choice of events is
/// written down, checked against real time, and carried out from the start.
/// </summary>
internal static class BruteForce
{
    internal static bool IsPermitted(
        IHistorySpecification specification, object initial, ImmutableArray<RaceCall> calls, Observation atRest)
    {
        var events = calls.Select(specification.EventsOf).ToArray();
        foreach (var lengths in Lengths(calls, events))
            foreach (var order in Orders(lengths))
                if (KeepsRealTime(order, calls) && Leads(specification, initial, calls, events, order, atRest))
                    return true;
        return false;
    }

    // What returned happened as a whole; of what did not any beginning may have.
    private static IEnumerable<int[]> Lengths(ImmutableArray<RaceCall> calls, ImmutableArray<object>[] events)
    {
        IEnumerable<int[]> choices = [[]];
        for (var i = 0; i < calls.Length; i++)
        {
            var whole = events[i].Length;
            var least = calls[i].Returned >= 0 ? whole : 0;
            choices = choices.SelectMany(c => Enumerable.Range(least, whole - least + 1).Select(n =>
                (int[])[.. c, n])).ToArray();
        }

        return choices;
    }

    // Each order as the sequence of operations whose next event happens.
    private static List<int[]> Orders(int[] lengths)
    {
        var orders = new List<int[]>();
        Extend(new int[lengths.Sum()], 0);
        return orders;

        void Extend(int[] order, int count)
        {
            if (count == order.Length)
                orders.Add([.. order]);
            for (var i = 0; i < lengths.Length; i++)
            {
                if (lengths[i] == 0)
                    continue;
                lengths[i]--;
                order[count] = i;
                Extend(order, count + 1);
                lengths[i]++;
            }
        }
    }

    private static bool KeepsRealTime(int[] order, ImmutableArray<RaceCall> calls)
    {
        for (var late = 0; late < order.Length; late++)
            for (var early = 0; early < late; early++)
                if (calls[order[late]].Returned >= 0 && calls[order[late]].Returned < calls[order[early]].Invoked)
                    return false;
        return true;
    }

    private static bool Leads(IHistorySpecification specification, object initial, ImmutableArray<RaceCall> calls,
        ImmutableArray<object>[] events, int[] order, Observation atRest)
    {
        var next = new int[calls.Length];
        var state = initial;
        foreach (var i in order)
        {
            var others = calls.Where((c, j) => j != i && Overlap(c, calls[i])).ToArray();
            var judgement = specification.Judge(state, calls[i], events[i][next[i]++], others);
            if (!judgement.IsPermitted)
                return false;
            state = judgement.Next!;
        }

        return specification.CheckRest(state, atRest) is null;
    }

    private static bool Overlap(RaceCall one, RaceCall other) =>
        (one.Returned < 0 || one.Returned > other.Invoked) && (other.Returned < 0 || other.Returned > one.Invoked);
}
