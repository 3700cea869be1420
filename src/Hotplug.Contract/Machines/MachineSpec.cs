using System.Collections.Immutable;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Machines;

/// <summary>A device memory (virtio-mem): a region whose sub-blocks are plugged and unplugged.</summary>
/// <param name="FirstBlock">First memory block of its region.</param>
/// <param name="Blocks">Memory blocks of its region, 1 and up.</param>
/// <param name="SubBlockPages">Pages of a sub-block: a power of two, at least a pageblock, at most a memory
/// block.</param>
/// <param name="Node">NUMA node.</param>
public sealed record DeviceMemorySpec(int FirstBlock, int Blocks, int SubBlockPages, short Node);

/// <summary>A balloon.</summary>
/// <param name="Driver">Its driver.</param>
/// <param name="DeflateOnOom">VIRTIO_BALLOON_F_DEFLATE_ON_OOM: its pages then stay counted as managed.</param>
public sealed record BalloonSpec(BalloonDriver Driver, bool DeflateOnOom);

/// <summary>
/// A callback of the memory notifier chain. Names with a meaning: <c>virtio-mem</c> (one callback per device memory),
/// <c>cmm</c> (one where the machine has CMM), <c>injector</c> (answers what <c>notifier-error</c> set). Any other name
/// is
/// a callback that agrees. <see cref="NotifierChains"/> has the chains that kernels really have.
/// </summary>
/// <param name="Name">A word.</param>
/// <param name="Priority">Higher is called earlier; ties in the order listed.</param>
/// <param name="Unseen">
/// The machine cannot tell when it is called; only that it refused, when the chain answers with an error that no other
/// gave.
/// </param>
public sealed record NotifierSpec(string Name, int Priority, bool Unseen = false);

/// <summary>memmap_on_memory as a boot parameter.</summary>
public enum MemmapOnMemory : byte
{
    /// <summary>The memmap comes from memory that is already there.</summary>
    Off,
    /// <summary>On the added memory where supported.</summary>
    On,
    /// <summary>As <see cref="On"/>, rounding the vmemmap up to whole pageblocks where needed (6.12).</summary>
    Force,
}

/// <summary>The auto_online_blocks policy.</summary>
public enum AutoOnline : byte
{
    /// <summary>Added blocks stay offline.</summary>
    Offline,
    /// <summary>Online, zone by policy.</summary>
    Online,
    /// <summary>Online in a kernel zone.</summary>
    OnlineKernel,
    /// <summary>Online in zone Movable.</summary>
    OnlineMovable,
}

/// <summary>
/// A machine, every size a parameter: a toy of 32 pages and a machine of 16 TiB are both just specs. Blocks are
/// numbered by address: block N covers pages [N·<see cref="PagesPerBlock"/>, (N+1)·<see cref="PagesPerBlock"/>). Boot
/// memory starts at block 0. Device memory and DIMMs live in ranges of their own.
/// </summary>
/// <remarks>A spec is plain data; <see cref="SpecRules.Check"/> says whether it is coherent.</remarks>
public sealed record MachineSpec
{
    /// <summary>Bytes of a page; a power of two.</summary>
    public int PageBytes { get; init; } = 4096;

    /// <summary>Pages of a pageblock, the unit of isolation and of migratetype; a power of two.</summary>
    public int PagesPerPageblock { get; init; } = 512;

    /// <summary>Pages of a SPARSEMEM section; a power of two, at least a pageblock.</summary>
    public int PagesPerSection { get; init; } = 32768;

    /// <summary>Sections of a memory block; a power of two.</summary>
    public int SectionsPerBlock { get; init; } = 1;

    /// <summary>Largest buddy order: a free chunk has at most 2^MaxOrder pages.</summary>
    public int MaxOrder { get; init; } = 10;

    /// <summary>Bytes of one page descriptor (struct page).</summary>
    public int DescriptorBytes { get; init; } = 64;

    /// <summary>Memory blocks of boot memory, online in zone Normal of node 0; 1 and up.</summary>
    public int BootBlocks { get; init; } = 4;

