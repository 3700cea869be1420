using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Adapters.Recording;

/// <summary>A memory device as QEMU lists it.</summary>
internal sealed record ListedDevice(Name Name, PageRange Range, long RequestedPages, short Node);

/// <summary>
/// Reads the observations of one recording in order, carrying over what a line calls unchanged (<c>"="</c>): a value
/// that did not change keeps its object, so that comparing stamps is enough to know what changed.
/// </summary>
internal sealed class StateReader(Dialect dialect, bool fromHost, MachineSpec spec)
{
    private static readonly PageRuns s_unseen = new();
    private static readonly PageRuns s_offline = NoPages();

    private readonly Dictionary<int, (string Text, PageRuns Pages)> _pages = [];
    private readonly Dictionary<int, RecordedBlock> _previous = [];
    private List<(int Block, BlockState State, short Node, ZoneKind Zone, ZoneKind Other)> _blocks = [];
    private ImmutableArray<ZoneObservation> _zones = [];
    private ImmutableArray<NodeObservation> _nodes = [];
    private ImmutableArray<PageRange> _resources = [];
    private ImmutableArray<ListedDevice> _devices = [];
    private long _managedTotal = -1;
    private long _poisoned = -1;
    private long _balloonActual = -1;
    private long _nextStamp;

    /// <summary>
    /// RAM that QEMU counts for the balloon: boot memory and DIMMs, whatever the kernel made of them.
    /// </summary>
    public long RamBytes => RecordingTable.PageBytes * (((long)spec.BootBlocks * RecordingTable.BlockPages)
        + _devices.Where(static d => d.Name.Kind == NameKind.Device).Sum(static d => d.Range.Count));

    /// <summary>Takes in one observation.</summary>
    public RecordedState Read(Fields obs, FlightWatch flight)
    {
        ReadDevices(obs);
        ReadBlocks(obs);
        ReadPages(obs, fromHost ? "hp" : "pages");
        ReadZones(obs);
        ReadNodes(obs);
        ReadResources(obs);
        ReadCounters(obs);
        if (obs.Has("balloon") && !IsUnchanged(obs, "balloon"))
            _balloonActual = obs.Number("balloon");
        var blocks = Blocks();
        return new RecordedState(blocks, _zones, _nodes, _resources, Devices(blocks, flight), Balloons(flight),
            _managedTotal, _poisoned);
    }

    private static bool IsUnchanged(Fields obs, string key) =>
        obs.Raw(key) is { ValueKind: JsonValueKind.String } text && text.ValueEquals("=");

    private void ReadBlocks(Fields obs)
    {
        if (IsUnchanged(obs, "blocks"))
            return;
        _blocks = [];
        foreach (var item in obs.Items("blocks"))
        {
            var row = Fields.Row(item, 7, "blocks", obs.Place);
            var number = Fields.ToNumber(row[0], "blocks", obs.Place);
            if (number < 0 || number > SpecRules.MostPages / RecordingTable.BlockPages)
                throw obs.Place.Fail("blocks",
                    $"'blocks' lists block {number}: expected 0 to {SpecRules.MostPages / RecordingTable.BlockPages}");
            var zones = Fields.ToText(row[3], "blocks", obs.Place).Split(' ');
            if (!short.TryParse(Fields.ToText(row[6], "blocks", obs.Place), out var node))
                node = 0;
            _blocks.Add(((int)number, StateOf(Fields.ToText(row[1], "blocks", obs.Place), obs.Place), node,
                ZoneOf(zones[0]), zones.Length > 1 ? ZoneOf(zones[1]) : ZoneKind.None));
        }

        _blocks.Sort(static (a, b) => a.Block.CompareTo(b.Block));
    }

    private void ReadPages(Fields obs, string key)
    {
        if (!obs.Has(key) || IsUnchanged(obs, key))
            return;
        var listed = new HashSet<int>();
        foreach (var member in obs.Members(key))
        {
            if (!int.TryParse(member.Name, out var block))
                continue;       // "40!": a note why something could not be read.
            listed.Add(block);
            var text = Fields.ToText(member.Value, key, obs.Place);
            if (text == "=" || (_pages.TryGetValue(block, out var known) && known.Text == text))
                continue;
            var pages = new PageRuns();
            if (PageText.Read(text, fromHost, dialect, pages) is { } problem)
                throw obs.Place.Fail(member.Name, $"pages of block {block}: {problem}");
            _pages[block] = (text, pages);
        }

        foreach (var gone in _pages.Keys.Where(b => !listed.Contains(b)).ToArray())
            _pages.Remove(gone);
    }

