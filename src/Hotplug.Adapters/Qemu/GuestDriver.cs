using System.Diagnostics;
using System.Text.Json.Nodes;
using Hotplug.Adapters.Recording;

namespace Hotplug.Adapters.Qemu;

/// <summary>
/// Does single things to a guest and waits until they are done: the guest's answer, QEMU's event, or two equal looks.
/// Every result is the <c>res</c> of a recording.
/// </summary>
internal sealed class GuestDriver(Guest guest, GuestObserver observer)
{
    private const int Busy = 0x82;      // The status of _OST when the guest refuses.
    private const string Memory = "/sys/devices/system/memory/";

    private static readonly TimeSpan s_insertion = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_ejection = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_write = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_afterSignal = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_standstill = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(10);

    private readonly JsonArray _events = [];

    /// <summary>The device whose ejection did not end; null if there is none.</summary>
    internal string? Ejecting { get; private set; }

    /// <summary>A worker of the kernel runs on and on: what waits for it does not end either.</summary>
    internal bool IsLooping { get; private set; }

    /// <summary>Events since the last call, in order.</summary>
    internal JsonArray TakeEvents()
    {
        while (NextEvent(TimeSpan.Zero) is not null)
        {
            // Noted as they are read.
        }

        var taken = _events.DeepClone().AsArray();
        _events.Clear();
        return taken;
    }

    /// <summary>Plugs a DIMM, and waits until the guest says that it took it in.</summary>
    internal JsonObject Add(string id, long bytes, int node, long? address)
    {
        var backend = new JsonObject { ["qom-type"] = "memory-backend-ram", ["id"] = "mem-" + id, ["size"] = bytes };
        if (guest.Monitor.TryExecute("object-add", backend, out _) is { } noBackend)
            return Refused(noBackend);
        var device = new JsonObject { ["driver"] = "pc-dimm", ["id"] = id, ["memdev"] = "mem-" + id, ["node"] = node };
        if (address is { } at)
            device["addr"] = at;
        if (guest.Monitor.TryExecute("device_add", device, out _) is { } refused)
        {
            guest.Monitor.Execute("object-del", new JsonObject { ["id"] = "mem-" + id });
            return Refused(refused);
        }

        var result = new JsonObject { ["addr"] = AddressOf(id) };
        if (AwaitEvent(s_insertion, e => IsStatus(e, id, source: 1)) is { } status)
            result["ost"] = status["data"]!["info"]!["status"]!.GetValue<int>();
        return result;
    }

    /// <summary>Asks the guest to give a DIMM back.</summary>
    internal JsonObject Eject(string id)
    {
        if (guest.Monitor.TryExecute("device_del", new JsonObject { ["id"] = id }, out _) is { } refused)
            return Refused(refused);
        var end = AwaitEvent(s_ejection, e => IsDeleted(e, id) || IsRefused(e, id));
        if (end is null)
        {
            Ejecting = id;
            return new JsonObject { ["out"] = "timeout", ["why"] = WhyNot() };
        }

        if (IsDeleted(end, id))
        {
            guest.Monitor.Execute("object-del", new JsonObject { ["id"] = "mem-" + id });
            return new JsonObject { ["out"] = "deleted" };
        }

        return new JsonObject { ["out"] = "refused", ["by"] = "guest", ["status"] = Busy };
    }

    /// <summary>Writes to a file of the guest; a write that loops is interrupted after a while.</summary>
    internal JsonObject WriteSlowly(string path, string text)
    {
        var request = new JsonObject { ["path"] = Memory + path, ["text"] = text, ["slow"] = true };
        var id = guest.Agent.Start("write", request);
        var signalled = false;
        var answer = guest.Agent.Await(id, s_write);
        for (var began = Stopwatch.GetTimestamp(); answer is null && Stopwatch.GetElapsedTime(began) < s_afterSignal;)
        {
            signalled = true;
            guest.Agent.Ask("interrupt");
            answer = guest.Agent.Await(id, TimeSpan.FromMilliseconds(500));
        }

        if (answer is null)
            throw new KernelCrashException($"writing '{text}' to {path} does not end, also when it is interrupted");
        var result = new JsonObject { ["rc"] = answer["rc"]!.GetValue<int>(), ["t"] = answer["us"]!.GetValue<long>() };
        if (signalled)
            result["signalled"] = true;
        return result;
    }

    /// <summary>Writes to a file of the guest that answers at once.</summary>
    internal JsonObject Write(string path, string text) => new() { ["rc"] = guest.Agent.Write(path, text) };

    /// <summary>Has the balloon grow or shrink until the guest has so many bytes, or nothing moves any more.</summary>
    internal JsonObject SetBalloon(long bytes)
    {
        if (guest.Monitor.TryExecute("balloon", new JsonObject { ["value"] = bytes }, out _) is { } refused)
            return Refused(refused);
        var actual = Settle(observer.BalloonBytes, bytes);
        return new JsonObject { ["actual"] = actual, ["reached"] = actual == bytes };
    }

