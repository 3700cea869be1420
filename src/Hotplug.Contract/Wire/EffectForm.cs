using System.Text.Json;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Wire;

/// <summary>
/// Effects on the wire: <c>[kind, start, count, node, zone, value, event, errno]</c>, where what is at the end and has
/// its default is left out.
/// </summary>
internal static class EffectForm
{
    internal static void Write(Utf8JsonWriter json, in Effect effect)
    {
        json.WriteStartArray();
        json.WriteStringValue(WireWords<EffectKind>.Of(effect.Kind));
        json.WriteNumberValue(effect.Range.Start);
        json.WriteNumberValue(effect.Range.Count);
        var last = LastOf(effect);
        if (last >= Place.Zone)
        {
            json.WriteNumberValue(effect.Zone.Node);
            json.WriteStringValue(WireWords<ZoneKind>.Of(effect.Zone.Kind));
        }

        if (last >= Place.Value)
            json.WriteNumberValue(effect.Value);
        if (last >= Place.Notification)
        {
            json.WriteStringValue(WireWords<MemoryNotification>.Of(effect.Notification));
            json.WriteStringValue(ErrnoText.Print(effect.Errno));
        }

        json.WriteEndArray();
    }

    internal static Effect Read(ref WireReader json)
    {
        json.BeginTuple();
        if (!json.TryItem())
            throw json.Wrong("has too few items");
        var effect = new Effect(json.Word<EffectKind>(), json.ItemRange());
        if (json.TryItem())
        {
            var node = (short)json.Number(0, short.MaxValue);
            effect = effect with { Zone = new ZoneId(node, json.TryItem() ? json.Word<ZoneKind>() : default) };
        }

        if (json.TryItem())
            effect = effect with { Value = json.Number(-WireProtocol.LargestNumber, WireProtocol.LargestNumber) };
        if (json.TryItem())
            effect = effect with { Notification = json.Word<MemoryNotification>() };
        if (json.TryItem())
            effect = effect with { Errno = json.Errno() };
        json.EndTuple();
        return effect;
    }

    private enum Place
    {
        Range,
        Zone,
        Value,
        Notification,
    }

    private static Place LastOf(in Effect effect) =>
        effect.Kind == EffectKind.Notified || effect.Notification != default || effect.Errno != Errno.None
            ? Place.Notification
        : effect.Value != 0 ? Place.Value
        : effect.Zone != default ? Place.Zone
        : Place.Range;
}
