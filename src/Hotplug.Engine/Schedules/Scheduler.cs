using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Schedules;

/// <summary>
/// Runs what several CPUs do so that exactly one of them runs at a time, and a strategy says which: the same choices
/// always make the same run. Each CPU has a thread; while the same CPU goes on nothing is handed over.
/// </summary>
/// <remarks>
/// A run that is given up unwinds every CPU by an exception thrown from where it stands, so that no thread stays
/// behind inside of a machine.
/// </remarks>
/// <param name="footprints">What the step after a schedule point may touch; null: as its form says.</param>
public sealed class Scheduler(Func<SchedulePoint, Footprint>? footprints = null) : IScheduler, IDisposable
{
    /// <summary>How many CPUs there can be.</summary>
    public const int MostCpus = 8;

    // Two operations that await each other may each try again this often before both are told that nothing changes.
    private const int MostRetries = 3;

    private readonly Func<SchedulePoint, Footprint> _footprints = footprints ?? Footprint.After;
    private readonly List<CpuThread> _threads = [];
    private readonly Turn _ended = new();
    private readonly LockTable _locks = new();
    private readonly List<Switch> _switches = [];
    private readonly List<int> _preempted = [];
    private ISchedules? _schedules;
    private ScheduledWork? _work;
    private int _cpus;
    private int _steps;
    private int _running = -1;
    private int _mostSteps;
    private Footprint _footprint;
    private bool _exhausted;
    private bool _isGivenUp;
    private Violation? _violation;

    /// <summary>
    /// Runs the work by the strategy's next schedule, which has begun, until every CPU is done, a rule is broken, or
    /// the strategy gives it up.
    /// </summary>
    public ScheduleRun Run(ScheduledWork work, ISchedules schedules, int mostSteps)
    {
        if (work.Cpus > MostCpus)
            throw new ArgumentException($"{work.Cpus} cpus: allowed is up to {MostCpus}", nameof(work));
        while (_threads.Count < work.Cpus)
            _threads.Add(new CpuThread(_threads.Count, Work));
        (_work, _cpus, _schedules, _mostSteps) = (work, work.Cpus, schedules, mostSteps);
        (_steps, _running) = (0, -1);
        (_isGivenUp, _violation, _exhausted) = (false, null, false);
        _footprint = default;
        _switches.Clear();
        _preempted.Clear();
        _locks.GiveAll();
        for (var cpu = 0; cpu < work.Cpus; cpu++)
            _threads[cpu].Start();
        if (Next() is { } first)
        {
            first.GiveTurn();
            _ended.Await();
        }

        schedules.End(_footprint);
        return new ScheduleRun(_violation, _isGivenUp && _violation is null, _steps, [.. _preempted],
            new Schedule([.. _switches]));
    }

    /// <inheritdoc/>
    public void At(SchedulePoint point, long page)
    {
        var me = Me;
        var begins = point == SchedulePoint.Begin;
        if (begins)
            (me.Retries, me.WokenByRetries) = (false, 0);
        Pause(new Position(Standing.AtPoint, me.Position.Operation + (begins ? 1 : 0), point, default, page));
        _footprint = _footprints(point);
    }

    /// <inheritdoc/>
    public bool AwaitChange(SchedulePoint point, long page)
    {
        var me = Me;
        (me.SawChange, me.Retries) = (false, true);
        Pause(me.Position with { Standing = Standing.Awaiting, Point = point, Page = page });
        _footprint = Footprint.Anything;
        var changed = !_exhausted;
        _exhausted = false;
        return changed;
    }

    /// <inheritdoc/>
    public void Acquire(LockId taken)
    {
        var me = Me;
        me.LockIndex = _locks.IndexOf(taken);
        _footprint = _footprint.WithLock(me.LockIndex);
        Pause(me.Position with { Standing = Standing.BeforeLock, Lock = taken });
        Take(me);
    }

    /// <inheritdoc/>
    public void Release(LockId held)
    {
        if (_isGivenUp)
            return;
        var index = _locks.IndexOf(held);
        if (_locks.IsFree(index))
            throw new InvalidOperationException($"{held} is given back, and nobody holds it");
        _locks.Give(index);
        _footprint = _footprint.WithLock(index);
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        foreach (var thread in _threads)
            thread.Dispose();
        _threads.Clear();
    }

    private CpuThread Me => _threads[_running];

    private void Take(CpuThread me)
    {
        _locks.Take(me.LockIndex, me.Number);
        _footprint = _footprints(me.Position.Point).WithLock(me.LockIndex);
    }

