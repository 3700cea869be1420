using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Wire;

/// <summary>Reads the fields of an observation into one that holds what was seen before.</summary>
internal sealed class ObservationDecoder
{
    private const int MostNodes = 1024;
    private const int MostCpus = 1024;

    private static readonly WireFields s_observation = new(2, "whole", "blocks", "gone", "zones", "devices", "balloons",
        "nodes", "resources", "managed", "poisoned", "boot-memmap", "callbacks", "pcplists", "loans");

    private static readonly WireFields s_block = new(4, "block", "state", "node", "zone", "other", "pages", "registered");

    private static readonly WireFields s_zone =
        new(7, "node", "zone", "start", "spanned", "present", "managed", "free", "isolated");

    private static readonly WireFields s_device = new(4, "device", "range", "plugged", "requested", "in-flight", "owner");
    private static readonly WireFields s_balloon = new(2, "driver", "pages", "target", "in-flight");
    private static readonly WireFields s_pcplist = new(6, "node", "zone", "cpu", "pages", "high", "batch");
    private static readonly WireFields s_loans = new(7, "pages", "list-pages", "target", "oom-freed",
        "hotplug-occurred", "seconds-to-wake", "paused");

    private static readonly WireFields s_node = new(4, "node", "online", "memory", "normal-memory");

    private readonly PageRuns _pages = new();
    private readonly List<int> _listed = [];
    private readonly List<int> _gone = [];
    private readonly List<int> _touched = [];
    private MachineSpec _spec = new();
    private Observation _into = new();
    private long _stamp;

    internal void Read(ref WireReader json, MachineSpec spec, Observation into, ref long stamp)
    {
        (_spec, _into, _stamp) = (spec, into, stamp);
        _listed.Clear();
        _gone.Clear();
        _touched.Clear();
        into.Begin(whole: false);
        into.ManagedTotal = into.PoisonedPages = into.BootMemmapPages = -1;
        into.Callbacks = CallbackOwners.None;
        var whole = false;
        uint seen = 0;
        while (json.NextField(s_observation, ref seen, out var field))
            if (field == 0)
                whole = json.Boolean();
            else
                ReadField(ref json, field);
        if (whole)
            DropUnlisted(ref json);
        else
            DropGone(ref json);
        _touched.Sort();
        into.TracksTouched();
        foreach (var block in _touched)
            into.Touch(block);
        into.End();
        stamp = _stamp;
    }

    private void ReadField(ref WireReader json, int field)
    {
        switch (field)
        {
            case 8:
                _into.ManagedTotal = json.Number(0, WireProtocol.LargestNumber);
                return;
            case 9:
                _into.PoisonedPages = json.Number(0, WireProtocol.LargestNumber);
                return;
            case 10:
                _into.BootMemmapPages = json.Number(0, WireProtocol.LargestNumber);
                return;
            case 13:
                _into.Loans = ReadLoans(ref json);
                return;
        }

        json.BeginArray();
        while (json.NextItem())
            switch (field)
            {
                case 1:
                    ReadBlock(ref json);
                    break;
                case 2:
                    _gone.Add((int)json.Number(0, int.MaxValue));
                    break;
                case 3:
                    _into.Add(ReadZone(ref json));
                    break;
                case 4:
                    _into.Add(ReadDevice(ref json));
                    break;
                case 5:
                    _into.Add(ReadBalloon(ref json));
                    break;
                case 6:
                    _into.Add(ReadNode(ref json));
                    break;
                case 11:
                    _into.Callbacks |= (CallbackOwners)(1 << (int)json.Word<CallbackOwner>());
                    break;
                case 12:
                    _into.Add(ReadPcplist(ref json));
                    break;
                default:
                    _into.Add(json.Range());
                    break;
            }
    }

