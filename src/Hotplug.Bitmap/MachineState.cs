using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace Hotplug.Bitmap;

/// <summary>Everything that changes when operations run, and nothing else: what a snapshot copies.</summary>
internal sealed class MachineState
{
    public required MachineSpec Spec { get; init; }

    public required BlockLayout Layout { get; init; }

    public required BlockTable Blocks { get; set; }

    public required ZoneTable Zones { get; set; }

    public required RunPool Runs { get; set; }

    public required PageReferences References { get; set; }

    public required DeviceTable Devices { get; set; }

    public required DeviceMemory[] Memories { get; set; }

    public required MemoryGroups Groups { get; set; }

    public required ResourceTable Resources { get; set; }

    public required Injection Injection { get; set; }

    public required Pcplists Pcplists { get; set; }

    /// <summary>Holder of every allocation, by N of aN.</summary>
    public required AllocationTable Allocations { get; set; }

    /// <summary>Nodes that are online.</summary>
    public required bool[] NodeOnline { get; set; }

    /// <summary>Memory blocks of every node.</summary>
    public required int[] NodeBlocks { get; set; }

    /// <summary>The balloons, in the order of the spec.</summary>
    public Balloon[] Balloons { get; set; } = [];

    /// <summary>CMM; null where there is none.</summary>
    public Cmm? Cmm { get; set; }

    /// <summary>The pages of the only balloon stay managed.</summary>
    public bool DeflatesOnOom { get; set; }

    /// <summary>Some balloon is not virtio's: who holds a page must be looked up.</summary>
    public bool HasOtherBalloons { get; set; }

    /// <summary>Whose online_page callbacks are set.</summary>
    public CallbackOwners Callbacks { get; set; }

    /// <summary>Pages in Xen's balloon that never had backing: of online blocks that its driver added.</summary>
    public long XenUnbacked { get; set; }

    public AutoOnline AutoOnline { get; set; }

    public bool AutoMovable { get; set; }

    public MemmapOnMemory MemmapOnMemory { get; set; }

    public long PoisonedPages { get; set; }

    /// <summary>PageOffline pages of device memories have no reference at rest: source document 003.</summary>
    public bool HasOfflineUnreferenced => Spec.Dialect.Has(DialectItem.OfflineUnreferencedAtRest);

    /// <summary>The PageOffline pages of the block that belong to its device memory have no reference of it.</summary>
    public bool IsOfflineUnreferenced(MemoryBlock block) =>
        block.ReferencesDropped || (HasOfflineUnreferenced && block.Memory > 0);

    /// <summary>Pages of memory that hold page descriptors of added memory.</summary>
    public long BootMemmapPages { get; set; }

    /// <summary>The memmap group that is being torn down, or was last.</summary>
    public VmemmapGroup Teardown { get; set; } = VmemmapGroup.None;

    /// <summary>Blocks that changed, for observers; not part of what a snapshot copies.</summary>
    public required Journal Journal { get; init; }

    public MemoryBlock BlockOf(long pfn) => Blocks[(int)(pfn >> Layout.BlockShift)];

    public MemoryBlock? FindBlockOf(long pfn) => pfn < 0 || pfn >> Layout.BlockShift >= int.MaxValue
        ? null
        : Blocks.Find((int)(pfn >> Layout.BlockShift));

    public int OffsetOf(long pfn) => (int)(pfn & (Layout.PagesPerBlock - 1));

    public long PageOf(MemoryBlock block, int offset) => ((long)block.Number << Layout.BlockShift) + offset;

    public PageRange RangeOf(MemoryBlock block) => new((long)block.Number << Layout.BlockShift, Layout.PagesPerBlock);

    /// <summary>
    /// The pages of the block after its vmemmap: what is onlined and what notifications carry. A block that is all
    /// vmemmap is onlined and offlined as a whole, there is nothing else of it.
    /// </summary>
    public PageRange BodyOf(MemoryBlock block) => block.Vmemmap == Layout.PagesPerBlock
        ? RangeOf(block)
        : new PageRange(PageOf(block, block.Vmemmap), Layout.PagesPerBlock - block.Vmemmap);

