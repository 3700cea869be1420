using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hotplug.Contract.Machines;

namespace Hotplug.Adapters.Qemu;

/// <summary>
/// The agent in the guest, over virtio-serial: requests and answers carry an id. Only a slow write may be outstanding
/// while other requests are answered.
/// </summary>
/// <param name="line">The connection.</param>
/// <param name="limit">How long an answer may take.</param>
internal sealed class AgentClient(LineSocket line, TimeSpan limit) : IDisposable
{
    private const int Version = 1;

    private readonly Dictionary<long, JsonObject> _early = [];
    private long _next;

    /// <summary>The agent was killed and started again: what it held is gone.</summary>
    internal bool Restarted { get; private set; }

    /// <summary>Waits for the agent's first words.</summary>
    internal JsonObject AwaitHello(TimeSpan patience)
    {
        var began = Stopwatch.GetTimestamp();
        while (Read(patience - Stopwatch.GetElapsedTime(began)) is { } message)
        {
            if (message["hello"] is not { } version)
                continue;
            return version.GetValue<int>() == Version ? message
                : throw new HarnessException(
                    $"the guest's agent speaks version {version}, expected {Version}: run scripts/build-agent");
        }

        throw new HarnessException($"the guest's agent does not report within {patience.TotalSeconds} s");
    }

    /// <summary>Asks and waits for the answer.</summary>
    internal JsonObject Ask(string verb, JsonObject? arguments = null)
    {
        var id = Start(verb, arguments);
        return Await(id, limit)
            ?? throw new SilentAgentException(
                $"the guest's agent does not answer '{verb}' within {limit.TotalSeconds} s");
    }

    /// <summary>One write of a text to a file of the guest: its errno.</summary>
    internal int Write(string path, string text) =>
        Ask("write", new JsonObject { ["path"] = path, ["text"] = text })["rc"]!.GetValue<int>();

    /// <summary>A small file of the guest; empty if it cannot be read.</summary>
    internal string Read(string path) => Encoding.UTF8.GetString(ReadBytes(path, 0, 1 << 16));

    /// <summary>Bytes of a file of the guest.</summary>
    internal byte[] ReadBytes(string path, long offset, int most) => Convert.FromBase64String(
        Ask("read", new JsonObject { ["path"] = path, ["offset"] = offset, ["most"] = most })["data"]!
            .GetValue<string>());

    /// <summary>Asks without waiting: the id to wait for.</summary>
    internal long Start(string verb, JsonObject? arguments)
    {
        var request = arguments ?? [];
        var id = ++_next;
        request["id"] = id;
        request["do"] = verb;
        line.Send(Encoding.UTF8.GetBytes(request.ToJsonString() + "\n"));
        return id;
    }

    /// <summary>The answer to an earlier request; null if it does not come within the limit.</summary>
    internal JsonObject? Await(long id, TimeSpan patience)
    {
        if (_early.Remove(id, out var early))
            return early;
        var began = Stopwatch.GetTimestamp();
        while (Read(patience - Stopwatch.GetElapsedTime(began)) is { } message)
        {
            if (message["hello"] is not null)
            {
                Restarted = true;
                throw new DisconnectedException("the guest's agent was killed");
            }

            if (message["bad"] is { } complaint)
                throw new HarnessException($"the guest's agent did not understand us: {complaint}");
            var answered = message["id"]?.GetValue<long>() ?? -1;
            if (answered == id)
                return message;
            _early[answered] = message;
        }

        return null;
    }

    public void Dispose() => line.Dispose();

    private JsonObject? Read(TimeSpan patience)
    {
        if (line.Receive(patience) is not { } text)
            return null;
        try
        {
            return JsonNode.Parse(text.Span)!.AsObject();
        }
        catch (Exception garbage) when (garbage is JsonException or InvalidOperationException or NullReferenceException)
        {
            var shown = Encoding.UTF8.GetString(text.Span[..Math.Min(80, text.Length)]);
            throw new HarnessException($"the guest's agent sent '{shown}': not a JSON object", garbage);
        }
    }
}
