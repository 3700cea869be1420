using System.Text.Json;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Wire;

/// <summary>Writes the fields of an observation.</summary>
internal static class ObservationEncoder
{
    private static readonly JsonEncodedText s_whole = JsonEncodedText.Encode("whole");
    private static readonly JsonEncodedText s_blocks = JsonEncodedText.Encode("blocks");
    private static readonly JsonEncodedText s_gone = JsonEncodedText.Encode("gone");
    private static readonly JsonEncodedText s_zones = JsonEncodedText.Encode("zones");
    private static readonly JsonEncodedText s_block = JsonEncodedText.Encode("block");
    private static readonly JsonEncodedText s_state = JsonEncodedText.Encode("state");
    private static readonly JsonEncodedText s_node = JsonEncodedText.Encode("node");
    private static readonly JsonEncodedText s_zone = JsonEncodedText.Encode("zone");
    private static readonly JsonEncodedText s_other = JsonEncodedText.Encode("other");
    private static readonly JsonEncodedText s_pages = JsonEncodedText.Encode("pages");
    private static readonly JsonEncodedText s_start = JsonEncodedText.Encode("start");
    private static readonly JsonEncodedText s_spanned = JsonEncodedText.Encode("spanned");
    private static readonly JsonEncodedText s_present = JsonEncodedText.Encode("present");
    private static readonly JsonEncodedText s_managed = JsonEncodedText.Encode("managed");
    private static readonly JsonEncodedText s_free = JsonEncodedText.Encode("free");
    private static readonly JsonEncodedText s_isolated = JsonEncodedText.Encode("isolated");

    /// <summary>
    /// Writes everything, or those blocks only (ascending; those that are not there are gone) and all that is no block.
    /// </summary>
    internal static void Write(Utf8JsonWriter json, Observation seen, IReadOnlyList<int>? blocks)
    {
        json.WriteBoolean(s_whole, blocks is null);
        json.WriteStartArray(s_blocks);
        if (blocks is null)
            foreach (var block in seen.Blocks)
                WriteBlock(json, block);
        else
            foreach (var number in blocks)
                if (seen.Find(number) is { } block)
                    WriteBlock(json, block);
        json.WriteEndArray();
        if (blocks is not null && blocks.Any(b => seen.Find(b) is null))
            WriteGone(json, seen, blocks);
        WriteZones(json, seen);
        if (!seen.Devices.IsEmpty)
            WriteDevices(json, seen);
        if (!seen.Balloons.IsEmpty)
            WriteBalloons(json, seen);
        if (seen.Loans is { } loans)
            WriteLoans(json, loans);
        if (!seen.Nodes.IsEmpty)
            WriteNodes(json, seen);
        if (!seen.Resources.IsEmpty)
            WriteResources(json, seen);
        if (seen.Callbacks != CallbackOwners.None)
            WriteCallbacks(json, seen.Callbacks);
        if (!seen.Pcplists.IsEmpty)
            WritePcplists(json, seen);
        WriteCounter(json, "managed", seen.ManagedTotal);
        WriteCounter(json, "poisoned", seen.PoisonedPages);
        WriteCounter(json, "boot-memmap", seen.BootMemmapPages);
    }

