using System.Globalization;
using System.Text.Json;

namespace Hotplug.Agent;

/// <summary>What can be seen of memory from inside, in the form of a recording: raw words, nothing judged.</summary>
internal static class Observer
{
    private const string Memory = "/sys/devices/system/memory/", Nodes = "/sys/devices/system/node/";

    /// <summary>Writes <c>obs</c>. <c>pages</c> in the request: memory blocks whose pages are wanted.</summary>
    internal static void Write(Utf8JsonWriter answer, JsonElement request)
    {
        answer.WriteStartObject("obs");
        WriteBlocks(answer);
        WriteZones(answer);
        WriteResources(answer);
        WriteCounters(answer);
        answer.WriteString("nodes", string.Join('|',
            Word(Nodes + "online"), Word(Nodes + "has_memory"), Word(Nodes + "has_normal_memory")));
        answer.WriteStartObject("pages");
        if (request.TryGetProperty("pages", out var wanted))
            foreach (var block in wanted.EnumerateArray())
                PageReader.Write(answer, block.GetInt32());
        answer.WriteEndObject();
        answer.WriteEndObject();
    }

    private static void WriteBlocks(Utf8JsonWriter answer)
    {
        var nodes = NodesOfBlocks();
        answer.WriteStartArray("blocks");
        foreach (var (block, node) in nodes.OrderBy(static b => b.Key))
        {
            var directory = $"{Memory}memory{block}/";
            var state = Word(directory + "state");
            if (state.Length == 0)
                continue;       // It went away while the list was read.
            answer.WriteStartArray();
            answer.WriteNumberValue(block);
            answer.WriteStringValue(state);
            answer.WriteStringValue("1");
            answer.WriteStringValue(Word(directory + "valid_zones"));
            answer.WriteStringValue(Word(directory + "phys_index"));
            answer.WriteStringValue("0");
            answer.WriteStringValue(node);
            answer.WriteEndArray();
        }

        answer.WriteEndArray();
    }

    private static Dictionary<int, string> NodesOfBlocks()
    {
        var nodes = new Dictionary<int, string>();
        foreach (var name in Files.List(Memory).Names)
            if (TryNumber(name, "memory", out var block))
                nodes[block] = "";
        foreach (var name in Files.List(Nodes).Names)
            if (TryNumber(name, "node", out var node))
                foreach (var link in Files.List(Nodes + name).Names)
                    if (TryNumber(link, "memory", out var block) && nodes.ContainsKey(block))
                        nodes[block] = node.ToString(CultureInfo.InvariantCulture);
        return nodes;
    }

    // "Node 1, zone  Movable" begins a zone; the counters follow, one a line, and start_pfn comes last.
    private static void WriteZones(Utf8JsonWriter answer)
    {
        answer.WriteStartArray("zones");
        string node = "", zone = "";
        long free = 0, spanned = 0, present = 0, managed = 0, start = 0;
        foreach (var line in Files.Read("/proc/zoneinfo").Text.Split('\n').Append("Node end"))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2)
                continue;
            switch (words[0])
            {
                case "Node":
                    if (zone.Length > 0)
                        WriteZone(answer, node, zone, [spanned, present, managed, free, start]);
                    (node, zone) = (words[1].TrimEnd(','), words.Length > 3 ? words[3] : "");
                    free = spanned = present = managed = start = 0;
                    break;
                case "pages" when words[1] == "free":
                    free = Number(words[2]);
                    break;
                case "spanned":
                    spanned = Number(words[1]);
                    break;
                case "present":
                    present = Number(words[1]);
                    break;
                case "managed":
                    managed = Number(words[1]);
                    break;
                case "start_pfn:":
                    start = Number(words[1]);
                    break;
            }
        }

        answer.WriteEndArray();
    }

    private static void WriteZone(Utf8JsonWriter answer, string node, string zone, ReadOnlySpan<long> counters)
    {
        answer.WriteStartArray();
        answer.WriteNumberValue(Number(node));
        answer.WriteStringValue(zone);
        foreach (var counter in counters)
            answer.WriteNumberValue(counter);
        answer.WriteEndArray();
    }

    private static void WriteResources(Utf8JsonWriter answer)
    {
        answer.WriteStartArray("iomem");
        foreach (var line in Files.Read("/proc/iomem").Text.Split('\n'))
            if (line.Contains("System RAM", StringComparison.Ordinal)
                || line.Contains("virtio", StringComparison.Ordinal))
                answer.WriteStringValue(line);
        answer.WriteEndArray();
    }

    private static void WriteCounters(Utf8JsonWriter answer)
    {
        answer.WriteStartObject("meminfo");
        foreach (var line in Files.Read("/proc/meminfo").Text.Split('\n'))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is ["MemTotal:" or "MemFree:" or "MemAvailable:" or "HardwareCorrupted:", ..])
                answer.WriteNumber(words[0].TrimEnd(':'), Number(words[1]));
        }

        answer.WriteEndObject();
    }

    private static bool TryNumber(string name, string prefix, out int number)
    {
        number = 0;
        return name.StartsWith(prefix, StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    // A counter below zero is printed as 2^64 - k.
    private static long Number(string word) =>
        ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? unchecked((long)number) : 0;

    private static string Word(string path) => Files.Read(path).Text.Trim();
}
