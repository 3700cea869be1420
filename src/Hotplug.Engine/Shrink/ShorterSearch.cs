using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Shrink;

/// <summary>
/// Looks for a shorter failure where leaving out operations no longer helps: breadth first over every sequence of the
/// failure's own operations, each size also as small as it goes and as a whole block. Sequences that lead the
/// specification to the same state are one; so operations without an effect cost a step and no more.
/// </summary>
internal sealed class ShorterSearch(Runner runner, Attempts attempts, ShrinkBudget budget) : IOperationSource
{
    private readonly List<Operation> _alphabet = [];
    private readonly List<Node> _nodes = [];
    private readonly HashSet<object> _visited = [];
    private readonly List<Operation> _path = [];
    private object? _here;
    private int _step;
    private int _letter;
    private long _operations;

    /// <summary>True if everything shorter was tried, and nothing broke the rule.</summary>
    internal bool IsExhaustive { get; private set; }

    bool IOperationSource.NeedsMenu => false;

    void IOperationSource.Begin(MachineSpec spec, Levels levels) => _step = 0;

    // First the path to the node, then letter after letter until one leads away from it.
    bool IOperationSource.TryNext(Menu menu, out Operation operation)
    {
        if (_step < _path.Count)
        {
            operation = _path[_step++];
            return true;
        }

        if (_step > _path.Count && !runner.State!.Equals(_here))
        {
            operation = default;
            return false;
        }

        _step++;
        operation = _letter < _alphabet.Count ? _alphabet[_letter] : default;
        return _letter++ < _alphabet.Count;
    }

    /// <summary>True if a shorter failure was found and taken.</summary>
    internal bool TryFind()
    {
        var longest = attempts.Length - 1;
        CollectAlphabet();
        if (!TryBegin())
            return false;
        for (var node = 0; node < _nodes.Count; node++)
        {
            if (_nodes[node].Depth >= longest)
                break;
            if (TryExpand(node))
                return true;
            if (_operations >= budget.ProofOperations)
                return false;
        }

        IsExhaustive = true;
        return false;
    }

    private bool TryBegin()
    {
        if (runner.Walk(attempts.Spec, this, 0) != Verdict.Conforms)
            return false;
        Add(new Node(-1, -1, 0, runner.Suite.Specification.Retain(runner.State!)));
        return true;
    }

    private bool TryExpand(int node)
    {
        SetPath(node);
        var here = _nodes[node];
        _here = here.State;
        _letter = 0;
        while (_letter < _alphabet.Count)
        {
            var verdict = runner.Walk(attempts.Spec, this, int.MaxValue);
            _operations += runner.Executed.Length + 1;
            if (verdict == Verdict.Conforms)
            {
                if (_letter <= _alphabet.Count && !runner.State!.Equals(_here))
                    Reach(here, node);
            }
            else if (runner.Executed.Length <= _path.Count)
            {
                // It conformed before: this machine does not repeat itself, and nothing can be proved of it.
                _operations = long.MaxValue;
                return false;
            }
            else if (TryTake())
            {
                return true;
            }
        }

        return false;
    }

    private void Reach(Node from, int parent)
    {
        if (_visited.Contains(runner.State!))
            return;
        Add(new Node(parent, _letter - 1, from.Depth + 1, runner.Suite.Specification.Retain(runner.State!)));
    }

    // What ran may hold letters that changed nothing; what is taken is the path and the last letter.
    private bool TryTake()
    {
        var shorter = new Operation[_path.Count + 1];
        _path.CopyTo(shorter);
        shorter[^1] = _alphabet[_letter - 1];
        return attempts.Try(attempts.Spec, shorter);
    }

    private void Add(Node node)
    {
        _nodes.Add(node);
        _visited.Add(node.State);
    }

    private void SetPath(int node)
    {
        _path.Clear();
        for (var at = node; _nodes[at].Parent >= 0; at = _nodes[at].Parent)
            _path.Add(_alphabet[_nodes[at].Letter]);
        _path.Reverse();
    }

    private void CollectAlphabet()
    {
        foreach (ref readonly var operation in attempts.Best)
        {
            AddLetter(operation);
            foreach (var parameter in OperationTable.Of(operation.Kind).Parameters)
                if (parameter.Field == OperationField.Amount)
                {
                    AddLetter(operation with { Amount = Math.Max(parameter.Low, 1) });
                    if (parameter.Key == "pages")
                        AddLetter(operation with { Amount = attempts.Spec.PagesPerBlock });
                }
        }

        _alphabet.Sort(static (a, b) => TraceOrder.Compare(a, b));
    }

    private void AddLetter(in Operation operation)
    {
        if (!_alphabet.Contains(operation))
            _alphabet.Add(operation);
    }

    private readonly record struct Node(int Parent, int Letter, int Depth, object State);
}