    /// <summary>Block 0 spans zones DMA and Normal, and the last boot block has a hole: both refuse to go offline, as
    /// on a PC.</summary>
    public bool PcBoot { get; init; }

    /// <summary>First memory block of the range where DIMMs may be added.</summary>
    public int DimmFirstBlock { get; init; } = 40;

    /// <summary>Memory blocks of that range; 0 and up.</summary>
    public int DimmBlocks { get; init; } = 16;

    /// <summary>Possible NUMA nodes; 1 and up. Node 0 has the boot memory and the CPUs.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>CPUs; 1 and up.</summary>
    public int Cpus { get; init; } = 1;

    /// <summary>Per-CPU list batch, in pages; 1 and up.</summary>
    public int PcpBatch { get; init; } = 63;

    /// <summary>Per-CPU list high mark, in pages; at least the batch. 0: there are no per-CPU lists.</summary>
    public int PcpHigh { get; init; }

    /// <summary>Node whose memory holds the memmap of added memory when it is not self-hosted; −1: the added memory's
    /// own node, else node 0.</summary>
    public int MemmapNode { get; init; } = -1;

    /// <summary>Buddy order in which that memmap is allocated.</summary>
    public int MemmapOrder { get; init; }

    /// <summary>memmap_on_memory at the start.</summary>
    public MemmapOnMemory MemmapOnMemory { get; init; }

    /// <summary>auto_online_blocks at the start.</summary>
    public AutoOnline AutoOnline { get; init; }

    /// <summary>online_policy = auto-movable at the start; otherwise contig-zones.</summary>
    public bool AutoMovable { get; init; }

    /// <summary>auto_movable_ratio in percent.</summary>
    public int AutoMovableRatio { get; init; } = 301;

    /// <summary>Seconds that CMM's thread sleeps after it noticed a memory hotplug remove (its module parameter
    /// hotplug_delay).</summary>
    public int CmmHotplugDelay { get; init; } = 5;

    /// <summary>Pages that CMM gives back when memory runs out (its module parameter oom_kb).</summary>
    public long CmmOomPages { get; init; } = 256;

    /// <summary>Pages that CMM leaves active whatever its target is (its module parameter min_mem_mb).</summary>
    public long CmmLeastActive { get; init; } = 65536;

    /// <summary>Device memories: <c>m1</c> is the first.</summary>
    public ImmutableArray<DeviceMemorySpec> DeviceMemories { get; init; } = [];

    /// <summary>Balloons, at most one of a driver.</summary>
    public ImmutableArray<BalloonSpec> Balloons { get; init; } = [];

    /// <summary>How drivers register their online_page callbacks.</summary>
    public CallbackRegistry OnlineCallbacks { get; init; }

    /// <summary>The memory notifier chain; callbacks with equal priority are called in this order.</summary>
    public ImmutableArray<NotifierSpec> Notifiers { get; init; } =
        [new("slub", 1), new("cmm", 1), new("page-ext", 0), new("virtio-mem", 0), new("injector", 0)];

    /// <summary>Which kernel, or which source document, the rules follow.</summary>
    public Dialect Dialect { get; init; } = Dialect.Linux612;

    /// <summary>True if freed pages may stay on per-CPU lists.</summary>
    public bool HasPcplists => PcpHigh > 0;

    /// <summary>Pages of a memory block.</summary>
    public int PagesPerBlock => PagesPerSection * SectionsPerBlock;

    /// <summary>Pages that hold the page descriptors of one section, rounded up.</summary>
    public int VmemmapPagesPerSection =>
        (int)(((long)PagesPerSection * DescriptorBytes + PageBytes - 1) / PageBytes);

    /// <summary>Pages that hold the page descriptors of one memory block.</summary>
    public int VmemmapPagesPerBlock => VmemmapPagesPerSection * SectionsPerBlock;

