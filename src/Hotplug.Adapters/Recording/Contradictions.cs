using System.Globalization;
using System.IO.Compression;
using System.Text.Json.Nodes;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace Hotplug.Adapters.Recording;

/// <summary>What was changed in a contradictory copy.</summary>
public enum ContradictionField
{
    /// <summary>The state of a hot block: online ↔ offline.</summary>
    BlockState,
    /// <summary>A hot block left out after a write to some block's state.</summary>
    BlockLeftOut,
    /// <summary>The zone of an online hot block after a write to some block's state: Normal ↔ Movable.</summary>
    BlockZone,
    /// <summary>The answer of a write to a hot block's state: 0 ↔ an errno.</summary>
    Answer,
    /// <summary>A counter of a populated zone.</summary>
    ZoneCounter,
    /// <summary>The size of device memory.</summary>
    DeviceMemorySize,
    /// <summary>A run of PageOffline pages: freed, or with another reference count.</summary>
    PageOffline,
}

/// <summary>
/// A copy of a recording in which one value was changed, so that no kernel can have done what it says.
/// </summary>
/// <param name="Field">What was changed.</param>
/// <param name="Line">On which line, from 1.</param>
/// <param name="Change">The change, in words.</param>
/// <param name="Write">Writes the whole copy: there are thousands, and most are never looked at.</param>
public sealed record Contradiction(ContradictionField Field, int Line, string Change, Func<string> Write);

/// <summary>
/// Makes contradictory copies of a recording: what shows that judging refuses what it should. Only lines are changed on
/// which nothing is in flight; the change is confined to its line, also where later lines say "unchanged".
/// </summary>
public sealed class Contradictions
{
    private static readonly string[] s_onlineWords = ["online", "online_kernel", "online_movable"];

    private readonly string[] _lines;
    private readonly JsonObject[] _whole;
    private readonly Dictionary<int, RecordedStep> _steps;
    private readonly RecordedRun _run;

