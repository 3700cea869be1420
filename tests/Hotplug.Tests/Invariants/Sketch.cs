using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Tests.Invariants;

/// <summary>A memory block of a <see cref="Sketch"/>.</summary>
internal sealed class BlockSketch(int number, int pages)
{
    public int Number { get; } = number;

    public BlockState State { get; set; }

    public short Node { get; set; }

    public ZoneKind Zone { get; set; }

    public PageState[] Pages { get; init; } = new PageState[pages];

    public bool IsRegistered { get; set; } = true;

    /// <summary>False: nothing of its pages can be seen.</summary>
    public bool ShowsPages { get => Shown > 0; set => Shown = value ? Pages.Length : 0; }

    /// <summary>How many of its pages are shown.</summary>
    public int Shown { get; set; } = pages;

    public BlockSketch Fill(int start, int count, PageState state)
    {
        Pages.AsSpan(start, count).Fill(state);
        return this;
    }

    public BlockSketch Copy() => new(Number, 0)
    {
        State = State,
        Node = Node,
        Zone = Zone,
        IsRegistered = IsRegistered,
        Pages = [.. Pages],
        Shown = Shown,
    };
}

/// <summary>
/// A machine's state by hand. Zones, nodes, resources and totals follow from the blocks as the kernel would have them,
/// unless a test says otherwise.
/// </summary>
internal sealed class Sketch(MachineSpec spec)
{
    private readonly SortedDictionary<int, BlockSketch> _blocks = [];
    private readonly List<Func<ZoneObservation, ZoneObservation>> _zones = [];
    private readonly List<Func<NodeObservation, NodeObservation>> _nodes = [];

    public MachineSpec Spec { get; } = spec;

    public List<DeviceObservation> Devices { get; private init; } = [];

    public List<BalloonObservation> Balloons { get; private init; } = [];

    /// <summary>Added to the sum of managed pages.</summary>
    public long TotalOff { get; set; }

    /// <summary>An operation holds the lock of the per-CPU lists.</summary>
    public bool PcplistsOff { get; set; }

    /// <summary>Makes the per-CPU lists other than they are.</summary>
    public Func<PcplistObservation, PcplistObservation> Pcplist { get; set; } = static list => list;

    /// <summary>Added to the number of poisoned pages.</summary>
    public long PoisonedOff { get; set; }

    public long MemmapPages { get; set; }

    /// <summary>CMM; null where there is none.</summary>
    public LoanObservation? Loans { get; set; }

    public CallbackOwners Callbacks { get; set; }

    /// <summary>Resources that do not follow from the blocks; null: those that do.</summary>
    public PageRange[]? Resources { get; set; }

    public BlockSketch this[int number] => _blocks[number];

    public BlockSketch Add(int number, ZoneKind zone = ZoneKind.None, short node = 0)
    {
        var block = new BlockSketch(number, Spec.PagesPerBlock) { Zone = zone, Node = node };
        if (zone != ZoneKind.None)
            Online(block, zone);
        return _blocks[number] = block;
    }

    public void Remove(int number) => _blocks.Remove(number);

    public BlockSketch Online(int number, ZoneKind zone) => Online(_blocks[number], zone);

    public BlockSketch Offline(int number)
    {
        var block = _blocks[number];
        block.State = BlockState.Offline;
        return block.Fill(0, block.Pages.Length, PageState.None);
    }

    /// <summary>Changes what the counters of a zone show.</summary>
    public void Zone(ZoneKind kind, Func<ZoneObservation, ZoneObservation> change) =>
        _zones.Add(z => z.Id.Kind == kind ? change(z) : z);

    /// <summary>Changes what a node shows.</summary>
    public void Node(short node, Func<NodeObservation, NodeObservation> change) =>
        _nodes.Add(n => n.Node == node ? change(n) : n);

    public void Device(Name name, Func<DeviceObservation, DeviceObservation> change)
    {
        var index = Devices.FindIndex(d => d.Name == name);
        Devices[index] = change(Devices[index]);
    }

    public void Balloon(Func<BalloonObservation, BalloonObservation> change) => Balloons[0] = change(Balloons[0]);

    public Sketch Copy()
    {
        var copy = new Sketch(Spec)
        {
            Devices = [.. Devices],
            Balloons = [.. Balloons],
            TotalOff = TotalOff,
            PcplistsOff = PcplistsOff,
            Pcplist = Pcplist,
            PoisonedOff = PoisonedOff,
            MemmapPages = MemmapPages,
            Loans = Loans,
            Callbacks = Callbacks,
            Resources = Resources,
        };
        foreach (var block in _blocks.Values)
            copy._blocks[block.Number] = block.Copy();
        copy._zones.AddRange(_zones);
        copy._nodes.AddRange(_nodes);
        return copy;
    }

