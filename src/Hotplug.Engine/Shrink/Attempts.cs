using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Shrink;

/// <summary>
/// The failure as simple as it is known, and what tries simpler ones: the same rule must break again.
/// </summary>
internal sealed class Attempts(Runner runner, string rule, ShrinkBudget budget, CancellationToken stop) : IOperationSource
{
    private Operation[] _best = [];
    private Operation[] _candidate = new Operation[64];
    private int _length;
    private int _next;

    internal MachineSpec Spec { get; private set; } = new();

    internal ReadOnlySpan<Operation> Best => _best;

    internal int Length => _best.Length;

    internal long Executions { get; private set; }

    internal long Operations { get; private set; }

    internal bool IsSpent => Operations >= budget.Operations || stop.IsCancellationRequested;

    /// <summary>The run of the best.</summary>
    internal RunResult BestResult { get; private set; } = null!;

    bool IOperationSource.NeedsMenu => false;

    void IOperationSource.Begin(MachineSpec spec, Levels levels) => _next = 0;

    bool IOperationSource.TryNext(Menu menu, out Operation operation)
    {
        operation = _next < _length ? _candidate[_next] : default;
        return _next++ < _length;
    }

    /// <summary>Takes the candidate as the best if it breaks the rule, cut off where it does.</summary>
    internal bool Try(MachineSpec spec, ReadOnlySpan<Operation> candidate)
    {
        Room(candidate.Length);
        candidate.CopyTo(_candidate);
        _length = candidate.Length;
        return TryCandidate(spec);
    }

    /// <summary>The best without <paramref name="count"/> operations from <paramref name="start"/>.</summary>
    internal bool TryWithout(int start, int count)
    {
        Room(_best.Length);
        _length = _best.Length - count;
        _best.AsSpan(0, start).CopyTo(_candidate);
        _best.AsSpan(start + count).CopyTo(_candidate.AsSpan(start));
        return TryCandidate(Spec);
    }

    /// <summary>The best without these two operations.</summary>
    internal bool TryWithoutPair(int first, int second)
    {
        Room(_best.Length);
        _length = 0;
        for (var i = 0; i < _best.Length; i++)
            if (i != first && i != second)
                _candidate[_length++] = _best[i];
        return TryCandidate(Spec);
    }

    /// <summary>The best without the operations that were refused or named nothing; the last one stays.</summary>
    internal bool TryWithoutRefused()
    {
        Room(_best.Length);
        _length = 0;
        var answers = BestResult.Answers;
        for (var i = 0; i < _best.Length; i++)
            if (answers[i].IsOk || i == _best.Length - 1)
                _candidate[_length++] = _best[i];
        return _length < _best.Length && TryCandidate(Spec);
    }

    /// <summary>The best with another operation at one place, and none at the other.</summary>
    internal bool TryMerged(int place, int without, in Operation operation)
    {
        Room(_best.Length);
        _length = 0;
        for (var i = 0; i < _best.Length; i++)
            if (i != without)
                _candidate[_length++] = i == place ? operation : _best[i];
        return TryCandidate(Spec);
    }

    /// <summary>The best with another operation at this place.</summary>
    internal bool TryWith(int index, in Operation operation)
    {
        Room(_best.Length);
        _best.CopyTo(_candidate, 0);
        _candidate[index] = operation;
        _length = _best.Length;
        return TryCandidate(Spec);
    }

    private bool TryCandidate(MachineSpec spec)
    {
        if (IsSpent)
            return false;
        Executions++;
        var verdict = runner.Walk(spec, this, _length);
        Operations += runner.Executed.Length + 1;
        if (verdict == Verdict.Conforms || runner.Violation!.Rule != rule)
            return false;
        Spec = spec;
        BestResult = runner.LastResult;
        if (_best.Length == runner.Executed.Length)
            runner.Executed.CopyTo(_best);
        else
            _best = runner.Executed.ToArray();
        return true;
    }

    private void Room(int length)
    {
        if (_candidate.Length < length)
            _candidate = new Operation[length * 2];
    }
}