    /// <summary>Has device memory grow or shrink to so many bytes, or until nothing moves any more.</summary>
    internal JsonObject Resize(long bytes)
    {
        var request = new JsonObject
        {
            ["path"] = "/machine/peripheral/m1", ["property"] = "requested-size", ["value"] = bytes,
        };
        if (guest.Monitor.TryExecute("qom-set", request, out _) is { } refused)
            return Refused(refused);
        var size = Settle(observer.RegionBytes, bytes);
        if (IsAtRest(size) && size == bytes)
            return new JsonObject { ["size"] = size, ["reached"] = true };
        var why = WhyNot();
        size = observer.RegionBytes();
        // What stood still may go on while one looks for the reason.
        return size == bytes && !IsLooping && IsAtRest(size)
            ? new JsonObject { ["size"] = size, ["reached"] = true }
            : new JsonObject { ["size"] = size, ["reached"] = false, ["why"] = why };
    }

    /// <summary>Asks the agent to allocate.</summary>
    internal JsonObject Allocate(int id, string kind, long pages, int node)
    {
        var answer = guest.Agent.Ask("alloc",
            new JsonObject { ["alloc"] = id, ["kind"] = kind, ["pages"] = pages, ["node"] = node });
        return new JsonObject
        {
            ["rc"] = answer["rc"]!.GetValue<int>(),
            ["got"] = answer["got"]!.GetValue<long>(),
            ["pfns"] = answer["pfns"]!.DeepClone(),
        };
    }

    /// <summary>Asks the agent to do something with an allocation or a page of one.</summary>
    internal JsonObject Ask(string verb, int id, long page = 0)
    {
        var answer = guest.Agent.Ask(verb, new JsonObject { ["alloc"] = id, ["page"] = page });
        return new JsonObject { ["rc"] = answer["rc"]!.GetValue<int>() };
    }

    /// <summary>If an ejection was left behind, gives it a moment to end.</summary>
    internal void LookAtEjection()
    {
        if (Ejecting is { } id)
            AwaitEvent(TimeSpan.FromMilliseconds(300), e => IsDeleted(e, id) || IsRefused(e, id));
    }

    private JsonArray WhyNot()
    {
        var lines = Standstill.Explain(guest.Agent);
        IsLooping |= Standstill.IsEndless(lines);
        return lines;
    }

    private static JsonObject Refused(QmpError error) => new() { ["qmp"] = error.Description };

    private static bool IsStatus(JsonObject seen, string id, int source) =>
        seen["event"]!.GetValue<string>() == "ACPI_DEVICE_OST"
        && seen["data"]!["info"]!["device"]?.GetValue<string>() == id
        && seen["data"]!["info"]!["source"]!.GetValue<int>() == source;

    private static bool IsRefused(JsonObject seen, string id) =>
        IsStatus(seen, id, source: 3) && seen["data"]!["info"]!["status"]!.GetValue<int>() == Busy;

    private static bool IsDeleted(JsonObject seen, string id) =>
        seen["event"]!.GetValue<string>() == "DEVICE_DELETED" && seen["data"]!["device"]?.GetValue<string>() == id;

    private long AddressOf(string id) => guest.Monitor.Execute("query-memory-devices")!.AsArray()
        .First(d => d!["data"]!["id"]?.GetValue<string>() == id)!["data"]!["addr"]!.GetValue<long>();

    private JsonObject? AwaitEvent(TimeSpan limit, Func<JsonObject, bool> isIt)
    {
        var began = Stopwatch.GetTimestamp();
        while (NextEvent(limit - Stopwatch.GetElapsedTime(began)) is { } seen)
            if (isIt(seen))
                return seen;
        return null;
    }

    private JsonObject? NextEvent(TimeSpan limit)
    {
        var seen = guest.Monitor.NextEvent(limit);
        if (seen is null)
            return null;
        _events.Add(new JsonArray(seen["event"]!.DeepClone(), seen["data"]?.DeepClone()));
        if (Ejecting is { } id && IsDeleted(seen, id))
        {
            guest.Monitor.Execute("object-del", new JsonObject { ["id"] = "mem-" + id });
            Ejecting = null;
        }
        else if (Ejecting is { } refused && IsRefused(seen, refused))
        {
            Ejecting = null;
        }

        return seen;
    }

    // Until the value is there, or did not change for a while.
    private static long Settle(Func<long> read, long wanted)
    {
        var value = read();
        var since = Stopwatch.GetTimestamp();
        while (value != wanted && Stopwatch.GetElapsedTime(since) < s_standstill)
        {
            Pause.For(s_look);
            var next = read();
            if (next != value)
                since = Stopwatch.GetTimestamp();
            value = next;
        }

        return value;
    }

    // The size is reached before the last block was added or removed, and a block is there before it is online. Adding,
    // onlining and removing hold device_hotplug_lock, and so does this write, which changes nothing: block 0 is online.
    private bool IsAtRest(long size)
    {
        var list = "";
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < s_standstill;)
        {
            guest.Agent.Write(Memory + "memory0/online", "1");
            var next = observer.RegionBlocks(out var count);
            if (next == list && HoldsExactly(size, count))
                return true;
            list = next;
        }

        return false;
    }

    private static bool HoldsExactly(long bytes, int blocks) =>
        bytes <= blocks * GuestShape.BlockBytes && bytes >= blocks * GuestShape.SubBlockBytes;
}
