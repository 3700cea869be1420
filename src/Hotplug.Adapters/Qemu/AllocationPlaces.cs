using System.Text.Json.Nodes;
using Hotplug.Contract;
using Hotplug.Contract.Operations;

namespace Hotplug.Adapters.Qemu;

/// <summary>Where the pages of live allocations lie, to see where they went.</summary>
internal sealed class AllocationPlaces
{
    private readonly SortedDictionary<int, List<PageRange>> _places = [];

    /// <summary>Some allocation holds pages.</summary>
    internal bool Any => _places.Count > 0;

    internal void Clear() => _places.Clear();

    /// <summary>True if one of them holds the page.</summary>
    internal bool Holds(long pfn) => _places.Values.Any(runs => runs.Exists(r => r.Contains(pfn)));

    /// <summary>Learns from an operation that succeeded.</summary>
    internal void Follow(in Operation operation, JsonObject result)
    {
        if (operation.Kind == OperationKind.Alloc)
            _places[operation.Subject.Id] = Runs(result["pfns"]!.AsArray());
        else if (operation.Kind == OperationKind.Free)
            _places.Remove(operation.Subject.Id);
    }

    /// <summary>
    /// Forgets allocations that have one of these pages; true if there was one.
    /// </summary>
    internal bool Leave(List<long> pages)
    {
        var left = _places.Where(p => p.Value.Exists(
            range => pages.Exists(pfn => range.Contains(pfn)))).Select(static p => p.Key).ToArray();
        foreach (var id in left)
            _places.Remove(id);
        return left.Length > 0;
    }

    /// <summary>
    /// Asks where the pages are now: what moved, as from, to and count. A page that is nowhere – poisoned – did not
    /// move.
    /// </summary>
    internal JsonArray Moves(AgentClient agent)
    {
        var moves = new JsonArray();
        foreach (var id in _places.Keys.ToArray())
        {
            var now = Runs(agent.Ask("where", new JsonObject { ["alloc"] = id })["pfns"]!.AsArray());
            if (now.SequenceEqual(_places[id]))
                continue;
            _places[id] = Compare(_places[id], now, moves);
        }

        return moves;
    }

    // Both lists cover the same pages in the same order. A page that is nowhere now keeps the place that it had.
    private static List<PageRange> Compare(List<PageRange> before, List<PageRange> now, JsonArray moves)
    {
        var places = new List<PageRange>();
        int i = 0, j = 0;
        long usedBefore = 0, usedNow = 0;
        while (i < before.Count && j < now.Count)
        {
            var count = Math.Min(before[i].Count - usedBefore, now[j].Count - usedNow);
            var (from, to) = (before[i].Start + usedBefore, now[j].Start + usedNow);
            var isThere = now[j].Start > 0;
            if (isThere && from != to)
                moves.Add(new JsonArray(from, to, count));
            places.Add(new PageRange(isThere ? to : from, count));
            usedBefore += count;
            usedNow += count;
            if (usedBefore == before[i].Count)
                (i, usedBefore) = (i + 1, 0);
            if (usedNow == now[j].Count)
                (j, usedNow) = (j + 1, 0);
        }

        return places;
    }

    // Pairs of start and count; a start of 0 means nowhere.
    private static List<PageRange> Runs(JsonArray pairs)
    {
        var runs = new List<PageRange>();
        for (var i = 0; i + 1 < pairs.Count; i += 2)
            runs.Add(new PageRange(pairs[i]!.GetValue<long>(), pairs[i + 1]!.GetValue<long>()));
        return runs;
    }
}
