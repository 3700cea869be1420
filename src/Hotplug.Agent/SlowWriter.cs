using System.Diagnostics;

namespace Hotplug.Agent;

/// <summary>
/// Writes that may loop in the kernel (offlining), one at a time, on a thread of their own. A signal to that thread
/// makes the kernel give up: offline_pages() answers EINTR.
/// </summary>
internal sealed class SlowWriter
{
    private const int Busy = 16, NoSuchProcess = 3;

    private readonly Port _port;
    private readonly object _gate = new();
    private long _thread;
    private volatile bool _writing;
    private long _id;
    private string _path = "";
    private string _text = "";

    internal SlowWriter(Port port)
    {
        _port = port;
        new Thread(Run) { IsBackground = true }.Start();
    }

    internal void Start(long id, string path, string text)
    {
        if (_writing)
        {
            Answer(id, Busy, 0);
            return;
        }

        lock (_gate)
        {
            (_id, _path, _text) = (id, path, text);
            _writing = true;
            Monitor.Pulse(_gate);
        }
    }

    internal int Interrupt() => _writing ? Libc.Interrupt(Volatile.Read(ref _thread)) : NoSuchProcess;

    private void Run()
    {
        Volatile.Write(ref _thread, Libc.CurrentThread());
        while (true)
        {
            lock (_gate)
            {
                while (!_writing)
                    Monitor.Wait(_gate);
            }

            var began = Stopwatch.GetTimestamp();
            var errno = Files.Write(_path, _text);
            var took = Stopwatch.GetElapsedTime(began);
            _writing = false;
            Answer(_id, errno, (long)took.TotalMicroseconds);
        }
    }

    private void Answer(long id, int errno, long microseconds) => _port.Send(w =>
    {
        w.WriteNumber("id", id);
        w.WriteNumber("rc", errno);
        w.WriteNumber("us", microseconds);
    });
}
