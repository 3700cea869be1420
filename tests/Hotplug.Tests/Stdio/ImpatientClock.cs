namespace Hotplug.Tests.Stdio;

/// <summary>
/// A clock on which no time passes; once it is impatient, every deadline passes as soon as it is set.
/// </summary>
internal sealed class ImpatientClock : TimeProvider
{
    private volatile bool _isImpatient;

    internal bool IsImpatient
    {
        get => _isImpatient;
        set => _isImpatient = value;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(this, callback, state);

    private sealed class Timer(ImpatientClock clock, TimerCallback callback, object? state) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (clock.IsImpatient && dueTime != Timeout.InfiniteTimeSpan)
                callback(state);
            return true;
        }

        public void Dispose()
        {
            // There is nothing that could still fire.
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