    private void ReadZones(Fields obs)
    {
        if (IsUnchanged(obs, "zones"))
            return;
        var zones = ImmutableArray.CreateBuilder<ZoneObservation>();
        foreach (var item in obs.Items("zones"))
        {
            var row = Fields.Row(item, 7, "zones", obs.Place);
            var kind = ZoneOf(Fields.ToText(row[1], "zones", obs.Place));
            long At(int index) => Fields.ToNumber(row[index], "zones", obs.Place);
            if (kind != ZoneKind.None)
                zones.Add(new ZoneObservation(new ZoneId((short)At(0), kind), At(6), At(2), At(3), At(4), At(5), -1));
        }

        _zones = zones.ToImmutable();
    }

    private void ReadNodes(Fields obs)
    {
        if (IsUnchanged(obs, "nodes"))
            return;
        var parts = obs.Text("nodes").Split('|');
        if (parts.Length != 3)
            throw obs.Place.Fail("nodes",
                $"'nodes' is {obs.Text("nodes")}: expected online|has_memory|has_normal_memory");
        var sets = parts.Select(p => NodeSet(p, obs.Place)).ToArray();
        _nodes = [.. sets[0].Order()
            .Select(n => new NodeObservation(n, true, sets[1].Contains(n), sets[2].Contains(n)))];
    }

    // "140000000-147ffffff : System RAM", in bytes, the last one inclusive; virtio-mem's stand indented under its
    // device.
    private void ReadResources(Fields obs)
    {
        if (IsUnchanged(obs, "iomem"))
            return;
        var ranges = new List<PageRange>();
        foreach (var item in obs.Items("iomem"))
        {
            var line = Fields.ToText(item, "iomem", obs.Place).Trim();
            var colon = line.IndexOf(" : System RAM", StringComparison.Ordinal);
            var dash = line.IndexOf('-');
            if (colon < 0)
                continue;
            if (dash < 1 || dash > colon || !TryHex(line.AsSpan(0, dash), out var start)
                || !TryHex(line.AsSpan(dash + 1, colon - dash - 1), out var last))
                throw obs.Place.Fail("iomem", $"'iomem' holds '{line}': expected start-end : System RAM");
            if (start / RecordingTable.PageBytes >= (long)RecordingTable.FirstHotBlock * RecordingTable.BlockPages)
                ranges.Add(
                    new PageRange(start / RecordingTable.PageBytes, (last + 1 - start) / RecordingTable.PageBytes));
        }

        ranges.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        _resources = [.. ranges];
    }

    private void ReadCounters(Fields obs)
    {
        if (IsUnchanged(obs, "meminfo"))
            return;
        var counters = obs.Inner("meminfo");
        _managedTotal = counters.Number("MemTotal") * 1024 / RecordingTable.PageBytes;
        _poisoned = counters.Number("HardwareCorrupted") * 1024 / RecordingTable.PageBytes;
    }

    private void ReadDevices(Fields obs)
    {
        if (IsUnchanged(obs, "md"))
            return;
        var devices = ImmutableArray.CreateBuilder<ListedDevice>();
        foreach (var item in obs.Items("md"))
        {
            var row = Fields.Row(item, 6, "md", obs.Place);
            var id = Fields.ToText(row[0], "md", obs.Place);
            var isMemory = Fields.ToText(row[1], "md", obs.Place) == "virtio-mem";
            Name name = default;
            if (!isMemory && !Name.TryParse(id, out name))
                throw obs.Place.Fail("md", $"'md' lists a device '{id}': expected d<number>");
            long Pages(int index) => Fields.ToNumber(row[index], "md", obs.Place) / RecordingTable.PageBytes;
            devices.Add(new ListedDevice(isMemory ? Name.DeviceMemory(1) : name, new PageRange(Pages(2), Pages(3)),
                isMemory ? Pages(4) : Pages(3), (short)Fields.ToNumber(row[5], "md", obs.Place)));
        }

        _devices = devices.ToImmutable();
    }

