using System.Collections.Immutable;
using System.Numerics;

namespace Hotplug.Engine.Schedules.Strategies;

/// <summary>
/// Every schedule with at most so many preemptions, those with fewer first. A schedule is run from its beginning: the
/// steps that lead to where it differs are taken again.
/// </summary>
/// <remarks>
/// <para>
/// Partial-order reduction by sleep sets (Godefroid 1996): after the way on with CPU t was taken from a place, the
/// other ways on need not take t's step as long as nothing that they did conflicts with it; both orders come to the
/// same, and the first was taken already. All states are still visited.
/// </para>
/// <para>
/// A bound on preemptions spoils that where the order that was taken already needs more of them. So t is put to sleep
/// only where that order cannot need more: t is the CPU that ran before, to leave it costs the preemption that the other
/// order pays as well; or t cannot go on after its step, to leave it costs nothing.
/// </para>
/// </remarks>
/// <param name="mostPreemptions">The bound.</param>
/// <param name="reduces">Leaves out what comes to the same.</param>
public sealed class ExhaustiveSchedules(int mostPreemptions, bool reduces = true) : ISchedules
{
    private readonly Stack<Way> _now = new([new Way([], 0, [])]);
    private readonly List<Way> _later = [];
    private readonly List<byte> _path = [];
    private readonly List<Sleeper> _asleep = [];
    private readonly List<(int Cpu, int Preemptions)> _others = [];
    private ImmutableArray<Sleeper> _asleepThere = [];
    private Way _way = new([], 0, []);
    private int _preemptions;
    private bool _goesOn;

    /// <summary>Schedules with at most so many preemptions are being run, or were.</summary>
    public int Bound { get; private set; }

    /// <summary>Ways on that were left out since they come to the same as others.</summary>
    public long Pruned { get; private set; }

    /// <summary>Every schedule within the bound was run.</summary>
    public bool IsComplete { get; private set; }

    /// <inheritdoc/>
    public bool TryBegin()
    {
        while (_now.Count == 0 && _later.Count > 0 && Bound < mostPreemptions)
            NextBound();
        IsComplete = _now.Count == 0;
        if (IsComplete)
            return false;
        _way = _now.Pop();
        _path.Clear();
        _preemptions = _way.Preemptions;
        _asleep.Clear();
        foreach (var sleeper in _way.Asleep)
            _asleep.Add(sleeper);
        return true;
    }

    /// <inheritdoc/>
    public int Choose(in Choice choice)
    {
        if (_path.Count >= _way.Cpus.Length && _path.Count > 0)
            Learn(choice.Done, choice.Can(_path[^1]));
        if (_path.Count < _way.Cpus.Length)
        {
            _path.Add(_way.Cpus[_path.Count]);
            return _path[^1];
        }

        var taken = -1;
        if (!IsAsleep(choice.Usual))
            taken = choice.Usual;
        for (var rest = choice.Enabled & ~(1u << choice.Usual); rest != 0; rest &= rest - 1)
        {
            var cpu = BitOperations.TrailingZeroCount(rest);
            if (IsAsleep(cpu))
                continue;
            if (taken < 0)
                taken = cpu;
            else
                _others.Add((cpu, _preemptions + (choice.Preempts(cpu) ? 1 : 0)));
        }

        if (taken < 0)
            return taken;
        _asleepThere = _others.Count == 0 ? [] : [.. _asleep];
        _goesOn = taken == choice.Last;
        if (choice.Preempts(taken))
            _preemptions++;
        _path.Add((byte)taken);
        return taken;
    }

    /// <inheritdoc/>
    public void End(Footprint done)
    {
        if (_path.Count >= _way.Cpus.Length && _path.Count > 0)
            Learn(done, canGoOn: false);
    }

    // The last step was taken: what it touched decides what sleeps on other ways, and who wakes up on this one.
    private void Learn(Footprint done, bool canGoOn)
    {
        var cpu = _path[^1];
        if (_others.Count > 0)
        {
            var asleep = _asleepThere;
            if (reduces && (_goesOn || !canGoOn))
                asleep = asleep.Add(new Sleeper(cpu, done));
            foreach (var (other, preemptions) in _others)
                Add(new Way([.. _path.Take(_path.Count - 1), (byte)other], preemptions, asleep));
            _others.Clear();
        }

        _asleep.RemoveAll(s => s.Cpu == cpu || s.Step.Conflicts(done));
    }

    private void Add(Way way)
    {
        if (way.Preemptions <= Bound)
            _now.Push(way);
        else
            _later.Add(way);
    }

    private void NextBound()
    {
        Bound++;
        foreach (var way in _later)
            _now.Push(way);
        _later.Clear();
    }

    private bool IsAsleep(int cpu)
    {
        foreach (var sleeper in _asleep)
            if (sleeper.Cpu == cpu)
            {
                Pruned++;
                return true;
            }

        return false;
    }

    /// <summary>A CPU whose next step was taken on another way from here, and what it touches.</summary>
    private readonly record struct Sleeper(int Cpu, Footprint Step);

    /// <summary>Who takes the first steps; the last of them is where it differs from ways before.</summary>
    private sealed record Way(byte[] Cpus, int Preemptions, ImmutableArray<Sleeper> Asleep);
}
