namespace Hotplug.Engine.Schedules;

/// <summary>
/// What a thread waits for until another gives it. A monitor and not a semaphore: who waits sleeps at once, since the
/// one that it waits for runs for longer than spinning pays, and may need the same processor.
/// </summary>
internal sealed class Turn
{
    private readonly object _gate = new();
    private bool _isGiven;

    internal void Give()
    {
        lock (_gate)
        {
            _isGiven = true;
            Monitor.Pulse(_gate);
        }
    }

    internal void Await()
    {
        lock (_gate)
        {
            while (!_isGiven)
                Monitor.Wait(_gate);
            _isGiven = false;
        }
    }
}
