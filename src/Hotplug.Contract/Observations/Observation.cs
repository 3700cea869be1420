using System.Numerics;
using System.Runtime.InteropServices;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Observations;

/// <summary>A node's states.</summary>
/// <param name="Node">Which node.</param>
/// <param name="Online">In /sys/devices/system/node/online.</param>
/// <param name="HasMemory">N_MEMORY.</param>
/// <param name="HasNormalMemory">N_NORMAL_MEMORY.</param>
public readonly record struct NodeObservation(short Node, bool Online, bool HasMemory, bool HasNormalMemory);

/// <summary>
/// What can be seen of a machine at rest. A reused buffer: a machine writes only what changed since it last wrote this
/// buffer, so the cost follows the change and not the memory.
/// </summary>
public sealed class Observation
{
    // Blocks with a smaller number are found by it at once; the few beyond, by halving.
    private const int MostNumbered = 1 << 20;

    private readonly List<BlockObservation> _blocks = [];
    private readonly List<BlockObservation> _pool = [];
    private readonly List<ZoneObservation> _zones = [];
    private readonly List<(ZoneId Zone, ZoneTotals Totals)> _totals = [];
    private readonly List<DeviceObservation> _devices = [];
    private readonly List<BalloonObservation> _balloons = [];
    private readonly List<NodeObservation> _nodes = [];
    private readonly List<PageRange> _resources = [];
    private readonly List<PcplistObservation> _pcplists = [];
    private readonly List<int> _touched = [];
    private readonly List<int> _visited = [];
    private BlockObservation?[] _byNumber = new BlockObservation?[64];
    private bool _whole;
    private bool _tracksTouched;

    /// <summary>What this observation shows.</summary>
    public Visibility Visible { get; set; }

    /// <summary>For the machine: who wrote this buffer last. A machine that finds another writer writes
    /// everything.</summary>
    public object? Writer { get; set; }

    /// <summary>For the machine: a number of its own, kept from when it wrote this buffer last.</summary>
    public long Version { get; set; }

    /// <summary>Sum of all zones' managed pages (MemTotal); −1 where it cannot be seen.</summary>
    public long ManagedTotal { get; set; } = -1;

    /// <summary>Poisoned pages as counted (HardwareCorrupted); −1 where it cannot be seen.</summary>
    public long PoisonedPages { get; set; } = -1;

    /// <summary>Pages that hold page descriptors outside the added memory (the memmap's cost); −1 where it cannot be
    /// seen.</summary>
    public long BootMemmapPages { get; set; } = -1;

    /// <summary>Whose online_page callbacks are set.</summary>
    public CallbackOwners Callbacks { get; set; }

    /// <summary>CMM; null where there is none or it cannot be seen.</summary>
    public LoanObservation? Loans { get; set; }

    /// <summary>The memory blocks, by ascending number.</summary>
    public ReadOnlySpan<BlockObservation> Blocks => CollectionsMarshal.AsSpan(_blocks);

    /// <summary>The zones.</summary>
    public ReadOnlySpan<ZoneObservation> Zones => CollectionsMarshal.AsSpan(_zones);

    /// <summary>The devices.</summary>
    public ReadOnlySpan<DeviceObservation> Devices => CollectionsMarshal.AsSpan(_devices);

    /// <summary>The balloons.</summary>
    public ReadOnlySpan<BalloonObservation> Balloons => CollectionsMarshal.AsSpan(_balloons);

    /// <summary>The nodes.</summary>
    public ReadOnlySpan<NodeObservation> Nodes => CollectionsMarshal.AsSpan(_nodes);

    /// <summary>Registered resources of added memory, ascending.</summary>
    public ReadOnlySpan<PageRange> Resources => CollectionsMarshal.AsSpan(_resources);

    /// <summary>The per-CPU lists; none on a machine without them.</summary>
    public ReadOnlySpan<PcplistObservation> Pcplists => CollectionsMarshal.AsSpan(_pcplists);

    /// <summary>True if the machine may still be working on some device.</summary>
    public bool DeviceInFlight
    {
        get
        {
            foreach (ref readonly var device in Devices)
                if (device.InFlight)
                    return true;
            return false;
        }
    }

    /// <summary>True if the machine may still be working on some balloon.</summary>
    public bool BalloonInFlight
    {
        get
        {
            foreach (ref readonly var balloon in Balloons)
                if (balloon.InFlight)
                    return true;
            return false;
        }
    }