    private void ReadBlock(ref WireReader json)
    {
        int number = -1;
        short node = 0;
        BlockState state = default;
        ZoneKind zone = default, other = default;
        var registered = true;
        _pages.Clear();
        uint seen = 0;
        json.BeginObject();
        while (json.NextField(s_block, ref seen, out var field))
            switch (field)
            {
                case 0:
                    number = (int)json.Number(0, (SpecRules.MostPages / _spec.PagesPerBlock) - 1);
                    break;
                case 1:
                    state = json.Word<BlockState>();
                    break;
                case 2:
                    node = (short)json.Number(0, MostNodes - 1);
                    break;
                case 3:
                    zone = json.Word<ZoneKind>();
                    break;
                case 4:
                    other = json.Word<ZoneKind>();
                    break;
                case 6:
                    registered = json.Boolean();
                    break;
                default:
                    ReadPages(ref json);
                    break;
            }

        if (_listed.Count > 0 && _listed[^1] >= number)
            throw json.Wrong($"block {number} after block {_listed[^1]}: blocks are listed by ascending number");
        _listed.Add(number);
        Take(number, state, node, zone, other, registered);
    }

    private void ReadPages(ref WireReader json)
    {
        json.BeginArray();
        while (json.NextItem())
        {
            json.BeginTuple();
            var count = (int)json.ItemNumber(1, _spec.PagesPerBlock - _pages.Pages);
            var flags = (PageFlags)json.ItemNumber(0, ushort.MaxValue);
            var order = json.TryItem() ? (byte)json.Number(0, byte.MaxValue) : (byte)0;
            var owner = json.TryItem() ? (byte)json.Number(0, byte.MaxValue) : (byte)0;
            var references = !json.TryItem() ? 0
                : json.IsNull ? PageState.Unknown
                : (int)json.Number(-int.MaxValue, int.MaxValue);
            json.EndTuple();
            _pages.Add(count, new PageState(flags, order, owner, references));
        }

        if (_pages.Pages != _spec.PagesPerBlock)
            throw json.Wrong($"{_pages.Pages} pages: the runs of a block cover its {_spec.PagesPerBlock} pages");
    }

    private void Take(int number, BlockState state, short node, ZoneKind zone, ZoneKind other, bool registered)
    {
        if (_into.Find(number) is { } known && known.State == state && known.Node == node && known.Zone == zone
            && known.OtherZone == other && known.IsRegistered == registered && known.Pages.SameAs(_pages))
            return;
        _touched.Add(number);
        var block = _into.Open(number);
        block.Stamp = ++_stamp;
        block.State = state;
        block.Node = node;
        block.Zone = zone;
        block.OtherZone = other;
        block.IsRegistered = registered;
        block.Pages.CopyFrom(_pages);
        _into.Close(block);
    }

    private void DropUnlisted(ref WireReader json)
    {
        if (_gone.Count > 0)
            throw json.Wrong("a whole observation has no 'gone': it lists the blocks that are there");
        var next = 0;
        foreach (var block in _into.Blocks)
            if (next < _listed.Count && _listed[next] == block.Block)
                next++;
            else
                _gone.Add(block.Block);
        Drop();
    }

    private void DropGone(ref WireReader json)
    {
        foreach (var block in _gone)
            if (_into.Find(block) is null || _listed.Contains(block))
                throw json.Wrong($"block {block} is gone, but it was not there before, or it is listed too");
        Drop();
    }

    private void Drop()
    {
        foreach (var block in _gone)
            _into.Remove(block);
        _touched.AddRange(_gone);
    }

    private static ZoneObservation ReadZone(ref WireReader json)
    {
        short node = 0;
        ZoneKind kind = default;
        long start = 0, spanned = 0, present = 0, managed = 0, free = 0, isolated = -1;
        uint seen = 0;
        json.BeginObject();
        while (json.NextField(s_zone, ref seen, out var field))
            switch (field)
            {
                case 0:
                    node = (short)json.Number(0, MostNodes - 1);
                    break;
                case 1:
                    kind = json.Word<ZoneKind>();
                    break;
                case 2:
                    start = json.Number(0, WireProtocol.LargestNumber);
                    break;
                case 3:
                    spanned = json.Number(0, WireProtocol.LargestNumber);
                    break;
                case 4:
                    present = json.Number(0, WireProtocol.LargestNumber);
                    break;
                case 5:
                    managed = json.Number(-WireProtocol.LargestNumber, WireProtocol.LargestNumber);
                    break;
                case 6:
                    free = json.Number(0, WireProtocol.LargestNumber);
                    break;
                default:
                    isolated = json.Number(0, WireProtocol.LargestNumber);
                    break;
            }

        return new ZoneObservation(new ZoneId(node, kind), start, spanned, present, managed, free, isolated);
    }

