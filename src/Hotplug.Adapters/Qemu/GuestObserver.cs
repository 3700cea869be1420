using System.Text.Json.Nodes;
using Hotplug.Contract.Machines;

namespace Hotplug.Adapters.Qemu;

/// <summary>
/// Everything that can be seen of a guest, in the form of a recording: the agent's view, QEMU's, and struct pages.
/// </summary>
internal sealed class GuestObserver(Guest guest, HostView pages, ChannelComparison? comparison = null)
{
    /// <summary>One observation.</summary>
    internal JsonObject Observe()
    {
        var obs = guest.Agent.Ask("observe")["obs"]!.DeepClone().AsObject();
        obs["hp"] = pages.Read(guest, HotBlocks(obs));
        comparison?.Compare(guest.Agent, () => pages.Read(guest, HotBlocks(obs)));
        obs["md"] = MemoryDevices();
        obs["balloon"] = guest.Monitor.Execute("query-balloon")!["actual"]!.GetValue<long>();
        return obs;
    }

    /// <summary>The blocks of device memory, as text, and how many there are.</summary>
    internal string RegionBlocks(out int count)
    {
        var blocks = guest.Agent.Ask("observe")["obs"]!["blocks"]!.AsArray()
            .Where(static b => b![0]!.GetValue<int>() is >= GuestShape.FirstHotBlock and < GuestShape.FirstDimmBlock)
            .Select(static b => b!.ToJsonString()).ToArray();
        count = blocks.Length;
        return string.Join(' ', blocks);
    }

    /// <summary>Kernel messages since the last call.</summary>
    internal JsonArray TakeMessages() => guest.Agent.Ask("dmesg")["dmesg"]!.DeepClone().AsArray();

    /// <summary>Lines of the kernel's tracer since the last call.</summary>
    internal IEnumerable<string> TakeSteps() =>
        guest.Agent.Ask("steps")["steps"]!.AsArray().Select(static l => l!.GetValue<string>());

    /// <summary>Bytes plugged into device memory.</summary>
    internal long RegionBytes() => guest.Monitor.Execute("qom-get",
        new JsonObject { ["path"] = "/machine/peripheral/m1", ["property"] = "size" })!.GetValue<long>();

    /// <summary>Bytes of RAM that QEMU counts without the balloon's.</summary>
    internal long BalloonBytes() => guest.Monitor.Execute("query-balloon")!["actual"]!.GetValue<long>();

    private static IEnumerable<int> HotBlocks(JsonObject obs) => obs["blocks"]!.AsArray()
        .Where(static b => b![0]!.GetValue<int>() >= GuestShape.FirstHotBlock && b[1]!.GetValue<string>() != "offline")
        .Select(static b => b![0]!.GetValue<int>());

    private JsonArray MemoryDevices()
    {
        var list = new JsonArray();
        foreach (var device in guest.Monitor.Execute("query-memory-devices")!.AsArray())
        {
            var type = device!["type"]!.GetValue<string>();
            var data = device["data"]!;
            var isMemory = type == "virtio-mem";
            long Number(string name) => data[name]?.GetValue<long>()
                ?? throw new HarnessException($"QEMU lists a memory device without '{name}'");
            list.Add(new JsonArray(data["id"]!.GetValue<string>(), type,
                Number(isMemory ? "memaddr" : "addr"), Number("size"),
                isMemory ? Number("requested-size") : 0L, Number("node")));
        }

        return list;
    }
}
