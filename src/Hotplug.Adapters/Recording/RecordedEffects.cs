using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Adapters.Recording;

/// <summary>
/// The steps of an operation in a recording: <c>[kind, start, count, node, zone, value, event, errno]</c>, in order.
/// The header says which kinds are told.
/// </summary>
internal static class RecordedEffects
{
    private const int Items = 8;

    private static readonly ImmutableDictionary<string, EffectKind> s_kinds = ByWord<EffectKind>();
    private static readonly ImmutableDictionary<string, ZoneKind> s_zones = ByWord<ZoneKind>();
    private static readonly ImmutableDictionary<string, MemoryNotification> s_events = ByWord<MemoryNotification>();

    internal static JsonArray Write(IEnumerable<Effect> effects) => new([.. effects.Select(static e => new JsonArray(
        Words.Of(e.Kind), e.Range.Start, e.Range.Count, (int)e.Zone.Node, Words.Of(e.Zone.Kind), e.Value,
        Words.Of(e.Notification), ErrnoText.Print(e.Errno)))]);

    internal static JsonArray Write(EffectKinds shown) =>
        new([.. Enum.GetValues<EffectKind>().Where(k => shown.Has(k)).Select(static k => JsonValue.Create(Words.Of(k)))]);

    internal static EffectKinds ReadShown(Fields header)
    {
        if (!header.Has("effects"))
            return default;
        var kinds = header.Items("effects").Select(w => Read(s_kinds, w, "effects", header.Place));
        return EffectKinds.Of([.. kinds]);
    }

    internal static ImmutableArray<Effect> Read(Fields line)
    {
        if (!line.Has("fx"))
            return [];
        var effects = ImmutableArray.CreateBuilder<Effect>();
        foreach (var item in line.Items("fx"))
        {
            var row = Fields.Row(item, Items, "fx", line.Place);
            long Number(int at) => Fields.ToNumber(row[at], "fx", line.Place);
            var zone = new ZoneId(checked((short)Number(3)), Read(s_zones, row[4], "fx", line.Place));
            var errno = Fields.ToText(row[7], "fx", line.Place);
            if (!ErrnoText.TryParse(errno, out var answer))
                throw line.Place.Fail("fx", $"'{errno}' is no errno");
            effects.Add(new Effect(Read(s_kinds, row[0], "fx", line.Place), new PageRange(Number(1), Number(2)), zone,
                Number(5), Read(s_events, row[6], "fx", line.Place), answer));
        }

        return effects.ToImmutable();
    }

    private static T Read<T>(ImmutableDictionary<string, T> words, JsonElement item, string name, Place place)
    {
        var word = Fields.ToText(item, name, place);
        return words.TryGetValue(word, out var value) ? value
            : throw place.Fail(name, $"unknown word '{word}' in '{name}'; known: {string.Join(", ", words.Keys.Order(StringComparer.Ordinal))}");
    }

    private static ImmutableDictionary<string, T> ByWord<T>()
        where T : struct, Enum => Enum.GetValues<T>().ToImmutableDictionary(Words.Of, StringComparer.Ordinal);
}
