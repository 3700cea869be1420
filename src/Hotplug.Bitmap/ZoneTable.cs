using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace Hotplug.Bitmap;

/// <summary>
/// The zones of every node: DMA, Normal and Movable, in this order. Their structures are made on first use.
/// </summary>
internal sealed class ZoneTable
{
    private const int ZonesPerNode = 3;

    private readonly Zone?[] _zones;
    private readonly BlockLayout _layout;

    public ZoneTable(MachineSpec spec, BlockLayout layout)
    {
        _layout = layout;
        Nodes = spec.Nodes;
        _zones = new Zone?[spec.Nodes * ZonesPerNode];
    }

    private ZoneTable(ZoneTable other)
    {
        _layout = other._layout;
        Nodes = other.Nodes;
        Generation = other.Generation;
        _zones = Array.ConvertAll(other._zones, static zone => zone?.Clone());
    }

    public int Nodes { get; }

    /// <summary>
    /// Changes with every span and every count of present pages: what the choice of a zone depends on.
    /// </summary>
    public long Generation { get; set; }

    public int Count => _zones.Length;

    /// <summary>The zone with this index, made if it is not there yet.</summary>
    public Zone this[int index] => _zones[index] ??= new Zone(
        new ZoneId((short)(index / ZonesPerNode), (ZoneKind)KindOf(index % ZonesPerNode)), _layout);

    public static int IndexOf(int node, ZoneKind kind) => (node * ZonesPerNode) + kind switch
    {
        ZoneKind.Dma => 0,
        ZoneKind.Movable => 2,
        _ => 1,
    };

    public Zone Of(int node, ZoneKind kind) => this[IndexOf(node, kind)];

    /// <summary>The zone with this index; null if nothing ever was in it.</summary>
    public Zone? Find(int index) => _zones[index];

    public Zone? Find(int node, ZoneKind kind) => _zones[IndexOf(node, kind)];

    public ZoneTable Clone() => new(this);

    private static int KindOf(int offset) => offset switch
    {
        0 => (int)ZoneKind.Dma,
        1 => (int)ZoneKind.Normal,
        _ => (int)ZoneKind.Movable,
    };
}
