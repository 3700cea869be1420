using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap.Races;

/// <summary>
/// The locks of a machine that real threads use. The zone lock is the innermost: who has it may look at pages and
/// lists, and gives it back at every schedule point and while it waits for another lock.
/// </summary>
internal sealed class MachineLocks
{
    private readonly object _zone = new();
    private readonly Dictionary<LockId, SemaphoreSlim> _others = [];
    private long _steps;
    private int _active;
    private int _waiting;

    /// <summary>What happened to pages that cannot happen; under the zone lock.</summary>
    public List<(Mishap Mishap, long Page)> Mishaps { get; } = [];

    /// <summary>An operation begins: it has the zone lock.</summary>
    public void Enter()
    {
        Monitor.Enter(_zone);
        _active++;
    }

    /// <summary>An operation is over.</summary>
    public void Leave()
    {
        _active--;
        Tell();
        Monitor.Exit(_zone);
    }

    /// <summary>Others may have the zone lock for a moment.</summary>
    public void LetOthersIn()
    {
        Tell();
        Monitor.Exit(_zone);
        Thread.Yield();
        Monitor.Enter(_zone);
    }

    /// <summary>Waits until another operation has taken a step; false if all of them wait too.</summary>
    public bool AwaitChange()
    {
        var before = _steps;
        _waiting++;
        Monitor.PulseAll(_zone);
        while (_steps == before && _waiting < _active)
            Monitor.Wait(_zone);
        _waiting--;
        return _steps != before;
    }

    /// <summary>Waits for the lock, without the zone lock.</summary>
    public void Acquire(LockId taken)
    {
        var other = Find(taken);
        if (other.Wait(0))
            return;
        _waiting++;
        Monitor.PulseAll(_zone);
        Monitor.Exit(_zone);
        other.Wait();
        Monitor.Enter(_zone);
        _waiting--;
    }

    /// <summary>Gives the lock back.</summary>
    public void Release(LockId held)
    {
        Find(held).Release();
        Tell();
    }

    // A step was taken: whoever waits for a change looks again.
    private void Tell()
    {
        _steps++;
        Monitor.PulseAll(_zone);
    }

    private SemaphoreSlim Find(LockId id)
    {
        if (!_others.TryGetValue(id, out var other))
            _others.Add(id, other = new SemaphoreSlim(1, 1));
        return other;
    }
}