    /// <summary>
    /// Pages at the start of a self-hosting block that hold its vmemmap: <see cref="VmemmapPagesPerBlock"/>, rounded up
    /// to whole pageblocks with <see cref="MemmapOnMemory.Force"/>.
    /// </summary>
    public int SelfHostedPages(MemmapOnMemory policy) => policy == MemmapOnMemory.Force
        ? (VmemmapPagesPerBlock + PagesPerPageblock - 1) / PagesPerPageblock * PagesPerPageblock
        : VmemmapPagesPerBlock;

    /// <summary>
    /// True if a block can host its own vmemmap: whole pageblocks for it and a usable rest.
    /// Linux: mhp_supports_memmap_on_memory(), mm/memory_hotplug.c.
    /// </summary>
    public bool CanSelfHost(MemmapOnMemory policy) => policy != MemmapOnMemory.Off
        && SelfHostedPages(policy) % PagesPerPageblock == 0 && SelfHostedPages(policy) < PagesPerBlock;

    /// <summary>
    /// As <see cref="SelfHostedPages(MemmapOnMemory)"/>, for a device of so many blocks that hosts the vmemmap of all
    /// of them at its start: MHP_MEMMAP_DEVICE of source document 001.
    /// </summary>
    public long SelfHostedPages(MemmapOnMemory policy, long blocks) => policy == MemmapOnMemory.Force
        ? ((blocks * VmemmapPagesPerBlock) + PagesPerPageblock - 1) / PagesPerPageblock * PagesPerPageblock
        : blocks * VmemmapPagesPerBlock;

    /// <summary>True if a device of so many blocks can host the vmemmap of all of them at its start, in whole
    /// pageblocks.</summary>
    public bool CanSelfHost(MemmapOnMemory policy, long blocks) => policy != MemmapOnMemory.Off
        && SelfHostedPages(policy, blocks) % PagesPerPageblock == 0
        && SelfHostedPages(policy, blocks) < blocks * PagesPerBlock;

    /// <summary>True if the machine has CMM: <c>cmm</c> is among its balloons.</summary>
    public bool HasCmm
    {
        get
        {
            foreach (var balloon in Balloons)
                if (balloon.Driver == BalloonDriver.Cmm)
                    return true;
            return false;
        }
    }

    /// <summary>
    /// True if CMM registered its two notifiers: <c>cmm</c> is in the chain as well. Without them its pages are pages
    /// of the kernel like any other, as before source document 000.
    /// </summary>
    public bool HasHotplugAwareCmm
    {
        get
        {
            if (HasCmm)
                foreach (var notifier in Notifiers)
                    if (notifier.Name == NotifierChains.Cmm)
                        return true;
            return false;
        }
    }

    /// <summary>
    /// Addresses of loaned pages that one of CMM's list pages holds: a page of them, less a pointer and an index. Linux
    /// 2.6.33: CMM_NR_PAGES, arch/powerpc/platforms/pseries/cmm.c.
    /// </summary>
    public int PagesPerLoanList => (PageBytes - 16) / 8;

    /// <summary>The pages of block <paramref name="block"/>.</summary>
    public PageRange PagesOf(int block) => new((long)block * PagesPerBlock, PagesPerBlock);

    /// <summary>The block that holds the page frame.</summary>
    public int BlockOf(long pfn) => (int)(pfn / PagesPerBlock);

    /// <summary>The pages where DIMMs may be added.</summary>
    public PageRange DimmRange => new((long)DimmFirstBlock * PagesPerBlock, (long)DimmBlocks * PagesPerBlock);

    /// <summary>The region of device memory m<paramref name="id"/> (from 1).</summary>
    public PageRange RegionOf(int id) => new((long)DeviceMemories[id - 1].FirstBlock * PagesPerBlock,
        (long)DeviceMemories[id - 1].Blocks * PagesPerBlock);

    /// <summary>Number of the device memory whose region holds the block, from 1; 0 for none.</summary>
    public int DeviceMemoryOf(int block)
    {
        for (var i = 0; i < DeviceMemories.Length; i++)
            if (block >= DeviceMemories[i].FirstBlock && block < DeviceMemories[i].FirstBlock + DeviceMemories[i].Blocks)
                return i + 1;
        return 0;
    }
}
