using System.Runtime.InteropServices;
using System.Text.Json;

namespace Hotplug.Agent;

/// <summary>
/// Reads requests from the port, one JSON object a line, and answers each by its id. Only writes that may take long go
/// to a thread of their own, so that they can be interrupted, and pages freed, while they loop.
/// </summary>
internal sealed class Server
{
    private const int Version = 1;

    // A registration that nobody references is finalised, which makes the signal deadly again.
    private static PosixSignalRegistration? s_signal;

    private readonly int _life;
    private readonly Port _port = Port.Open();
    private readonly Allocations _allocations = new();
    private readonly MessageLog _log = new();
    private readonly StepLog _steps = new();
    private readonly SlowWriter _slow;

    internal Server(int life)
    {
        _life = life;
        _slow = new SlowWriter(_port);
    }

    internal int Run()
    {
        Files.Write("/proc/self/oom_score_adj", "-500");
        s_signal = PosixSignalRegistration.Create((PosixSignal)Libc.SignalInterrupt, static c => c.Cancel = true);
        SayHello();
        while (true)
        {
            using var request = _port.Receive();
            Answer(request.RootElement);
        }
    }

    private void SayHello() => _port.Send(w =>
    {
        w.WriteNumber("hello", Version);
        w.WriteNumber("life", _life);
        w.WriteString("kernel", Files.Read("/proc/sys/kernel/osrelease").Text.Trim());
        w.WriteString("block_size", Files.Read("/sys/devices/system/memory/block_size_bytes").Text.Trim());
        w.WriteStartArray("does");
        foreach (var verb in (string[])["read", "write", "list", "interrupt", "alloc", "free", "pin", "unpin", "where",
            "observe", "dmesg", "steps"])
            w.WriteStringValue(verb);
        w.WriteEndArray();
    });

    private void Answer(JsonElement request)
    {
        var id = request.TryGetProperty("id", out var number) ? number.GetInt64() : -1;
        try
        {
            var verb = request.GetProperty("do").GetString();
            if (verb == "write" && request.TryGetProperty("slow", out _))
                _slow.Start(id, Text(request, "path"), Text(request, "text"));
            else
                _port.Send(w =>
                {
                    w.WriteNumber("id", id);
                    Do(verb, request, w);
                });
        }
        catch (Exception failure) when (failure is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            _port.Send(w =>
            {
                w.WriteNumber("id", id);
                w.WriteString("bad", failure.Message);
            });
        }
    }

    private void Do(string? verb, JsonElement request, Utf8JsonWriter answer)
    {
        switch (verb)
        {
            case "read":
                var (errno, bytes) = Files.ReadBytes(
                    Text(request, "path"), Number(request, "offset", 0), (int)Number(request, "most", 1 << 20));
                answer.WriteNumber("rc", errno);
                answer.WriteBase64String("data", bytes);
                break;
            case "write":
                answer.WriteNumber("rc", Files.Write(Text(request, "path"), Text(request, "text")));
                break;
            case "list":
                var (failed, names) = Files.List(Text(request, "path"));
                answer.WriteNumber("rc", failed);
                answer.WriteString("names", string.Join('\n', names));
                break;
            case "interrupt":
                answer.WriteNumber("rc", _slow.Interrupt());
                break;
            case "alloc":
                WriteAllocation(answer,
                    (int)Number(request, "alloc"), Text(request, "kind"), (int)Number(request, "pages"),
                    (int)Number(request, "node", -1));
                break;
            case "free":
                answer.WriteNumber("rc", _allocations.Free((int)Number(request, "alloc")));
                break;
            case "pin":
                answer.WriteNumber("rc", _allocations.Pin((int)Number(request, "alloc"), Number(request, "page")));
                break;
            case "unpin":
                answer.WriteNumber("rc", _allocations.Unpin((int)Number(request, "alloc"), Number(request, "page")));
                break;
            case "where":
                WritePages(answer, _allocations.Where((int)Number(request, "alloc")));
                break;
            case "observe":
                Observer.Write(answer, request);
                break;
            case "dmesg":
                _log.Write(answer);
                break;
            case "steps":
                _steps.Write(answer);
                break;
            default:
                answer.WriteString("bad", $"unknown verb '{verb}'");
                break;
        }
    }

    private void WriteAllocation(Utf8JsonWriter answer, int id, string kind, int pages, int node)
    {
        var errno = _allocations.Allocate(id, kind, pages, node);
        answer.WriteNumber("rc", errno);
        answer.WriteNumber("got", errno == 0 ? pages : 0);
        WritePages(answer, errno == 0 ? _allocations.Where(id) : []);
    }

    private static void WritePages(Utf8JsonWriter answer, List<(long Start, long Count)> runs)
    {
        answer.WriteStartArray("pfns");
        foreach (var (start, count) in runs)
        {
            answer.WriteNumberValue(start);
            answer.WriteNumberValue(count);
        }

        answer.WriteEndArray();
    }

    private static string Text(JsonElement request, string name) => request.GetProperty(name).GetString() ?? "";

    private static long Number(JsonElement request, string name) => request.GetProperty(name).GetInt64();

    private static long Number(JsonElement request, string name, long otherwise) =>
        request.TryGetProperty(name, out var value) ? value.GetInt64() : otherwise;
}