    // Everything that a CPU does, on its thread.
    private void Work(CpuThread me)
    {
        try
        {
            if (!_isGivenUp)
            {
                _footprint = _footprints(SchedulePoint.Begin);
                _work!.Body(me.Number);
            }
        }
        catch (ScheduleGivenUpException)
        {
            // The run is over.
        }
        catch (Exception thrown)
        {
            Crash(me, thrown);
        }

        Leave(me);
    }

    // Whatever the machine throws breaks a rule; the others are unwound.
    private void Crash(CpuThread me, Exception thrown) => GiveUp(EngineRules.CrashOf($"cpu {me.Number}", thrown));

    private void Leave(CpuThread me)
    {
        var origin = me.Position;
        me.Position = origin with { Standing = Standing.Done };
        var next = _isGivenUp ? null : NextAfter(me, origin);
        if (_isGivenUp)
            next = FirstLive();
        if (next is null)
            _ended.Give();
        else
            HandTo(next);
    }

    // Nothing may be thrown here, at the bottom of the thread: what holds always is looked at once more.
    private CpuThread? NextAfter(CpuThread me, Position origin)
    {
        try
        {
            EndStep(me, origin);
            return _isGivenUp ? null : Next();
        }
        catch (Exception thrown)
        {
            Crash(me, thrown);
            return null;
        }
    }

    private void Pause(Position position)
    {
        if (_isGivenUp)
            throw new ScheduleGivenUpException();
        var me = Me;
        var origin = me.Position;
        me.Position = position;
        EndStep(me, origin);
        var next = _isGivenUp ? null : Next();
        if (next is not null && next != me)
        {
            HandTo(next);
            me.AwaitTurn();
        }

        if (_isGivenUp)
            throw new ScheduleGivenUpException();
    }

    private void HandTo(CpuThread next)
    {
        _running = next.Number;
        next.GiveTurn();
    }

    private void EndStep(CpuThread me, Position origin)
    {
        WakeOthers(me);
        if (_work!.Watch.After(_steps - 1, me.Number, origin, me.Position) is { } broken)
            GiveUp(broken);
        else if (_steps > _mostSteps)
            GiveUp(ScheduleRules.LivelockOf(_mostSteps, WaitGraph.Tell(_threads, _cpus, _locks)));
    }

    // What operations do that only try again is a change too, but not for ever.
    private void WakeOthers(CpuThread me)
    {
        var isRetry = me.Retries && me.Position.Standing != Standing.Done;
        for (var cpu = 0; cpu < _cpus; cpu++)
        {
            var other = _threads[cpu];
            if (other == me || other.Position.Standing != Standing.Awaiting)
                continue;
            if (!isRetry)
                (other.SawChange, other.WokenByRetries) = (true, 0);
            else if (!other.SawChange && other.WokenByRetries < MostRetries)
                (other.SawChange, other.WokenByRetries) = (true, other.WokenByRetries + 1);
        }
    }

    // Null: all are done, or the run is given up.
    private CpuThread? Next()
    {
        var enabled = Enabled();
        if (enabled == 0)
        {
            if (FirstLive() is not null)
                GiveUp(ScheduleRules.DeadlockOf(WaitGraph.Tell(_threads, _cpus, _locks)));
            return null;
        }

        var choice = new Choice(_steps, _running, enabled, _footprint);
        var next = _schedules!.Choose(choice);
        if (next < 0)
        {
            GiveUp(null);
            return null;
        }

        if (!choice.Can(next))
            throw new InvalidOperationException($"cpu {next} was chosen, and cannot take a step");
        if (next != choice.Usual)
            _switches.Add(new Switch(_steps, next));
        if (choice.Preempts(next))
            _preempted.Add(_steps);
        _steps++;
        _running = next;
        return _threads[next];
    }

    private CpuThread? FirstLive()
    {
        for (var cpu = 0; cpu < _cpus; cpu++)
            if (_threads[cpu].IsLive)
                return _threads[cpu];
        return null;
    }

    private uint Enabled()
    {
        var (able, awaiting) = (0u, 0u);
        for (var cpu = 0; cpu < _cpus; cpu++)
        {
            var thread = _threads[cpu];
            var can = thread.Position.Standing switch
            {
                Standing.Done => false,
                Standing.BeforeLock => _locks.IsFree(thread.LockIndex),
                Standing.Awaiting => thread.SawChange,
                _ => true,
            };
            if (can)
                able |= 1u << cpu;
            else if (thread.Position.Standing == Standing.Awaiting)
                awaiting |= 1u << cpu;
        }

        _exhausted = able == 0 && awaiting != 0;
        return _exhausted ? awaiting : able;
    }

    private void GiveUp(Violation? violation)
    {
        if (!_isGivenUp)
            (_isGivenUp, _violation) = (true, violation);
    }
}
