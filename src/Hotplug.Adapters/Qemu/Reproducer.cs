using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Rules;

namespace Hotplug.Adapters.Qemu;

/// <summary>
/// Writes what a live kernel did wrong as a shell script that does it again: QEMU's command line, lines for its
/// monitor, commands in the guest. It needs bash, QEMU, a static busybox and the kernel, and nothing of ours.
/// </summary>
public static class Reproducer
{
    // A PageOffline page without a reference lies on a per-CPU list: the next to look finds it used by somebody else.
    private const string Unreferenced = "unreferenced";

    // Kernel memory, as a system in use has it, goes to the newest kernel zone.
    private const string Busy = "guest 'busy /busy -1'\n";

    private const string Memory = "/sys/devices/system/memory/";

    /// <summary>
    /// The script for a recording that ends with a violation; false if a shell cannot do one of its operations.
    /// </summary>
    /// <param name="spec">The machine.</param>
    /// <param name="dialect">Which kernel it is.</param>
    /// <param name="lines">The lines of the recording, whole.</param>
    /// <param name="violation">What is wrong at its end.</param>
    /// <param name="text">The script, or the operation that a shell cannot do.</param>
    public static bool TryPrint(
        MachineSpec spec, Dialect dialect, IReadOnlyList<string> lines, Violation violation, out string text)
    {
        var parsed = lines.Select(static l => JsonNode.Parse(l)!.AsObject()).ToArray();
        var script = Head(spec, dialect, parsed[0], violation);
        foreach (var step in parsed.Where(static l => l["op"] is not null))
        {
            if (Commands(step["op"]!.AsObject(), step["res"]!.AsObject()) is not { } commands)
            {
                text = step["op"]!.ToJsonString();
                return false;
            }

            script.Append('\n').Append(commands);
        }

        var last = parsed.Last(static l => l["obs"] is not null);
        text = script.Append(Evidence(last, violation)).ToString();
        return true;
    }

    private static StringBuilder Head(MachineSpec spec, Dialect dialect, JsonObject header, Violation violation)
    {
        var text = new StringBuilder("#!/bin/bash\n");
        text.Append("# ").Append(OneLine(violation.ToString())).Append('\n')
            .Append("# Source of the rule: ").Append(violation.Source).Append('\n')
            .Append("# Seen with kernel ").Append(header["kernel"]).Append(".\n");
        text.Append(ReproducerText.Head.Replace("@ARGUMENTS@", Arguments(GuestShape.Of(spec, dialect)))
            .Replace("@TRIES@", Endless(violation) is null ? "1" : "12"));
        text.Append("guest 'echo ").Append(header["auto"]).Append(" >").Append(Memory).Append("auto_online_blocks'\n");
        if (header["vm"]!["policy"] is { } policy)
            text.Append("guest 'echo ").Append(policy).Append(" >/sys/module/memory_hotplug/parameters/online_policy'\n");
        return text;
    }

    // What a worker does that runs on and on: it takes a counter that was not folded in time, which is a matter of luck.
    private static string? Endless(Violation violation) =>
        violation.Observed.Contains(Outcome.Endless, StringComparison.Ordinal) ? violation.Observed : null;

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    private static string Arguments(GuestShape shape)
    {
        var words = shape.Arguments("tcg").Where(static w => !w.Contains("virtserialport", StringComparison.Ordinal)).ToList();
        // The port of the agent is gone; its option stands alone now.
        for (var i = words.Count - 2; i >= 0; i--)
            if (words[i] == "-device" && words[i + 1].StartsWith('-'))
                words.RemoveAt(i);
        return string.Join(" \\\n    ", words.Chunk(2).Select(static pair => string.Join(' ', pair.Select(Quote))));
    }

    private static string Quote(string word) => word.Contains(' ') ? $"'{word}'" : word;