    /// <summary>
    /// Blocks that may differ from the observation taken one operation earlier, ascending; null when the machine does
    /// not keep track, and stamps must be compared.
    /// </summary>
    public List<int>? Touched => _tracksTouched ? _touched : null;

    /// <summary>True if the flags are all visible.</summary>
    public bool Sees(Visibility what) => (Visible & what) == what;

    /// <summary>The block with this number, or null.</summary>
    public BlockObservation? Find(int block)
    {
        var byNumber = _byNumber;
        if ((uint)block < (uint)byNumber.Length)
            return byNumber[block];
        return block < MostNumbered ? null : FindFar(block);
    }

    /// <summary>The state of a page; <see cref="PageState.NotSeen"/> if its block is absent or not visible.</summary>
    public PageState PageAt(long pfn, int pagesPerBlock) =>
        Find((int)(pfn / pagesPerBlock))?.Pages.At((int)(pfn % pagesPerBlock)) ?? PageState.NotSeen;

    /// <summary>The counters of a zone; all 0 if the zone is not listed.</summary>
    public ZoneObservation Zone(ZoneId id)
    {
        foreach (ref readonly var zone in Zones)
            if (zone.Id == id)
                return zone;
        return new ZoneObservation(id, 0, 0, 0, 0, 0, 0);
    }

    /// <summary>Sums over the visible online blocks of a zone.</summary>
    public ZoneTotals Totals(ZoneId id)
    {
        foreach (var (zone, totals) in _totals)
            if (zone == id)
                return totals;
        return default;
    }

    /// <summary>The device with this name, or null.</summary>
    public DeviceObservation? Device(Name name)
    {
        foreach (ref readonly var device in Devices)
            if (device.Name == name)
                return device;
        return null;
    }

    /// <summary>The balloon of this driver, or null.</summary>
    public BalloonObservation? Balloon(BalloonDriver driver)
    {
        foreach (ref readonly var balloon in Balloons)
            if (balloon.Driver == driver)
                return balloon;
        return null;
    }

    /// <summary>The states of a node; offline if it is not listed.</summary>
    public NodeObservation NodeOf(short node)
    {
        foreach (ref readonly var seen in Nodes)
            if (seen.Node == node)
                return seen;
        return new NodeObservation(node, false, false, false);
    }

    /// <summary>
    /// Starts writing. With <paramref name="whole"/>, blocks that are not opened before <see cref="End"/> are dropped;
    /// otherwise they stay as they are. Everything but blocks is always written anew.
    /// </summary>
    public void Begin(bool whole)
    {
        _whole = whole;
        _visited.Clear();
        _zones.Clear();
        _devices.Clear();
        _balloons.Clear();
        _nodes.Clear();
        _resources.Clear();
        _pcplists.Clear();
        Loans = null;
        _touched.Clear();
        _tracksTouched = false;
    }

    /// <summary>
    /// The block to write, new if it was not there. After changing it call <see cref="Close"/>; a machine that finds
    /// its own stamp unchanged may leave the contents as they are.
    /// </summary>
    public BlockObservation Open(int block)
    {
        var opened = Find(block) ?? Insert(block);
        if (_whole)
            _visited.Add(block);
        Count(opened, -1);
        return opened;
    }

    /// <summary>Ends writing a block.</summary>
    public void Close(BlockObservation block) => Count(block, +1);

    /// <summary>Drops a block.</summary>
    public void Remove(int block)
    {
        if (Find(block) is not { } removed)
            return;
        Count(removed, -1);
        _pool.Add(removed);
        _blocks.RemoveAt(IndexOf(block));
        SetNumbered(block, null);
    }

    /// <summary>Adds a zone.</summary>
    public void Add(in ZoneObservation zone) => _zones.Add(zone);

    /// <summary>Adds a device.</summary>
    public void Add(in DeviceObservation device) => _devices.Add(device);

    /// <summary>Adds a balloon.</summary>
    public void Add(in BalloonObservation balloon) => _balloons.Add(balloon);

    /// <summary>Adds a node.</summary>
    public void Add(in NodeObservation node) => _nodes.Add(node);

    /// <summary>Adds a resource.</summary>
    public void Add(in PageRange resource) => _resources.Add(resource);

    /// <summary>Adds a per-CPU list.</summary>
    public void Add(in PcplistObservation pcplist) => _pcplists.Add(pcplist);

