using System.Text.Json.Nodes;

namespace Hotplug.Adapters.Recording;

/// <summary>
/// Writes the lines of a recording: what an observation shows unchanged is written as <c>"="</c>, pages block by block.
/// </summary>
/// <param name="to">Where to; whoever made it closes it.</param>
public sealed class RecordingWriter(TextWriter to)
{
    private const string Unchanged = "=";
    private static readonly string[] s_byBlock = ["pages", "hp"];

    private readonly Dictionary<string, string> _last = [];

    /// <summary>Writes a line: a header, a start, an operation or an end.</summary>
    public void Write(string line)
    {
        if (JsonNode.Parse(line) is not JsonObject whole)
            throw new ArgumentException($"not a JSON object: {line}", nameof(line));
        if (whole["obs"] is JsonObject obs)
            Shorten(obs);
        to.Write(whole.ToJsonString());
        to.Write('\n');
    }

    /// <summary>Writes the last line: the recording is whole.</summary>
    public void End() => Write("""{"end":1}""");

    private void Shorten(JsonObject obs)
    {
        foreach (var key in obs.Select(static p => p.Key).ToArray())
            if (s_byBlock.Contains(key) && obs[key] is JsonObject blocks)
                ShortenMembers(key, blocks);
            else
                obs[key] = Shorten(key, obs[key]);
    }

    // A block that is not listed any more is forgotten: when it is listed again, it is new.
    private void ShortenMembers(string key, JsonObject blocks)
    {
        foreach (var gone in _last.Keys.Where(k => k.StartsWith(key + ".", StringComparison.Ordinal)
            && !blocks.ContainsKey(k[(key.Length + 1)..])).ToArray())
            _last.Remove(gone);
        foreach (var block in blocks.Select(static p => p.Key).ToArray())
            blocks[block] = Shorten($"{key}.{block}", blocks[block]);
    }

    private JsonNode? Shorten(string key, JsonNode? value)
    {
        var text = value?.ToJsonString() ?? "null";
        if (_last.TryGetValue(key, out var before) && before == text)
            return Unchanged;
        _last[key] = text;
        return value?.DeepClone();
    }
}
