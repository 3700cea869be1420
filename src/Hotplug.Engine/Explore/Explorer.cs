using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Explore;

/// <summary>
/// Visits everything that a scope can come to, breadth first: in every state every operation, the machine judged by all
/// that applies to it. A machine need not go back: a state is reached again by the shortest way to it, and what left it
/// as it was costs no way at all.
/// </summary>
public sealed class Explorer : IOperationSource
{
    private readonly Runner _runner;
    private readonly Scope _scope;
    private readonly ExploreOptions _options;
    private readonly Renaming _renaming;
    private readonly ISeeded? _seeded;
    private readonly List<Node> _nodes = [];
    private readonly HashSet<StateKey> _visited = [];
    private readonly List<Operation> _path = [];
    private readonly Menu _menu = new();
    private StateKey _here;
    private long _seconds;
    private long _broken;
    private int _step;
    private int _letter;
    private int _last;
    private int _tried;
    private int _next;
    private long _edges;
    private RunResult? _failure;

    /// <summary>Explores the scope with this runner's machine and suite.</summary>
    public Explorer(Runner runner, Scope scope, ExploreOptions options)
    {
        _runner = runner;
        _scope = scope;
        _options = options;
        _renaming = new Renaming(runner, scope.Alphabet);
        _seeded = runner.Machine as ISeeded;
    }

    bool IOperationSource.NeedsMenu => false;

    void IOperationSource.Begin(MachineSpec spec, Levels levels)
    {
        _step = 0;
        _tried = 0;
    }

    // First the way to the state, then letter after letter until one leads away from it.
    bool IOperationSource.TryNext(Menu menu, out Operation operation)
    {
        if (_step < _path.Count)
        {
            operation = _path[_step++];
            return true;
        }

        if (_step++ == _path.Count)
            Arrive();
        else if (LedAway())
            return Nothing(out operation);
        while (_letter < _scope.Alphabet.Length)
        {
            operation = _scope.Alphabet[_letter++];
            if (!IsTried(operation))
                continue;
            // Letters that are not tried may follow it: it is this one that leads somewhere.
            _last = _letter - 1;
            _edges++;
            _tried++;
            return true;
        }

        return Nothing(out operation);
    }

    /// <summary>Explores.</summary>
    public ExploreResult Explore() => Explore(_options.MostOperations);

    /// <summary>Explores sequences of so many operations; those that were tried before are not tried again.</summary>
    public ExploreResult Explore(int mostOperations)
    {
        var longest = Math.Min(mostOperations, _scope.MostOperations);
        var isComplete = _nodes.Count > 0 || TryBegin();
        while (isComplete && _failure is null && _next < _nodes.Count && _nodes[_next].Depth < longest)
        {
            isComplete = _nodes.Count <= _options.MostStates && _options.TimeIsUp?.Invoke() != true;
            if (isComplete)
                Expand(_next++);
        }

        return new ExploreResult(_scope, _nodes.Count, _edges, _nodes.Count == 0 ? 0 : _nodes[^1].Depth,
            isComplete && (_next == _nodes.Count || longest == _scope.MostOperations), _failure);
    }

    /// <summary>(State, operation) pairs that were carried out until now.</summary>
    internal long Edges => _edges;

    private bool TryBegin()
    {
        _letter = _scope.Alphabet.Length;
        if (_runner.Walk(_scope.Spec, this, int.MaxValue) != Verdict.Conforms)
        {
            Fail();
            return false;
        }

        Reach(new Node(-1, -1, 0, 0, IsBroken: false));
        return true;
    }

    private void Expand(int node)
    {
        SetPath(node);
        var here = _nodes[node];
        _letter = 0;
        while (_letter < _scope.Alphabet.Length && _failure is null)
        {
            var verdict = _runner.Walk(_scope.Spec, this, int.MaxValue);
            if (verdict == Verdict.Conforms && _tried > 0 && LedAway())
                Reach(Child(here, node));
            else if (verdict != Verdict.Conforms)
                Fail();
        }
    }

