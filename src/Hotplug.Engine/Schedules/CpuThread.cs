using Hotplug.Contract.Schedules;

namespace Hotplug.Engine.Schedules;

/// <summary>A CPU: a thread that runs only while it has the turn. It is reused from run to run.</summary>
internal sealed class CpuThread : IDisposable
{
    private readonly Turn _turn = new();
    private readonly Thread _thread;
    private volatile bool _ended;

    internal CpuThread(int number, Action<CpuThread> work)
    {
        Number = number;
        _thread = new Thread(() => Run(work)) { IsBackground = true, Name = $"cpu {number}" };
        _thread.Start();
    }

    internal int Number { get; }

    /// <summary>Where it stands, or what it came from while it runs.</summary>
    internal Position Position { get; set; }

    /// <summary>Index of the lock before which it stands.</summary>
    internal int LockIndex { get; set; }

    /// <summary>Another CPU took a step while it awaited one.</summary>
    internal bool SawChange { get; set; }

    /// <summary>The operation at hand has awaited a change before: what it does now it may do again and again.</summary>
    internal bool Retries { get; set; }

    /// <summary>How often in a row it was woken by nothing but others that try again.</summary>
    internal int WokenByRetries { get; set; }

    internal bool IsLive => Position.Standing != Standing.Done;

    internal void Start()
    {
        Position = new Position(Standing.AtPoint, 0, SchedulePoint.Begin, default, -1);
        (SawChange, Retries, WokenByRetries) = (false, false, 0);
    }

    internal void GiveTurn() => _turn.Give();

    internal void AwaitTurn() => _turn.Await();

    public void Dispose()
    {
        _ended = true;
        _turn.Give();
        _thread.Join();
    }

    private void Run(Action<CpuThread> work)
    {
        while (true)
        {
            _turn.Await();
            if (_ended)
                return;
            work(this);
        }
    }
}