    private Contradictions(string name, string text)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
        _run = RecordingFile.Read(name, stream);
        _steps = _run.Steps.ToDictionary(static s => s.Line - 1);
        _lines = text.Split('\n');
        _whole = Expand(_lines);
    }

    /// <summary>The text of a recording, plain or compressed.</summary>
    public static string TextOf(string path)
    {
        using var file = File.OpenRead(path);
        using Stream plain = path.EndsWith(".gz", StringComparison.Ordinal)
            ? new GZipStream(file, CompressionMode.Decompress)
            : file;
        using var reader = new StreamReader(plain);
        return reader.ReadToEnd();
    }

    /// <summary>Every copy that can be made of this recording, one at a time, in the order of its lines.</summary>
    public static IEnumerable<Contradiction> Of(string name, string text) => new Contradictions(name, text).All();

    private IEnumerable<Contradiction> All()
    {
        foreach (var (index, step) in _steps.OrderBy(static s => s.Key))
        {
            if (IsInFlight(step.State))
                continue;
            var isStateWrite = _whole[index]["op"]!["op"]!.GetValue<string>() == "state";
            var copies = BlockStates(index).Concat(ZoneCounters(index)).Concat(DeviceMemorySizes(index))
                .Concat(PageOfflines(index));
            if (isStateWrite)
                copies = copies.Concat(BlocksLeftOut(index)).Concat(BlockZones(index)).Concat(Answers(index));
            foreach (var copy in copies)
                yield return copy;
        }
    }

    private static bool IsInFlight(RecordedState state) =>
        state.Devices.Any(static d => d.InFlight) || state.Balloons.Any(static b => b.InFlight);

    private IEnumerable<Contradiction> BlockStates(int index)
    {
        for (var i = 0; i < Blocks(index).Count; i++)
        {
            var (number, state) = BlockAt(index, i);
            if (number < RecordingTable.FirstHotBlock || state == "going-offline")
                continue;
            var other = state == "online" ? "offline" : "online";
            var at = i;
            yield return Copy(ContradictionField.BlockState, index, $"block {number} {state} -> {other}", "blocks",
                line => line["obs"]!["blocks"]![at]![1] = other);
        }
    }

    private IEnumerable<Contradiction> BlocksLeftOut(int index)
    {
        for (var i = 0; i < Blocks(index).Count; i++)
        {
            var (number, _) = BlockAt(index, i);
            var at = i;
            if (number >= RecordingTable.FirstHotBlock)
                yield return Copy(ContradictionField.BlockLeftOut, index, $"block {number} left out", "blocks",
                    line => line["obs"]!["blocks"]!.AsArray().RemoveAt(at));
        }
    }

    private IEnumerable<Contradiction> BlockZones(int index)
    {
        for (var i = 0; i < Blocks(index).Count; i++)
        {
            var (number, state) = BlockAt(index, i);
            var zone = Blocks(index)[i]![3]!.GetValue<string>();
            var other = zone == "Normal" ? "Movable" : "Normal";
            var at = i;
            if (number >= RecordingTable.FirstHotBlock && state == "online" && zone is "Normal" or "Movable")
                yield return Copy(ContradictionField.BlockZone, index, $"block {number} {zone} -> {other}", "blocks",
                    line => line["obs"]!["blocks"]![at]![3] = other);
        }
    }

    private IEnumerable<Contradiction> Answers(int index)
    {
        var op = _whole[index]["op"]!;
        var value = op["val"]!.GetValue<string>();
        var rc = _whole[index]["res"]!["rc"]!.GetValue<int>();
        if (op["block"]!.GetValue<int>() < RecordingTable.FirstHotBlock
            || !(s_onlineWords.Contains(value) || value == "offline"))
            yield break;
        int[] others = rc == 0 ? [16, 22] : [0];
        foreach (var other in others)
            yield return Copy(ContradictionField.Answer, index,
                $"{value} of block {op["block"]} answers {rc} -> {other}", null, line => line["res"]!["rc"] = other);
    }

    private IEnumerable<Contradiction> ZoneCounters(int index)
    {
        var zones = _whole[index]["obs"]!["zones"]!.AsArray();
        for (var i = 0; i < zones.Count; i++)
        {
            var name = zones[i]![1]!.GetValue<string>();
            if (name is not ("Normal" or "Movable") || zones[i]![3]!.GetValue<long>() == 0)
                continue;
            foreach (var (column, counter) in new[] { (2, "spanned"), (3, "present"), (4, "managed") })
                foreach (var delta in new[] { 1, -1, 512, -512, 32768 })
                {
                    var (at, was) = (i, zones[i]![column]!.GetValue<long>());
                    yield return Copy(ContradictionField.ZoneCounter, index,
                        $"{counter} of {name} of node {zones[i]![0]} {was} -> {was + delta}", "zones",
                        line => line["obs"]!["zones"]![at]![column] = was + delta);
                }
        }
    }

    private IEnumerable<Contradiction> DeviceMemorySizes(int index)
    {
        var res = _whole[index]["res"]!;
        if (_whole[index]["op"]!["op"]!.GetValue<string>() != "vmem" || res["size"] is not { } size)
            yield break;
        var larger = size.GetValue<long>() + (RecordingTable.SubBlockPages * (long)RecordingTable.PageBytes);
        var change = $"size of device memory {size} -> {larger}";
        yield return Copy(ContradictionField.DeviceMemorySize, index, change, "md", line =>
        {
            line["res"]!["size"] = larger;
            foreach (var device in line["obs"]!["md"]!.AsArray())
                if (device![1]!.GetValue<string>() == "virtio-mem")
                    device[3] = larger;
        });
    }

    private IEnumerable<Contradiction> PageOfflines(int index)
    {
        var obs = _whole[index]["obs"]!;
        var key = obs["hp"] is JsonObject { Count: > 0 } ? "hp" : "pages";
        var online = _steps[index].State.Blocks.Where(static b => b.State == BlockState.Online)
            .Select(static b => b.Block).ToHashSet();
        foreach (var (block, value) in obs[key]!.AsObject())
        {
            if (!int.TryParse(block, NumberStyles.None, null, out var number) || !online.Contains(number))
                continue;
            var runs = value!.GetValue<string>().Split(' ', StringSplitOptions.RemoveEmptyEntries);
            for (var i = 0; i < runs.Length; i++)
                foreach (var other in Others(runs[i]))
                {
                    var changed = string.Join(' ', runs[..i].Append(other).Concat(runs[(i + 1)..]));
                    yield return Copy(ContradictionField.PageOffline, index, $"block {block} {runs[i]} -> {other}", key,
                        line => line["obs"]![key]![block] = changed);
                }
        }
    }

    // At rest a PageOffline page has one reference; on a machine whose balloon deflates on OOM only the pages that were
    // never exposed are surely not the balloon's.
    private IEnumerable<string> Others(string run)
    {
        var onlyNeverOnlined = _run.Spec.Balloons.Any(static b => b.DeflateOnOom);
        var parts = run.Split(':');
        if (parts.Length == 4 && ulong.TryParse(parts[1], NumberStyles.AllowHexSpecifier, null, out var flags)
            && (flags & 0x80_0000) != 0 && (!onlyNeverOnlined || (flags & 0x10) != 0) && parts[2] == "1")
        {
            yield return $"{parts[0]}:400:0:0";
            yield return $"{parts[0]}:{parts[1]}:0:{parts[3]}";
            yield return $"{parts[0]}:{parts[1]}:2:{parts[3]}";
        }
        else if (parts.Length == 2 && parts[1].EndsWith(".tfffffeff.r1", StringComparison.Ordinal)
            && (!onlyNeverOnlined || parts[1].Contains(".f8.", StringComparison.Ordinal)))
        {
            yield return $"{parts[0]}:{parts[1][..parts[1].IndexOf('.')]}.b0";
            yield return run[..^1] + "0";
            yield return run[..^1] + "2";
        }
    }

    private JsonArray Blocks(int index) => _whole[index]["obs"]!["blocks"]!.AsArray();

    private (int Number, string State) BlockAt(int index, int position) =>
        (Blocks(index)[position]![0]!.GetValue<int>(), Blocks(index)[position]![1]!.GetValue<string>());

    private Contradiction Copy(
        ContradictionField field, int index, string change, string? key, Action<JsonObject> edit) =>
        new(field, index + 1, change, () => Write(index, key, edit));

    private string Write(int index, string? key, Action<JsonObject> edit)
    {
        var lines = (string[])_lines.Clone();
        var line = _whole[index].DeepClone().AsObject();
        edit(line);
        lines[index] = line.ToJsonString();
        if (key is not null && _steps.ContainsKey(index + 1))
            lines[index + 1] = _whole[index + 1].ToJsonString();
        return string.Join('\n', lines);
    }

    private static JsonObject[] Expand(string[] lines)
    {
        var current = new JsonObject();
        var whole = new JsonObject[lines.Length];
        for (var i = 0; i < lines.Length; i++)
        {
            whole[i] = lines[i].Length == 0 ? [] : JsonNode.Parse(lines[i])!.AsObject();
            if (whole[i]["obs"] is not JsonObject obs)
                continue;
            foreach (var key in obs.Select(static p => p.Key).ToArray())
            {
                if (IsUnchanged(obs[key]))
                    obs[key] = current[key]!.DeepClone();
                else if (key is "pages" or "hp" && obs[key] is JsonObject pages)
                    foreach (var block in pages.Select(static p => p.Key).ToArray())
                        if (IsUnchanged(pages[block]))
                            pages[block] = current[key]![block]!.DeepClone();
                current[key] = obs[key]!.DeepClone();
            }
        }

        return whole;
    }

    private static bool IsUnchanged(JsonNode? value) =>
        value is JsonValue text && text.TryGetValue<string>(out var word) && word == "=";
}