    private ImmutableArray<RecordedBlock> Blocks()
    {
        var blocks = ImmutableArray.CreateBuilder<RecordedBlock>(_blocks.Count);
        foreach (var (number, state, node, zone, other) in _blocks)
        {
            var before = _previous.GetValueOrDefault(number);
            var pages = PagesOf(number, state);

            // While it goes offline, valid_zones shows candidates; the zone that counts it is the one that it was
            // online in.
            var (its, second) = state == BlockState.GoingOffline && before is { State: not BlockState.Offline }
                ? (before.Zone, ZoneKind.None)
                : (zone, other);
            var same = before is not null && before.State == state && before.Node == node && before.Zone == its
                && before.OtherZone == second && ReferenceEquals(before.Pages, pages);
            blocks.Add(same ? before! : new RecordedBlock(_nextStamp++, number, state, node, its, second, pages));
        }

        _previous.Clear();
        foreach (var block in blocks)
            _previous.Add(block.Block, block);
        return blocks.MoveToImmutable();
    }

    // The struct pages of an offline block mean nothing, also where they can be read from outside.
    private PageRuns PagesOf(int block, BlockState state)
    {
        if (block < RecordingTable.FirstHotBlock)
            return s_unseen;
        if (state == BlockState.Offline)
            return s_offline;
        return _pages.TryGetValue(block, out var known) ? known.Pages : s_unseen;
    }

    private ImmutableArray<DeviceObservation> Devices(ImmutableArray<RecordedBlock> blocks, FlightWatch flight)
    {
        var devices = ImmutableArray.CreateBuilder<DeviceObservation>();
        foreach (var device in _devices)
        {
            var range = device.Name.Kind == NameKind.DeviceMemory ? spec.RegionOf(device.Name.Id) : device.Range;
            var its = blocks.Where(b => range.Contains(spec.PagesOf(b.Block))).ToArray();
            if (device.Name.Kind == NameKind.DeviceMemory)
            {
                flight.SeeDeviceMemory(device.Range.Count, its);
                devices.Add(new DeviceObservation(
                    device.Name, range, device.Range.Count, device.RequestedPages, flight.Resizing));
                continue;
            }

            flight.SeeDevice(device.Name.Id, its);
            devices.Add(new DeviceObservation(
                device.Name, range, range.Count, range.Count, flight.Ejecting(device.Name.Id)));
        }

        return devices.ToImmutable();
    }

    private ImmutableArray<BalloonObservation> Balloons(FlightWatch flight)
    {
        var pages = RecordingTable.BalloonPages(RamBytes, _balloonActual);
        flight.SeeBalloon(pages);
        return [new BalloonObservation(BalloonDriver.Virtio, pages, flight.BalloonTarget, flight.Ballooning)];
    }

    private static bool TryHex(ReadOnlySpan<char> text, out long number) =>
        long.TryParse(text, NumberStyles.AllowHexSpecifier, null, out number);

    private static PageRuns NoPages()
    {
        var pages = new PageRuns();
        pages.Add(RecordingTable.BlockPages, PageState.None);
        return pages;
    }

    private static HashSet<short> NodeSet(string text, Place place)
    {
        var nodes = new HashSet<short>();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var dash = part.IndexOf('-');
            if (!short.TryParse(dash < 0 ? part : part[..dash], out var first)
                || !short.TryParse(dash < 0 ? part : part[(dash + 1)..], out var last))
                throw place.Fail("nodes", $"'nodes' holds '{part}': expected a number or first-last");
            for (var node = first; node <= last; node++)
                nodes.Add(node);
        }

        return nodes;
    }

    private static BlockState StateOf(string word, Place place) => word switch
    {
        "online" => BlockState.Online,
        "offline" => BlockState.Offline,
        "going-offline" => BlockState.GoingOffline,
        _ => throw place.Fail("blocks", $"a block is '{word}': expected online, offline or going-offline"),
    };

    private static ZoneKind ZoneOf(string word) => word switch
    {
        "DMA" => ZoneKind.Dma,
        "DMA32" => ZoneKind.Dma32,
        "Normal" => ZoneKind.Normal,
        "Movable" => ZoneKind.Movable,
        _ => ZoneKind.None,
    };
}
