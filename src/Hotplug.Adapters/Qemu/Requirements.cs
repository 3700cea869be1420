using System.Text.Json.Nodes;
using Hotplug.Contract.Machines;

namespace Hotplug.Adapters.Qemu;

/// <summary>What a kernel must have been built with: told by name before anything is judged.</summary>
internal static class Requirements
{
    private static readonly (string Option, string Directory, string Name)[] s_all =
    [
        ("CONFIG_MEMORY_HOTPLUG", "/sys/devices/system/memory", "auto_online_blocks"),
        ("CONFIG_DEBUG_INFO_BTF", "/sys/kernel/btf", "vmlinux"),
        ("CONFIG_PROC_PAGE_MONITOR", "/proc", "kpageflags"),
        ("CONFIG_VIRTIO_MEM", "/sys/bus/virtio/drivers", "virtio_mem"),
        ("CONFIG_VIRTIO_BALLOON", "/sys/bus/virtio/drivers", "virtio_balloon"),
        ("CONFIG_HWPOISON_INJECT", "/sys/kernel/debug/hwpoison", "corrupt-pfn"),
        ("CONFIG_MEMORY_NOTIFIER_ERROR_INJECT", "/sys/kernel/debug/notifier-error-inject/memory/actions",
            "MEM_GOING_OFFLINE"),
    ];

    /// <summary>Throws <see cref="HarnessException"/> naming the options that the running kernel lacks.</summary>
    internal static void Check(AgentClient agent)
    {
        var missing = s_all.Where(r => !Names(agent, r.Directory).Contains(r.Name))
            .Select(static r => $"{r.Option} (there is no {r.Directory}/{r.Name})").ToArray();
        if (missing.Length > 0)
            throw new HarnessException($"the kernel lacks {string.Join(", ", missing)}: build it in, or let --modules name "
                + "the folder of its modules");
    }

    private static string[] Names(AgentClient agent, string directory) =>
        agent.Ask("list", new JsonObject { ["path"] = directory })["names"]!.GetValue<string>().Split('\n');
}
