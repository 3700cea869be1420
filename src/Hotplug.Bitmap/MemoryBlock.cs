using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>A memory block that exists: its state, its planes, and the few things that few of its pages have.</summary>
internal sealed class MemoryBlock(int words)
{
    /// <summary>Planes and free chunks, as <see cref="BlockLayout"/> says; meaningful while online.</summary>
    public readonly ulong[] Words = new ulong[words];

    /// <summary>Offsets of poisoned pages, ascending. They outlive offline and online.</summary>
    public readonly List<int> Poisoned = [];

    public int Number;
    public short Node;
    public BlockState State;
    public ZoneKind Zone;

    /// <summary>online_type: what a plain write of 1 to <c>online</c> uses; a failed write leaves it behind.</summary>
    public AutoOnline OnlineType;

    /// <summary>Vmemmap pages at the start: its own, or those of its device's memmap group.</summary>
    public int Vmemmap;

    /// <summary>Where its memmap lies.</summary>
    public MemmapPlacement Memmap = MemmapPlacement.Boot;

    /// <summary>The block whose first page is the head of its memmap group; −1 when its memmap lies in other
    /// memory.</summary>
    public int Head = -1;

    /// <summary>References of its first page as the head of a memmap group; 0 if it is none.</summary>
    public int HeadReferences;

    /// <summary>Pages at the start that belong to another zone (block 0 of a PC).</summary>
    public int Foreign;

    /// <summary>Pages at the end that do not exist.</summary>
    public int Hole;

    /// <summary>Number of the DIMM that brought it; 0 for boot memory, −1 for device memory.</summary>
    public int Device;

    /// <summary>Number of the device memory that brought it; 0 for none.</summary>
    public int Memory;

    /// <summary>The balloon driver that added it and decides about its pages; generic for none.</summary>
    public CallbackOwner Driver;

    /// <summary>User space sees it and can online it.</summary>
    public bool IsRegistered = true;

    /// <summary>
    /// A bit for each page that the hypervisor has backed; meaningful for what a balloon driver added.
    /// </summary>
    public ulong[] Backed = [];

    /// <summary>Memory group; 0 for none.</summary>
    public int Group;

    /// <summary>Holder of its memmap when that lies in other memory; −1 for none.</summary>
    public int MemmapHolder = -1;

    /// <summary>Pages of its memmap in other memory; one that is lost with a poisoned page still counts.</summary>
    public int MemmapPages;

    /// <summary>Sections whose memmap is there.</summary>
    public int PopulatedSections;

    /// <summary>Its block device exists: false only while it is being added.</summary>
    public bool HasDevice;

    /// <summary>It was online before.</summary>
    public bool WasOnline;

    /// <summary>Its owner dropped the references of its PageOffline pages.</summary>
    public bool ReferencesDropped;

    /// <summary>Free pages, isolated or not.</summary>
    public int FreePages;

    /// <summary>Bit n: some chunk of order n is free.</summary>
    public uint FreeOrders;

    /// <summary>
    /// Index of the zone that counts its pages, of the larger part where it spans two; −1 when offline.
    /// </summary>
    public int Home = -1;

    /// <summary>The zone may allocate from it: false while isolated.</summary>
    public bool IsListed;

    /// <summary>First run of holders in it; −1 for none.</summary>
    public int Runs = -1;

    /// <summary>Which of its pages are CMM's; null if none ever was.</summary>
    public CmmPages? Cmm;

    /// <summary>Pages that have extra references.</summary>
    public int Referenced;

    /// <summary>Offline: the zone that a plain online would choose, and the other one.</summary>
    public ZoneKind DefaultZone;
    public ZoneKind OtherZone;

    /// <summary>Version of the machine that changed it last.</summary>
    public long Stamp = -1;

    public bool IsOnline => State != BlockState.Offline;

    public bool SpansZones => Foreign > 0;

    /// <summary>First page that can be anything but vmemmap or another zone's.</summary>
    public int FirstPage => Vmemmap + Foreign;

    /// <summary>Pages on per-CPU lists, by ascending offset, and whose list it is. The planes say that they are
    /// free.</summary>
    public readonly List<(int Offset, int Cpu)> OnPcplists = [];

    /// <summary>Offsets of pages that are being freed: on no list yet. Empty but while operations overlap.</summary>
    public readonly List<int> InFlight = [];

    /// <summary>
    /// Parts that somebody has isolated to take them for himself, by offset, the end excluded. Empty but while
    /// operations overlap.
    /// </summary>
    public readonly List<(int Start, int End)> Isolations = [];

    /// <summary>The CPU on whose list the page is; −1 if it is on none.</summary>
    public int PcplistOf(int offset) =>
        OnPcplists.Count > 0 && IndexOnPcplists(offset) is >= 0 and var index ? OnPcplists[index].Cpu : -1;

    public void EnterPcplist(int offset, int cpu) => OnPcplists.Insert(~IndexOnPcplists(offset), (offset, cpu));

    public void LeavePcplist(int offset) => OnPcplists.RemoveAt(IndexOnPcplists(offset));

    public bool IsPoisoned(int offset) => Poisoned.Count > 0 && Poisoned.BinarySearch(offset) >= 0;

    public void Poison(int offset)
    {
        var index = Poisoned.BinarySearch(offset);
        if (index < 0)
            Poisoned.Insert(~index, offset);
    }

    public void Unpoison(int offset)
    {
        var index = Poisoned.BinarySearch(offset);
        if (index >= 0)
            Poisoned.RemoveAt(index);
    }

    public void CopyFrom(MemoryBlock other)
    {
        other.Words.AsSpan().CopyTo(Words);
        CopyStateFrom(other);
    }

    /// <summary>All but the planes and free chunks.</summary>
    public void CopyStateFrom(MemoryBlock other)
    {
        Poisoned.Clear();
        Poisoned.AddRange(other.Poisoned);
        OnPcplists.Clear();
        OnPcplists.AddRange(other.OnPcplists);
        InFlight.Clear();
        Isolations.Clear();
        (Number, Node, State, Zone, OnlineType) = (other.Number, other.Node, other.State, other.Zone, other.OnlineType);
        (Vmemmap, Foreign, Hole) = (other.Vmemmap, other.Foreign, other.Hole);
        (Memmap, Head, HeadReferences) = (other.Memmap, other.Head, other.HeadReferences);
        (Device, Memory, Group, MemmapHolder) = (other.Device, other.Memory, other.Group, other.MemmapHolder);
        (Driver, IsRegistered) = (other.Driver, other.IsRegistered);
        Backed = Driver == CallbackOwner.Generic ? [] : (ulong[])other.Backed.Clone();
        (WasOnline, ReferencesDropped) = (other.WasOnline, other.ReferencesDropped);
        (MemmapPages, PopulatedSections, HasDevice) = (other.MemmapPages, other.PopulatedSections, other.HasDevice);
        (FreePages, FreeOrders, Runs) = (other.FreePages, other.FreeOrders, other.Runs);
        (Home, IsListed) = (other.Home, other.IsListed);
        (Referenced, DefaultZone, OtherZone) = (other.Referenced, other.DefaultZone, other.OtherZone);
        Stamp = other.Stamp;
        Cmm = other.Cmm?.Clone();
    }

    private int IndexOnPcplists(int offset)
    {
        int low = 0, high = OnPcplists.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (OnPcplists[middle].Offset == offset)
                return middle;
            if (OnPcplists[middle].Offset < offset)
                low = middle + 1;
            else
                high = middle - 1;
        }

        return ~low;
    }
}