    private static string? Commands(JsonObject op, JsonObject res)
    {
        string Word(string name) => op[name]!.ToString();
        return Word("op") switch
        {
            "add" => $"add {Word("id")} {Word("size")} {Word("node")} {op["addr"]}\n",
            "del" => (IsBusy(op, res) ? Busy : "") + $"eject {Word("id")}\n",
            "state" => (IsBusy(op, res) ? Busy : "")
                + WriteState(Word("block"), Word("val"), res["signalled"] is not null),
            "online" => $"guest 'echo {Word("val")} >{Memory}memory{Word("block")}/online'\n",
            "auto" => $"guest 'echo {Word("val")} >{Memory}auto_online_blocks'\n",
            "policy" => $"guest 'echo {Word("val")} >/sys/module/memory_hotplug/parameters/online_policy'\n",
            "vmem" => $"resize {Word("size")}\n",
            "balloon" => $"balloon {Word("bytes")}\n",
            "notifier" => $"guest 'echo {Word("err")} >"
                + $"/sys/kernel/debug/notifier-error-inject/memory/actions/{Word("ev")}/error'\n",
            "hwpoison" => $"guest 'echo {Word("pfn")} >/sys/kernel/debug/hwpoison/corrupt-pfn'\n",
            "unpoison" => $"guest 'echo {Word("pfn")} >/sys/kernel/debug/hwpoison/unpoison-pfn'\n",
            "soft" => $"guest 'echo {Address(op)} >{Memory}soft_offline_page'\n",
            "hard" => $"guest 'echo {Address(op)} >{Memory}hard_offline_page'\n",
            "alloc" when Word("kind") is "anon" or "thp" => Allocate(Word("id"), Word("pages"), Word("node")),
            "alloc" when Word("kind") is "packet" => $"guest 'busy /a{Word("id")} {Word("node")}'\n",
            "alloc" when Word("kind") is "ramfs" => $"guest 'on {Word("node")} \"mkdir /a{Word("id")}; "
                + $"mount -t ramfs a{Word("id")} /a{Word("id")}; "
                + $"dd if=/dev/zero of=/a{Word("id")}/pages bs=4096 count={Word("pages")}\"'\n",
            "free" => $"guest 'umount /a{Word("id")}'\n",
            "tick" => "sleep 1\n",
            _ => null,
        };
    }

    // Refused because the kernel itself uses a page there: a guest with nothing but a shell may not use one yet.
    private static bool IsBusy(JsonObject op, JsonObject res) => res["out"]?.GetValue<string>() == "refused"
        || (op["val"]?.ToString() == "offline" && res["rc"]?.GetValue<int>() == (int)Errno.EBUSY);

    private static string WriteState(string block, string word, bool loops)
    {
        var write = $"echo -n {word} >{Memory}memory{block}/state";
        if (word.Length == 0)
            return "# An empty write does nothing.\n";
        return loops ? $"guest \"timeout -s USR1 5 sh -c '{write}'\"     # It loops until it is interrupted.\n" : $"guest '{write}'\n";
    }

    private static string Address(JsonObject op) => $"0x{op["pfn"]!.GetValue<long>() * 4096:x}";

    // Pages of a tmpfs are movable as anonymous ones are, and a shell can place them.
    private static string Allocate(string id, string pages, string node) =>
        $"guest 'mkdir /a{id}; mount -t tmpfs -o size=100%{(node == "-1" ? "" : ",mpol=bind:" + node)} a{id} /a{id}; "
        + $"dd if=/dev/zero of=/a{id}/pages bs=4096 count={pages}'\n";

