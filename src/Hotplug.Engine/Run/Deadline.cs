namespace Hotplug.Engine.Run;

/// <summary>
/// Watches runners and gives up on a machine that keeps the thread for too long. The machine runs on the thread of its
/// caller, undisturbed: a timer looks at a number that the runner counts up around every call.
/// </summary>
/// <remarks>
/// A machine that hangs inside the process cannot be stopped. So the work is started by <see cref="Await"/> on a
/// background thread, which is abandoned when the deadline passes: it does not keep the process alive.
/// </remarks>
public sealed class Deadline : IDisposable
{
    // How finely time is sampled: a hang is noticed after the limit and at most a quarter of it more.
    private const int Samples = 4;

    private readonly TimeProvider _clock;
    private readonly TimeSpan _limit;
    private readonly Lock _gate = new();
    private readonly List<Watched> _watched = [];
    private readonly TaskCompletionSource<(Runner Runner, RunResult Result)> _hung =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _timer;

    /// <summary>Gives every call of a machine this long, by this clock.</summary>
    public Deadline(TimeProvider clock, TimeSpan limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero);
        _clock = clock;
        _limit = limit;
        _timer = clock.CreateTimer(static me => ((Deadline)me!).Look(), this, limit / Samples, limit / Samples);
    }

    /// <summary>Watches this runner from now on.</summary>
    public void Watch(Runner runner)
    {
        lock (_gate)
            _watched.Add(new Watched(runner) { Pulse = runner.Pulse, Since = _clock.GetTimestamp() });
    }

    /// <summary>
    /// Does the work on a background thread and waits for it, or for a machine that hangs: then <paramref name="hung"/>
    /// makes the answer from the run that did not end.
    /// </summary>
    public T Await<T>(Func<T> work, Func<Runner, RunResult, T> hung)
    {
        var done = Task.Factory.StartNew(work, CancellationToken.None,
            TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task.WaitAny(done, _hung.Task);
        return _hung.Task.IsCompleted
            ? hung(_hung.Task.Result.Runner, _hung.Task.Result.Result)
            : done.GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        lock (_gate)
            foreach (var watched in _watched)
                Look(watched);
    }

    private void Look(Watched watched)
    {
        var pulse = watched.Runner.Pulse;
        if (pulse != watched.Pulse)
        {
            watched.Pulse = pulse;
            watched.Since = _clock.GetTimestamp();
        }
        else if ((pulse & 1) == 1 && _clock.GetElapsedTime(watched.Since) >= _limit
            && watched.Runner.GiveUp(pulse, _limit) is { } result)
        {
            _hung.TrySetResult((watched.Runner, result));
        }
    }

    private sealed class Watched(Runner runner)
    {
        internal Runner Runner { get; } = runner;

        internal long Pulse { get; set; }

        internal long Since { get; set; }
    }
}