    private static DeviceObservation ReadDevice(ref WireReader json)
    {
        DeviceObservation device = default;
        uint seen = 0;
        json.BeginObject();
        while (json.NextField(s_device, ref seen, out var field))
            device = field switch
            {
                0 => device with { Name = ReadDeviceName(ref json) },
                1 => device with { Range = json.Range() },
                2 => device with { PluggedPages = json.Number(0, WireProtocol.LargestNumber) },
                3 => device with { RequestedPages = json.Number(0, WireProtocol.LargestNumber) },
                5 => device with { Owner = json.Word<CallbackOwner>() },
                _ => device with { InFlight = json.Boolean() },
            };
        return device;
    }

    private static Name ReadDeviceName(ref WireReader json) =>
        Name.TryParse(json.Text(20), out var name)
            && name is { Kind: NameKind.Device or NameKind.DeviceMemory, Block: < 0 }
            ? name
            : throw json.Wrong($"{json.Shown()}: allowed is a device such as d1 or m1");

    private static BalloonObservation ReadBalloon(ref WireReader json)
    {
        var balloon = new BalloonObservation(default, 0, -1, false);
        uint seen = 0;
        json.BeginObject();
        while (json.NextField(s_balloon, ref seen, out var field))
            balloon = field switch
            {
                0 => balloon with { Driver = json.Word<BalloonDriver>() },
                1 => balloon with { Pages = json.Number(0, WireProtocol.LargestNumber) },
                2 => balloon with { TargetPages = json.Number(0, WireProtocol.LargestNumber) },
                _ => balloon with { InFlight = json.Boolean() },
            };
        return balloon;
    }

    private static PcplistObservation ReadPcplist(ref WireReader json)
    {
        PcplistObservation list = default;
        uint seen = 0;
        json.BeginObject();
        while (json.NextField(s_pcplist, ref seen, out var field))
            list = field switch
            {
                0 => list with { Zone = list.Zone with { Node = (short)json.Number(0, MostNodes - 1) } },
                1 => list with { Zone = list.Zone with { Kind = json.Word<ZoneKind>() } },
                2 => list with { Cpu = (short)json.Number(0, MostCpus - 1) },
                3 => list with { Pages = (int)json.Number(0, int.MaxValue) },
                4 => list with { High = (int)json.Number(0, int.MaxValue) },
                _ => list with { Batch = (int)json.Number(0, int.MaxValue) },
            };
        return list;
    }

    private static LoanObservation ReadLoans(ref WireReader json)
    {
        LoanObservation loans = default;
        uint seen = 0;
        json.BeginObject();
        while (json.NextField(s_loans, ref seen, out var field))
            loans = field switch
            {
                0 => loans with { Pages = json.Number(0, WireProtocol.LargestNumber) },
                1 => loans with { ListPages = json.Number(0, WireProtocol.LargestNumber) },
                2 => loans with { TargetPages = json.Number(0, WireProtocol.LargestNumber) },
                3 => loans with { OomFreedPages = json.Number(0, WireProtocol.LargestNumber) },
                4 => loans with { HotplugOccurred = json.Boolean() },
                5 => loans with { SecondsToWake = (int)json.Number(0, int.MaxValue) },
                _ => loans with { Paused = json.Boolean() },
            };
        return loans;
    }

    private static NodeObservation ReadNode(ref WireReader json)
    {
        NodeObservation node = default;
        uint seen = 0;
        json.BeginObject();
        while (json.NextField(s_node, ref seen, out var field))
            node = field switch
            {
                0 => node with { Node = (short)json.Number(0, MostNodes - 1) },
                1 => node with { Online = json.Boolean() },
                2 => node with { HasMemory = json.Boolean() },
                _ => node with { HasNormalMemory = json.Boolean() },
            };
        return node;
    }
}
