using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Engine.Schedules;

/// <summary>Records invocations and responses in the order in which they come.</summary>
internal sealed class CallRecorder
{
    private readonly Outcome[] _outcomes = [.. Enumerable.Range(0, Scheduler.MostCpus).Select(static _ => new Outcome())];
    private readonly int[] _underWay = new int[Scheduler.MostCpus];
    private readonly List<Call> _calls = [];
    private int _events;

    internal void Begin(Race race)
    {
        _calls.Clear();
        _events = 0;
        _underWay.AsSpan(0, race.Cpus.Length).Fill(-1);
    }

    /// <summary>An operation begins; the buffer for what it answers.</summary>
    internal Outcome Invoke(int cpu, in Operation operation, in Target target)
    {
        _underWay[cpu] = _calls.Count;
        _calls.Add(new Call(cpu, operation, target, _events++));
        _outcomes[cpu].Clear();
        return _outcomes[cpu];
    }

    /// <summary>It returned.</summary>
    internal void Return(int cpu)
    {
        var call = _calls[_underWay[cpu]];
        _underWay[cpu] = -1;
        call.Returned = _events++;
        call.Outcome = _outcomes[cpu].ToRecord();
    }

    internal bool IsUnderWay(int cpu) => _underWay[cpu] >= 0;

    internal Operation OperationOf(int cpu) => _calls[_underWay[cpu]].Operation;

    internal Outcome OutcomeOf(int cpu) => _outcomes[cpu];

    internal ImmutableArray<RaceCall> ToArray() =>
    [
        .. _calls.Select(c => new RaceCall(c.Cpu, c.Operation, c.Target, c.Invoked, c.Returned,
            c.Outcome ?? _outcomes[c.Cpu].ToRecord())),
    ];

    private sealed class Call(int cpu, Operation operation, Target target, int invoked)
    {
        internal int Cpu { get; } = cpu;

        internal Operation Operation { get; } = operation;

        internal Target Target { get; } = target;

        internal int Invoked { get; } = invoked;

        internal int Returned { get; set; } = -1;

        internal OutcomeRecord? Outcome { get; set; }
    }
}
