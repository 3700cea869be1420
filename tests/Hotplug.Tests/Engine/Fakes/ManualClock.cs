namespace Hotplug.Tests.Engine.Fakes;

/// <summary>A clock that goes when it is told to; timers fire on the thread that tells it.</summary>
internal sealed class ManualClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private TimeSpan _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        lock (_lock)
            return _now.Ticks;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(callback, state, dueTime, period);
        lock (_lock)
            _timers.Add(timer);
        return timer;
    }

    /// <summary>Lets time pass, period by period.</summary>
    internal void Advance(TimeSpan by)
    {
        var step = _timers.Count == 0 ? by : _timers[0].Period;
        for (var passed = TimeSpan.Zero; passed < by; passed += step)
        {
            lock (_lock)
                _now += step;
            foreach (var timer in _timers)
                timer.Fire();
        }
    }

    private sealed class ManualTimer(TimerCallback callback, object? state, TimeSpan due, TimeSpan period) : ITimer
    {
        private bool _stopped;

        internal TimeSpan Period => due > period ? due : period;

        internal void Fire()
        {
            if (!_stopped)
                callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => !_stopped;

        public void Dispose() => _stopped = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
