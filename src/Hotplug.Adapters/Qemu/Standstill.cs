using System.Globalization;
using System.Text.Json.Nodes;
using Hotplug.Contract.Machines;

namespace Hotplug.Adapters.Qemu;

/// <summary>
/// Tells why something that a guest was asked for does not come to an end: which of the kernel's workers are at it,
/// where they stand, and what keeps them. Two looks with a moment in between: only who runs at both, for a reason that
/// holds at both, is said to run on and on; a guest that is merely slow is not.
/// </summary>
internal static class Standstill
{
    private const string Unfinished = "not finished yet: ";
    private const string Migrating = "migrate_pages";
    private const int MostFrames = 9;

    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(300);

    // What virtio-mem, the balloon and ACPI do their work in: drivers/virtio/virtio_mem.c, virtio_balloon.c,
    // drivers/acpi/osl.c.
    private static readonly string[] s_work =
        ["virtio_mem_run_wq", "update_balloon_size_func", "acpi_hotplug_work_fn", "acpi_device_hotplug"];

    // Of what isolates pages for a contiguous range: one of them is in every kernel a function of its own.
    private static readonly string[] s_isolating = ["isolate_migratepages_block", "isolate_migratepages_range"];

    /// <summary>One line for each worker; one that says so if none is at it.</summary>
    internal static JsonArray Explain(AgentClient agent)
    {
        var before = Workers(agent);
        var crowded = Crowded(agent);
        Pause.For(s_moment);
        var still = Crowded(agent);
        var lines = new JsonArray();
        foreach (var worker in before)
            if (Look(agent, worker.Process) is { } now)
                lines.Add(Tell(worker, now, crowded is null ? null : still));
        if (lines.Count == 0)
            lines.Add($"{Unfinished}no worker of the kernel is at it: the driver waits until it tries again");
        return lines;
    }

    /// <summary>True if some worker runs on and on.</summary>
    internal static bool IsEndless(JsonArray lines) =>
        lines.Any(static l => l!.GetValue<string>().StartsWith(Outcome.Endless, StringComparison.Ordinal));

    private static string Tell(Worker before, Worker now, string? crowded)
    {
        // Where in migrate_pages() it is changes from look to look.
        var frames = now.Frames.TakeWhile(static f => f != "process_one_work").ToArray();
        var where = string.Join(" < ", frames.Skip(Math.Max(0, Array.IndexOf(frames, Migrating))).Take(MostFrames));
        // isolate_migratepages_block() waits while too_many_isolated() (mm/compaction.c); reclaim_throttle() lets no
        // kernel thread sleep.
        return crowded is not null && before.Runs && now.Runs && before.IsIsolating && now.IsIsolating
            ? $"{Outcome.Endless}worker {now.Work} runs on in {where}; too_many_isolated() holds for ever: {crowded}"
            : $"{Unfinished}worker {now.Work} ({(now.Runs ? "runs" : "sleeps")}) in {where}";
    }

    private static List<Worker> Workers(AgentClient agent)
    {
        var found = new List<Worker>();
        var names = agent.Ask("list", new JsonObject { ["path"] = "/proc" })["names"]!.GetValue<string>();
        foreach (var name in names.Split('\n'))
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var process)
                && agent.Read($"/proc/{process}/comm").StartsWith("kworker", StringComparison.Ordinal)
                && Look(agent, process) is { } worker)
                found.Add(worker);
        return found;
    }

    // Null if it is gone, or at something else.
    private static Worker? Look(AgentClient agent, int process)
    {
        var frames = agent.Read($"/proc/{process}/stack").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(FunctionOf).ToArray();
        if (!frames.Any(s_work.Contains))
            return null;
        // "pid (comm) state …": the name may hold anything but a closing parenthesis at its end.
        var stat = agent.Read($"/proc/{process}/stat");
        var end = stat.LastIndexOf(") ", StringComparison.Ordinal);
        return end < 0 || end + 2 >= stat.Length ? null
            : new Worker(process, agent.Read($"/proc/{process}/comm").Trim(), stat[end + 2], frames);
    }

    // "[<0>] virtio_mem_run_wq+0x123/0x456 [virtio_mem]", "[<0>] do_migrate_range.isra.0+0x…"
    private static string FunctionOf(string line)
    {
        var start = line.IndexOf("] ", StringComparison.Ordinal) + 2;
        var end = line.AsSpan(start).IndexOfAny('+', '.');
        return end < 0 ? line : line.Substring(start, end);
    }

    // The node of which more pages are isolated than half of those on its lists; null if there is none.
    private static string? Crowded(AgentClient agent)
    {
        for (var node = 0; agent.Read($"/sys/devices/system/node/node{node}/vmstat") is { Length: > 0 } text; node++)
        {
            long isolated = 0, listed = 0;
            foreach (var line in text.Split('\n'))
            {
                if (line.Split(' ') is not [var name, var value]
                    || !long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var pages))
                    continue;
                if (name is "nr_isolated_anon" or "nr_isolated_file")
                    isolated += pages;
                else if (name is "nr_active_anon" or "nr_inactive_anon" or "nr_active_file" or "nr_inactive_file")
                    listed += pages;
            }

            if (isolated > listed / 2)
                return $"node {node} counts {isolated} isolated pages and {listed} on its lists";
        }

        return null;
    }

    private readonly record struct Worker(int Process, string Name, char State, string[] Frames)
    {
        public bool Runs => State == 'R';

        /// <summary>"kworker/0:1+events_freezable": what it works at.</summary>
        public string Work => Name[(Name.IndexOf('+') + 1)..];

        public bool IsIsolating => Frames.Any(s_isolating.Contains);
    }
}