    private static string Evidence(JsonObject last, Violation violation)
    {
        var obs = last["obs"]!.AsObject();
        var text = new StringBuilder("\n# What the kernel shows now, and what it showed when this was found.\n");
        // Where a worker runs on the rest depends on when one looks.
        if (Endless(violation) is not null)
            return text.Append("fact 'a worker of virtio-mem runs on and on' 'endless' 'yes'\nverdict\n").ToString();
        foreach (var warning in last["dmesg"]!.AsArray().Select(static l => l!.GetValue<string>())
            .Where(static l => l.StartsWith("WARNING: ", StringComparison.Ordinal)))
            text.Append($"fact 'warnings' 'dmesg | grep -c \"WARNING: .*{PlaceOf(warning)}\"' '1'\n");
        foreach (var row in obs["blocks"]!.AsArray())
            if (row![0]!.GetValue<int>() >= GuestShape.FirstHotBlock)
                text.Append($"fact 'memory{row[0]}: state and zones' 'set -- $(cat {Memory}memory{row[0]}/state "
                    + $"{Memory}memory{row[0]}/valid_zones); echo $*' '{row[1]} {row[3]}'\n");
        text.Append("fact 'HardwareCorrupted, kB' 'set -- $(grep HardwareCorrupted /proc/meminfo); echo $2' ")
            .Append($"'{obs["meminfo"]!["HardwareCorrupted"]}'\n");
        foreach (var zone in obs["zones"]!.AsArray())
            if (zone![1]!.GetValue<string>() is "Normal" or "Movable" && IsWorthTelling(zone))
                text.Append($"fact 'node {zone[0]} zone {zone[1]}: spanned present managed' 'zone {zone[0]} {zone[1]}' "
                    + $"'{zone[2]} {zone[3]} {unchecked((ulong)zone[4]!.GetValue<long>())}'\n");
        foreach (var pages in violation.Pages.IsDefault ? [] : violation.Pages.Take(4))
            if (FlagsAt(obs, pages.Start) is { } flags)
                text.Append(PageFact(pages.Start, flags));
        return text.Append("verdict\n").ToString();
    }

    // Who has a page that is not poisoned any more is a matter of luck.
    private static string PageFact(long pfn, string flags) => flags switch
    {
        Unreferenced => $"sleep 2\nfact 'page {pfn}: PageOffline still' 'set -- $(page {pfn}); echo $2' '0'\n",
        "1 0 0" or "0 0 0" => $"fact 'page {pfn}: offline poisoned' 'set -- $(page {pfn}); echo $2 $3' '0 0'\n",
        _ => $"fact 'page {pfn}: free offline poisoned' 'page {pfn}' '{flags}'\n",
    };

    // "WARNING: CPU: 0 PID: 61 at drivers/virtio/virtio_mem.c:763 function+0x…": the file and its line.
    private static string PlaceOf(string warning)
    {
        var start = warning.IndexOf(" at ", StringComparison.Ordinal) + " at ".Length;
        var end = warning.IndexOf(' ', start);
        return end < 0 ? warning[start..] : warning[start..end];
    }

    private static bool IsWorthTelling(JsonNode zone) => zone[3]!.GetValue<long>() != 0 || zone[4]!.GetValue<long>() != 0;

    // "offset+length:n1z3.f800000.tfffffeff.r1" or ".b10p": which of buddy, PageOffline and poison a page has.
    private static string? FlagsAt(JsonObject obs, long pfn)
    {
        const int PagesPerBlock = 32768;
        const ulong Poison = 1UL << 23;
        if (obs["hp"]?[(pfn / PagesPerBlock).ToString(CultureInfo.InvariantCulture)] is not { } block)
            return null;
        foreach (var run in block.GetValue<string>().Split(' '))
        {
            var range = run[..run.IndexOf(':')].Split('+').Select(long.Parse).ToArray();
            if (!new PageRange(range[0], range[1]).Contains(pfn % PagesPerBlock))
                continue;
            var what = run[(run.IndexOf('.') + 1)..];
            if (what[0] == 'b')
                return what.EndsWith('p') ? "1 0 1" : "1 0 0";
            var flags = ulong.Parse(what[1..what.IndexOf('.')], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            if (what.EndsWith(".tfffffeff.r0", StringComparison.Ordinal))
                return Unreferenced;
            return $"0 {(what.Contains(".tfffffeff", StringComparison.Ordinal) ? 1 : 0)} {((flags & Poison) != 0 ? 1 : 0)}";
        }

        return null;
    }
}