    private Node Child(in Node here, int parent)
    {
        var operation = _scope.Alphabet[_last];
        return new Node(parent, _last, here.Depth + 1, here.Seconds + SecondsOf(operation),
            here.IsBroken || HasBroken);
    }

    // Names are of no account: of states that differ by them alone the first one stands for all.
    private void Reach(Node node)
    {
        // What a seeded fault did inside the machine cannot be seen: such states are never taken for others.
        if (node.IsBroken || _visited.Add(CanonicalKey(node)))
            _nodes.Add(node);
    }

    private StateKey CanonicalKey(in Node node)
    {
        if (!_renaming.TryFind())
            return KeyOf(node.Seconds);
        var way = WayTo(node);
        for (var i = 0; i < way.Length; i++)
            way[i] = _renaming.Rename(way[i]);
        _runner.Walk(_scope.Spec, new TraceSource([.. way]), way.Length);
        return KeyOf(node.Seconds);
    }

    private Operation[] WayTo(in Node node)
    {
        var way = new Operation[node.Depth];
        var at = node;
        for (var i = node.Depth - 1; i >= 0; i--)
        {
            way[i] = _scope.Alphabet[at.Letter];
            at = _nodes[at.Parent];
        }

        return way;
    }

    private StateKey KeyOf(long seconds) =>
        new(Digest.Of(_runner.Seen), _runner.Suite.Specification.Retain(_runner.State!), seconds);

    private void Arrive()
    {
        _seconds = 0;
        foreach (var operation in _path)
            _seconds += SecondsOf(operation);
        _here = KeyOf(_seconds);
        _broken = _seeded?.TimesBroken ?? 0;
        _runner.Suite.Specification.Describe(_runner.State!, _menu);
    }

    private bool LedAway() => SecondsOf(_scope.Alphabet[_last]) > 0 || HasBroken
        || Digest.Of(_runner.Seen) != _here.Seen || !_runner.State!.Equals(_here.Known);

    private bool HasBroken => _seeded is not null && _seeded.TimesBroken != _broken;

    private bool IsTried(in Operation operation)
    {
        if (!_runner.Bindings.TryResolve(operation, out var target) || !_renaming.IsNextName(operation))
            return false;
        return operation.Kind switch
        {
            OperationKind.Tick => _seconds + operation.Amount <= _scope.MostSeconds,
            OperationKind.Get => ExtraReferences(operation.Subject, target) < _scope.MostExtraReferences,
            _ => true,
        };
    }

    // Of a page that no allocation has, all but its owner's.
    private int ExtraReferences(Name page, Target target)
    {
        if (page.Kind != NameKind.Allocation)
            return Math.Max(1, _runner.Seen.PageAt(target.Range.Start, _scope.Spec.PagesPerBlock).References) - 1;
        foreach (var allocation in _menu.Allocations)
            if (allocation.Name == page.WithPage(-1))
                return allocation.Extra;
        return 0;
    }

    private static long SecondsOf(in Operation operation) =>
        operation.Kind == OperationKind.Tick ? operation.Amount : 0;

    // What ran may hold letters that changed nothing that can be seen: without them if that will do.
    private void Fail()
    {
        var failure = _runner.LastResult;
        if (_tried > 0 && _options.Rule is { } rule && failure.Violation!.Rule != rule)
            return;
        _failure = failure;
        if (failure.Executed.Length <= _path.Count + 1)
            return;
        var shorter = _runner.Run(_scope.Spec, new TraceSource([.. _path, failure.Executed[^1]]), int.MaxValue);
        if (shorter.Violation?.Rule == failure.Violation!.Rule)
            _failure = shorter;
    }

    private void SetPath(int node)
    {
        _path.Clear();
        _path.AddRange(WayTo(_nodes[node]));
    }

    private static bool Nothing(out Operation operation)
    {
        operation = default;
        return false;
    }

    private readonly record struct Node(int Parent, int Letter, int Depth, long Seconds, bool IsBroken);
}
