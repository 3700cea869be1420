using System.Collections.Immutable;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;

namespace Hotplug.Engine.Schedules;

/// <summary>One search of <see cref="Linearizability"/>: depth first over the events that may come next.</summary>
internal sealed class LinearizationSearch
{
    private readonly IHistorySpecification _specification;
    private readonly Observation _atRest;
    private readonly int _mostStates;
    private readonly RaceCall[] _calls;
    private readonly object[][] _events;
    private readonly RaceCall[][] _overlapping;
    private readonly int[][] _earlier;
    private readonly int[] _done;
    private readonly HashSet<Node> _inVain = new(NodeComparer.Instance);
    private readonly List<(int Call, int Number)> _order = [];
    private int _left;

    // The longest beginning of an order, and why nothing follows: an event that may not come, or what is seen at rest.
    private (int Call, int Number)[] _longest = [];
    private Violation? _end;

    public LinearizationSearch(
        IHistorySpecification specification, ImmutableArray<RaceCall> calls, Observation atRest, int mostStates)
    {
        _specification = specification;
        _atRest = atRest;
        _mostStates = mostStates;

        // By response: the order in which they are tried. What never returned comes last.
        _calls = [.. calls.OrderBy(static c => c.Returned < 0 ? int.MaxValue : c.Returned).ThenBy(static c =>
            c.Invoked)];
        _events = [.. _calls.Select(c => specification.EventsOf(c).ToArray())];
        _overlapping = [.. _calls.Select(c => _calls.Where(o => o != c && !o.IsBefore(c) && !c.IsBefore(o)).ToArray())];
        _earlier = [.. _calls.Select(c =>
            Enumerable.Range(0, _calls.Length).Where(i => _calls[i].IsBefore(c)).ToArray())];
        _done = new int[_calls.Length];
        for (var i = 0; i < _calls.Length; i++)
            if (_calls[i].Returned >= 0)
                _left += _events[i].Length;
    }

    /// <summary>States looked at.</summary>
    public int States { get; private set; }

    /// <summary>The bound was reached.</summary>
    public bool IsExhausted { get; private set; }

    /// <summary>The order found, or the longest beginning of one.</summary>
    public ImmutableArray<HistoryEvent> Order =>
        [.. _longest.Select(e => new HistoryEvent(_calls[e.Call], _events[e.Call][e.Number]))];

    /// <summary>True if there is an order from here on.</summary>
    public bool Find(object state)
    {
        if (States == _mostStates)
        {
            IsExhausted = true;
            return false;
        }

        States++;
        if (_left == 0 && IsRest(state))
            return true;
        for (var i = 0; i < _calls.Length; i++)
        {
            if (!MayComeNext(i))
                continue;
            var judgement = _specification.Judge(state, _calls[i], _events[i][_done[i]], _overlapping[i]);
            if (judgement.Refutation is { } why)
                Note(why);
            else if (Take(i, judgement.Next!))
                return true;
            if (IsExhausted)
                return false;
        }

        _inVain.Add(new Node([.. _done], state));
        return false;
    }

    /// <summary>What ends the longest beginning of an order.</summary>
    public Violation Blame() => _end! with
    {
        Observed = $"{_end.Observed}, in every order of the {_calls.Length} operations that real time permits",
    };

    private bool Take(int call, object next)
    {
        Move(call, +1);
        var found = (_inVain.Count == 0 || !_inVain.Contains(new Node(_done, next))) && Find(next);
        Move(call, -1);
        return found;
    }

    private void Move(int call, int step)
    {
        if (step > 0)
            _order.Add((call, _done[call]));
        else
            _order.RemoveAt(_order.Count - 1);
        _done[call] += step;
        if (_calls[call].Returned >= 0)
            _left -= step;
    }

    private bool MayComeNext(int call)
    {
        if (_done[call] == _events[call].Length)
            return false;
        foreach (var other in _earlier[call])
            if (_done[other] < _events[other].Length)
                return false;
        return true;
    }

    private bool IsRest(object state)
    {
        if (_specification.CheckRest(state, _atRest) is { } differs)
        {
            Note(differs);
            return false;
        }

        _longest = [.. _order];
        return true;
    }

    private void Note(Violation end)
    {
        if (_end is not null && _order.Count <= _longest.Length)
            return;
        _longest = [.. _order];
        _end = end;
    }

    /// <summary>All that can follow depends on this: which events happened, and what the state is.</summary>
    private readonly record struct Node(int[] Done, object State);

    private sealed class NodeComparer : IEqualityComparer<Node>
    {
        public static NodeComparer Instance { get; } = new();

        public bool Equals(Node x, Node y) => x.Done.AsSpan().SequenceEqual(y.Done) && x.State.Equals(y.State);

        public int GetHashCode(Node node)
        {
            var hash = default(HashCode);
            foreach (var done in node.Done)
                hash.Add(done);
            hash.Add(node.State);
            return hash.ToHashCode();
        }
    }
}