    public void WriteTo(Observation observation, Visibility visible)
    {
        observation.Visible = visible;
        observation.Begin(whole: true);
        foreach (var block in _blocks.Values)
            Write(observation, block);
        var zones = Zones();
        zones.ForEach(z => observation.Add(z));
        Devices.ForEach(d => observation.Add(d));
        Balloons.ForEach(b => observation.Add(b));
        for (short node = 0; node < Spec.Nodes; node++)
            observation.Add(NodeOf(node, zones));
        foreach (var resource in Resources ?? [.. Hot().Select(b => Spec.PagesOf(b.Number))])
            observation.Add(resource);
        foreach (var list in Pcplists(zones))
            observation.Add(list);
        observation.ManagedTotal = zones.Sum(static z => z.Managed) + TotalOff - (Loans?.Pages ?? 0);
        observation.Loans = Loans;
        observation.PoisonedPages = _blocks.Values.Sum(static b => b.Pages.Count(static p =>
            p.Has(PageFlags.HwPoison))) + PoisonedOff;
        observation.BootMemmapPages = MemmapPages;
        observation.Callbacks = Callbacks;
        observation.End();
    }

    private static BlockSketch Online(BlockSketch block, ZoneKind zone)
    {
        block.State = BlockState.Online;
        block.Zone = zone;
        return block.Fill(0, block.Pages.Length, PageState.Free(3));
    }

    private static void Write(Observation observation, BlockSketch block)
    {
        var to = observation.Open(block.Number);
        to.Stamp = observation.Version++;
        to.State = block.State;
        to.Node = block.Node;
        to.Zone = block.Zone;
        to.IsRegistered = block.IsRegistered;
        to.Pages.Clear();
        foreach (var page in block.Pages.AsSpan(0, block.Shown))
            to.Pages.Add(1, page);
        observation.Close(to);
    }

    private IEnumerable<BlockSketch> Hot() => _blocks.Values.Where(b => b.Number >= Spec.BootBlocks);

    private List<ZoneObservation> Zones()
    {
        var zones = new List<ZoneObservation>();
        for (short node = 0; node < Spec.Nodes; node++)
            foreach (var kind in Enum.GetValues<ZoneKind>().Where(kind => kind is ZoneKind.Normal or ZoneKind.Movable || IsThere(kind)))
                zones.Add(_zones.Aggregate(Count(new ZoneId(node, kind)), static (z, change) => change(z)));
        return zones;
    }

    private bool IsThere(ZoneKind kind) => kind != ZoneKind.None && _blocks.Values.Any(b => b.Zone == kind);

    private ZoneObservation Count(ZoneId id)
    {
        var blocks = _blocks.Values.Where(b => b.State != BlockState.Offline && b.Zone == id.Kind
            && b.Node == id.Node).ToList();
        if (blocks.Count == 0)
            return new ZoneObservation(id, 0, 0, 0, 0, 0, 0);
        var start = Spec.PagesOf(blocks[0].Number).Start;
        var stays = Spec.Balloons.Any(static b => b.DeflateOnOom);
        return new ZoneObservation(id, start, Spec.PagesOf(blocks[^1].Number).End - start,
            Count(blocks, static _ => true) - Count(blocks.Where(static b => b.State == BlockState.GoingOffline),
                IsVmemmap),
            Count(blocks,
                p => !IsVmemmap(p) && (!p.Has(PageFlags.Offline) || (stays && p.Owner >= PageState.BalloonOwner))),
            Count(blocks, static p => p.Has(PageFlags.Buddy)), 0);
    }

    private IEnumerable<PcplistObservation> Pcplists(List<ZoneObservation> zones)
    {
        if (!Spec.HasPcplists)
            yield break;
        foreach (var zone in zones)
            for (short cpu = 0; cpu < Spec.Cpus; cpu++)
            {
                var pages = Count(_blocks.Values.Where(b => b.State != BlockState.Offline && b.Zone == zone.Id.Kind
                    && b.Node == zone.Id.Node),
                    p => p.Has(PageFlags.Pcplist) && p.Owner == cpu + 1);
                yield return Pcplist(new PcplistObservation(zone.Id, cpu, (int)pages, PcplistsOff ? 0 : Spec.PcpHigh,
                    PcplistsOff ? 1 : Spec.PcpBatch));
            }
    }

    private static bool IsVmemmap(PageState page) => page.Has(PageFlags.Vmemmap);

    private static long Count(IEnumerable<BlockSketch> blocks, Func<PageState, bool> which) =>
        blocks.Sum(b => b.Pages.Count(which));

    private NodeObservation NodeOf(short node, List<ZoneObservation> zones)
    {
        var mine = zones.Where(z => z.Id.Node == node && z.Present > 0).ToList();
        var seen = new NodeObservation(node, node == 0 || _blocks.Values.Any(b => b.Node == node), mine.Count > 0,
            mine.Any(static z => z.Id.IsKernel));
        return _nodes.Aggregate(seen, static (n, change) => change(n));
    }
}