    private static void WriteBlock(Utf8JsonWriter json, BlockObservation block)
    {
        json.WriteStartObject();
        json.WriteNumber(s_block, block.Block);
        json.WriteString(s_state, WireWords<BlockState>.Of(block.State));
        json.WriteNumber(s_node, block.Node);
        json.WriteString(s_zone, WireWords<ZoneKind>.Of(block.Zone));
        if (block.OtherZone != ZoneKind.None)
            json.WriteString(s_other, WireWords<ZoneKind>.Of(block.OtherZone));
        if (!block.IsRegistered)
            json.WriteBoolean("registered", false);
        if (block.Pages.Pages > 0)
        {
            json.WriteStartArray(s_pages);
            foreach (ref readonly var run in block.Pages.Runs)
                WriteRun(json, run);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    // [count, flags, order, owner, references]: what is at the end and 0 is left out.
    private static void WriteRun(Utf8JsonWriter json, in PageRun run)
    {
        var state = run.State;
        json.WriteStartArray();
        json.WriteNumberValue(run.Count);
        json.WriteNumberValue((ushort)state.Flags);
        if (state.Order != 0 || state.Owner != 0 || state.References != 0)
            json.WriteNumberValue(state.Order);
        if (state.Owner != 0 || state.References != 0)
            json.WriteNumberValue(state.Owner);
        if (state.References == PageState.Unknown)
            json.WriteNullValue();
        else if (state.References != 0)
            json.WriteNumberValue(state.References);
        json.WriteEndArray();
    }

    private static void WriteGone(Utf8JsonWriter json, Observation seen, IReadOnlyList<int> blocks)
    {
        json.WriteStartArray(s_gone);
        foreach (var number in blocks)
            if (seen.Find(number) is null)
                json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    private static void WriteZones(Utf8JsonWriter json, Observation seen)
    {
        json.WriteStartArray(s_zones);
        foreach (ref readonly var zone in seen.Zones)
        {
            json.WriteStartObject();
            json.WriteNumber(s_node, zone.Id.Node);
            json.WriteString(s_zone, WireWords<ZoneKind>.Of(zone.Id.Kind));
            json.WriteNumber(s_start, zone.Start);
            json.WriteNumber(s_spanned, zone.Spanned);
            json.WriteNumber(s_present, zone.Present);
            json.WriteNumber(s_managed, zone.Managed);
            json.WriteNumber(s_free, zone.Free);
            if (zone.IsolatedPageblocks >= 0)
                json.WriteNumber(s_isolated, zone.IsolatedPageblocks);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteDevices(Utf8JsonWriter json, Observation seen)
    {
        json.WriteStartArray("devices");
        foreach (ref readonly var device in seen.Devices)
        {
            json.WriteStartObject();
            json.WriteString("device", device.Name.ToString());
            WriteRange(json, "range", device.Range);
            json.WriteNumber("plugged", device.PluggedPages);
            json.WriteNumber("requested", device.RequestedPages);
            if (device.Owner != CallbackOwner.Generic)
                json.WriteString("owner", WireWords<CallbackOwner>.Of(device.Owner));
            if (device.InFlight)
                json.WriteBoolean("in-flight", true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteBalloons(Utf8JsonWriter json, Observation seen)
    {
        json.WriteStartArray("balloons");
        foreach (ref readonly var balloon in seen.Balloons)
        {
            json.WriteStartObject();
            json.WriteString("driver", WireWords<BalloonDriver>.Of(balloon.Driver));
            json.WriteNumber("pages", balloon.Pages);
            if (balloon.TargetPages >= 0)
                json.WriteNumber("target", balloon.TargetPages);
            if (balloon.InFlight)
                json.WriteBoolean("in-flight", true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteLoans(Utf8JsonWriter json, in LoanObservation loans)
    {
        json.WriteStartObject("loans");
        json.WriteNumber("pages", loans.Pages);
        json.WriteNumber("list-pages", loans.ListPages);
        json.WriteNumber("target", loans.TargetPages);
        json.WriteNumber("oom-freed", loans.OomFreedPages);
        json.WriteBoolean("hotplug-occurred", loans.HotplugOccurred);
        json.WriteNumber("seconds-to-wake", loans.SecondsToWake);
        json.WriteBoolean("paused", loans.Paused);
        json.WriteEndObject();
    }

    private static void WriteNodes(Utf8JsonWriter json, Observation seen)
    {
        json.WriteStartArray("nodes");
        foreach (ref readonly var node in seen.Nodes)
        {
            json.WriteStartObject();
            json.WriteNumber(s_node, node.Node);
            json.WriteBoolean("online", node.Online);
            json.WriteBoolean("memory", node.HasMemory);
            json.WriteBoolean("normal-memory", node.HasNormalMemory);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteResources(Utf8JsonWriter json, Observation seen)
    {
        json.WriteStartArray("resources");
        foreach (ref readonly var resource in seen.Resources)
        {
            json.WriteStartArray();
            json.WriteNumberValue(resource.Start);
            json.WriteNumberValue(resource.Count);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private static void WriteCallbacks(Utf8JsonWriter json, CallbackOwners owners)
    {
        json.WriteStartArray("callbacks");
        foreach (var owner in Enum.GetValues<CallbackOwner>())
            if (owner != CallbackOwner.Generic && owners.HasFlag((CallbackOwners)(1 << (int)owner)))
                json.WriteStringValue(WireWords<CallbackOwner>.Of(owner));
        json.WriteEndArray();
    }

    private static void WritePcplists(Utf8JsonWriter json, Observation seen)
    {
        json.WriteStartArray("pcplists");
        foreach (ref readonly var list in seen.Pcplists)
        {
            json.WriteStartObject();
            json.WriteNumber(s_node, list.Zone.Node);
            json.WriteString(s_zone, WireWords<ZoneKind>.Of(list.Zone.Kind));
            json.WriteNumber("cpu", list.Cpu);
            json.WriteNumber("pages", list.Pages);
            json.WriteNumber("high", list.High);
            json.WriteNumber("batch", list.Batch);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRange(Utf8JsonWriter json, string name, PageRange range)
    {
        json.WriteStartArray(name);
        json.WriteNumberValue(range.Start);
        json.WriteNumberValue(range.Count);
        json.WriteEndArray();
    }

    // −1 stands for what cannot be seen: it is left out.
    private static void WriteCounter(Utf8JsonWriter json, string name, long value)
    {
        if (value >= 0)
            json.WriteNumber(name, value);
    }
}
