using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hotplug.Contract.Machines;

namespace Hotplug.Adapters.Qemu;

/// <summary>QEMU refused a command.</summary>
/// <param name="Class">QEMU's class of the error.</param>
/// <param name="Description">QEMU's words.</param>
internal sealed record QmpError(string Class, string Description);

/// <summary>
/// QEMU's monitor: one command at a time; events that come meanwhile are kept in order until somebody takes them.
/// </summary>
internal sealed class QmpClient : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private readonly LineSocket _line;
    private readonly Queue<JsonObject> _events = new();

    private QmpClient(LineSocket line) => _line = line;

    /// <summary>Connects and negotiates.</summary>
    internal static QmpClient Connect(string path, TimeSpan limit, Func<bool> isHopeless)
    {
        var client = new QmpClient(LineSocket.Connect(path, "QEMU's monitor", limit, isHopeless));
        if (client.ReadObject(limit)?["QMP"] is null)
            throw new HarnessException("QEMU's monitor does not greet: it speaks no QMP");
        client.Execute("qmp_capabilities");
        return client;
    }

    /// <summary>What the command returns. Throws <see cref="HarnessException"/> if QEMU refuses it.</summary>
    internal JsonNode? Execute(string command, JsonObject? arguments = null)
    {
        var error = TryExecute(command, arguments, out var result);
        return error is null ? result : throw new HarnessException($"QEMU refused '{command}': {error.Description}");
    }

    /// <summary>Null, or why QEMU refuses the command.</summary>
    internal QmpError? TryExecute(string command, JsonObject? arguments, out JsonNode? result)
    {
        var request = new JsonObject { ["execute"] = command };
        if (arguments is not null)
            request["arguments"] = arguments;
        _line.Send(Encoding.UTF8.GetBytes(request.ToJsonString() + "\n"));
        while (true)
        {
            var answer = ReadObject(s_limit)
                ?? throw new HarnessException($"QEMU does not answer '{command}' within {s_limit.TotalSeconds} s");
            if (answer["event"] is not null)
            {
                _events.Enqueue(answer);
                continue;
            }

            result = answer["return"];
            return answer["error"] is JsonObject error
                ? new QmpError(error["class"]?.GetValue<string>() ?? "", error["desc"]?.GetValue<string>() ?? "")
                : null;
        }
    }

    /// <summary>The next event; null if none comes within the limit.</summary>
    internal JsonObject? NextEvent(TimeSpan limit)
    {
        if (_events.TryDequeue(out var kept))
            return kept;
        var began = Stopwatch.GetTimestamp();
        while (ReadObject(limit - Stopwatch.GetElapsedTime(began)) is { } message)
            if (message["event"] is not null)
                return message;
        return null;
    }

    public void Dispose() => _line.Dispose();

    private JsonObject? ReadObject(TimeSpan limit)
    {
        if (_line.Receive(limit) is not { } text)
            return null;
        try
        {
            return JsonNode.Parse(text.Span)?.AsObject()
                ?? throw new HarnessException("QEMU's monitor sent 'null': not QMP");
        }
        catch (Exception garbage) when (garbage is JsonException or InvalidOperationException)
        {
            var shown = Encoding.UTF8.GetString(text.Span[..Math.Min(80, text.Length)]);
            throw new HarnessException($"QEMU's monitor sent '{shown}': not QMP", garbage);
        }
    }
}