    /// <summary>The vmemmap of the block that is accounted for apart from its body; empty without.</summary>
    public PageRange HostedOf(MemoryBlock block) =>
        new(PageOf(block, 0), block.Vmemmap == Layout.PagesPerBlock ? 0 : block.Vmemmap);

    public PageUse UseAt(MemoryBlock block, int offset) => BlockPlanes.At(block.Words, Layout.PlaneWords, offset);

    public void Fill(MemoryBlock block, int start, int count, PageUse use) =>
        BlockPlanes.Fill(block.Words, Layout.PlaneWords, start, count, use);

    public int RunEnd(MemoryBlock block, int start, int limit) =>
        BlockPlanes.RunEnd(block.Words, Layout.PlaneWords, start, limit);

    public int FirstOf(MemoryBlock block, PageUse use, int start, int limit) =>
        BlockPlanes.FirstOf(block.Words, Layout.PlaneWords, use, start, limit);

    public bool HasMemory(int node) => HasNormalMemory(node) || Zones.Find(node, ZoneKind.Movable) is { Present: > 0 };

    public bool HasNormalMemory(int node) => Zones.Find(node, ZoneKind.Dma) is { Present: > 0 }
        || Zones.Find(node, ZoneKind.Normal) is { Present: > 0 };

    public void Touch(MemoryBlock block) => Journal.Touch(block);

    public MachineState Clone() => new()
    {
        Spec = Spec,
        Layout = Layout,
        Blocks = Blocks.Clone(),
        Zones = Zones.Clone(),
        Runs = Runs.Clone(),
        References = References.Clone(),
        Devices = Devices.Clone(),
        Memories = Array.ConvertAll(Memories, static m => m.Clone()),
        Groups = Groups.Clone(),
        Resources = Resources.Clone(),
        Injection = Injection.Clone(),
        Pcplists = Pcplists.Clone(),
        Allocations = Allocations.Clone(),
        NodeOnline = (bool[])NodeOnline.Clone(),
        NodeBlocks = (int[])NodeBlocks.Clone(),
        Balloons = Array.ConvertAll(Balloons, static b => b.Clone()),
        Cmm = Cmm?.Clone(),
        DeflatesOnOom = DeflatesOnOom,
        HasOtherBalloons = HasOtherBalloons,
        Callbacks = Callbacks,
        XenUnbacked = XenUnbacked,
        AutoOnline = AutoOnline,
        AutoMovable = AutoMovable,
        MemmapOnMemory = MemmapOnMemory,
        PoisonedPages = PoisonedPages,
        BootMemmapPages = BootMemmapPages,
        Teardown = Teardown,
        Journal = Journal,
    };

    /// <summary>Becomes a copy of the other, a state of the same machine and spec.</summary>
    public void CopyFrom(MachineState other)
    {
        var copy = other.Clone();

        // No generation comes twice, or zones chosen in one would be taken for those of the other.
        copy.Zones.Generation = Zones.Generation + 1;
        (Blocks, Zones, Runs, References) = (copy.Blocks, copy.Zones, copy.Runs, copy.References);
        (Devices, Memories, Groups, Resources) = (copy.Devices, copy.Memories, copy.Groups, copy.Resources);
        (Injection, Allocations, Pcplists, Cmm) = (copy.Injection, copy.Allocations, copy.Pcplists, copy.Cmm);
        (NodeOnline, NodeBlocks) = (copy.NodeOnline, copy.NodeBlocks);
        (Balloons, Callbacks, XenUnbacked) = (copy.Balloons, copy.Callbacks, copy.XenUnbacked);
        (AutoOnline, AutoMovable, MemmapOnMemory) = (copy.AutoOnline, copy.AutoMovable, copy.MemmapOnMemory);
        (PoisonedPages, BootMemmapPages) = (copy.PoisonedPages, copy.BootMemmapPages);
        Teardown = copy.Teardown;
    }
}