    /// <summary>States that a block may differ from the observation taken one operation earlier; call in ascending
    /// order.</summary>
    public void Touch(int block)
    {
        _tracksTouched = true;
        _touched.Add(block);
    }

    /// <summary>States that only blocks named with <see cref="Touch"/> may differ, also when there are none.</summary>
    public void TracksTouched() => _tracksTouched = true;

    /// <summary>Ends writing.</summary>
    public void End()
    {
        if (!_whole)
            return;
        if (_visited.Count == _blocks.Count)
            return;
        var keep = new HashSet<int>(_visited);
        for (var i = _blocks.Count - 1; i >= 0; i--)
            if (!keep.Contains(_blocks[i].Block))
                Remove(_blocks[i].Block);
    }

    /// <summary>Becomes a copy of the other, for histories and reports.</summary>
    public void CopyFrom(Observation other)
    {
        Begin(whole: true);
        Visible = other.Visible;
        Writer = null;
        Version = 0;
        ManagedTotal = other.ManagedTotal;
        PoisonedPages = other.PoisonedPages;
        BootMemmapPages = other.BootMemmapPages;
        Callbacks = other.Callbacks;
        Loans = other.Loans;
        foreach (var block in other.Blocks)
        {
            var copy = Open(block.Block);
            copy.Stamp = block.Stamp;
            copy.State = block.State;
            copy.Node = block.Node;
            copy.Zone = block.Zone;
            copy.OtherZone = block.OtherZone;
            copy.IsRegistered = block.IsRegistered;
            copy.Pages.CopyFrom(block.Pages);
            Close(copy);
        }

        _zones.AddRange(other.Zones);
        _devices.AddRange(other.Devices);
        _balloons.AddRange(other.Balloons);
        _nodes.AddRange(other.Nodes);
        _resources.AddRange(other.Resources);
        _pcplists.AddRange(other.Pcplists);
        End();
    }

    private BlockObservation Insert(int block)
    {
        var index = ~IndexOf(block);
        var inserted = FromPool(block);
        _blocks.Insert(index, inserted);
        SetNumbered(block, inserted);
        return inserted;
    }

    private BlockObservation FromPool(int number)
    {
        BlockObservation block;
        if (_pool.Count > 0)
        {
            block = _pool[^1];
            _pool.RemoveAt(_pool.Count - 1);
        }
        else
        {
            block = new BlockObservation();
        }

        block.Block = number;
        block.Stamp = -1;
        block.State = BlockState.Offline;
        block.Zone = block.OtherZone = ZoneKind.None;
        block.Node = 0;
        block.IsRegistered = true;
        block.Pages.Clear();
        return block;
    }

    private BlockObservation? FindFar(int block)
    {
        var index = IndexOf(block);
        return index >= 0 ? _blocks[index] : null;
    }

    private void SetNumbered(int block, BlockObservation? seen)
    {
        if (block >= MostNumbered)
            return;
        if (block >= _byNumber.Length)
            Array.Resize(ref _byNumber, (int)BitOperations.RoundUpToPowerOf2((uint)block + 1));
        _byNumber[block] = seen;
    }

    private int IndexOf(int block)
    {
        var low = 0;
        var high = _blocks.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var number = _blocks[middle].Block;
            if (number == block)
                return middle;
            if (number < block)
                low = middle + 1;
            else
                high = middle - 1;
        }

        return ~low;
    }

    private void Count(BlockObservation block, int sign)
    {
        if (!block.IsOnline)
            return;
        var pages = block.Pages;
        var id = block.CountedIn;
        var index = 0;
        while (index < _totals.Count && _totals[index].Zone != id)
            index++;
        if (index == _totals.Count)
            _totals.Add((id, default));

        ref var t = ref CollectionsMarshal.AsSpan(_totals)[index].Totals;
        t = new ZoneTotals(
            t.Blocks + sign, t.Pages + (sign * (long)pages.Pages), t.Vmemmap + (sign * (long)pages.Vmemmap),
            t.Offline + (sign * (long)pages.Offline), t.Ballooned + (sign * (long)pages.Ballooned),
            t.Buddy + (sign * (long)pages.Buddy), t.Unseen + (pages.HasUnseen || pages.Pages == 0 ? sign : 0),
            t.Listed + (sign * (long)pages.Listed));
    }
}
