using System.Collections.Immutable;
using Hotplug.Contract.Rules;

namespace Hotplug.Contract.Machines;

/// <summary>
/// One intended difference between kernel versions, or between a source document and today's kernel: a switch of the
/// model, never a defect (kernel-semantics 9.1).
/// </summary>
[Flags]
public enum DialectItem
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>Struct pages start as PG_reserved while they are onlined; without it they start as
    /// PageOffline.</summary>
    RawPagesReserved = 1 << 0,
    /// <summary>virtio-mem raises managed by its unplugged pages in GOING_OFFLINE and lowers it in
    /// CANCEL_OFFLINE.</summary>
    ManagedRaisedInGoingOffline = 1 << 1,
    /// <summary>Offlining subtracts all pages from managed; without it only those that are not PageOffline.</summary>
    OfflineSubtractsAllPages = 1 << 2,
    /// <summary>A memory block with a poisoned page refuses to come online: EHWPOISON; poison is counted per
    /// block.</summary>
    PoisonBlocksOnline = 1 << 3,
    /// <summary>Unpoison of a PageOffline page is refused: EBUSY.</summary>
    UnpoisonRefusesOffline = 1 << 4,
    /// <summary>PREPARE_ONLINE and FINISH_OFFLINE are sent.</summary>
    PrepareFinishEvents = 1 << 5,
    /// <summary>memmap_on_memory for any number of blocks, one altmap per block, and a silent fallback where
    /// unsupported.</summary>
    AltmapMultiBlock = 1 << 6,
    /// <summary>A node's memory state is cleared before zonelists are rebuilt.</summary>
    EmptyNodeStateBeforeZonelists = 1 << 7,
    /// <summary>virtio-mem retries the removal of a memory block that it emptied.</summary>
    RetryEmptyBlockRemoval = 1 << 8,
    /// <summary>Leaving a per-CPU list always reads the pageblock type again.</summary>
    BulkFreeRereadsType = 1 << 9,
    /// <summary>Added memory comes online on arrival unless a policy says otherwise (Debian's default).</summary>
    AutoOnlineByDefault = 1 << 10,
    /// <summary>Self-hosted vmemmap pages are not PG_reserved.</summary>
    VmemmapNotReserved = 1 << 11,
    /// <summary>
    /// PageOffline pages that may be skipped by offlining have reference count 0 at rest, and isolation refuses others
    /// (source document 003). Without it they have 1, which their owner drops at GOING_OFFLINE.
    /// </summary>
    OfflineUnreferencedAtRest = 1 << 12,
    /// <summary>A last reference dropped on a PageOffline page does not free it (source document 003).</summary>
    LastPutKeepsOffline = 1 << 13,
    /// <summary>
    /// Self-hosted vmemmap forms groups, per memory block or per device: the head page's reference count is the number
    /// of sections that the group serves, and their memmap is freed backwards when it reaches 0 (source document 001).
    /// </summary>
    MemmapGroups = 1 << 14,
    /// <summary>User space switches memmap on memory off and on while the machine runs (source document 001).</summary>
    MemmapSwitchable = 1 << 15,
}

/// <summary>A named set of dialect items: a kernel version, or a source document.</summary>
/// <param name="Name">Wire word.</param>
/// <param name="Items">Which switches are on.</param>
public sealed record Dialect(string Name, DialectItem Items)
{
    /// <summary>Linux 6.1 as Debian ships it.</summary>
    public static Dialect Linux61 { get; } = new("linux-6.1",
        DialectItem.RawPagesReserved | DialectItem.ManagedRaisedInGoingOffline | DialectItem.OfflineSubtractsAllPages);

    /// <summary>Linux 6.12 as Debian ships it.</summary>
    public static Dialect Linux612 { get; } = new("linux-6.12",
        DialectItem.PoisonBlocksOnline | DialectItem.UnpoisonRefusesOffline | DialectItem.PrepareFinishEvents
        | DialectItem.AltmapMultiBlock | DialectItem.EmptyNodeStateBeforeZonelists
        | DialectItem.RetryEmptyBlockRemoval | DialectItem.BulkFreeRereadsType | DialectItem.AutoOnlineByDefault
        | DialectItem.VmemmapNotReserved);

    /// <summary>The kernel of 2019 with what the source documents of that year proposed for it.</summary>
    public static Dialect Source2019 { get; } = new("source-2019",
        DialectItem.RawPagesReserved | DialectItem.AltmapMultiBlock | DialectItem.OfflineUnreferencedAtRest
        | DialectItem.LastPutKeepsOffline | DialectItem.MemmapGroups | DialectItem.MemmapSwitchable);

    /// <summary>Every dialect, by name.</summary>
    public static ImmutableArray<Dialect> All { get; } = [Linux61, Linux612, Source2019];

    /// <summary>The dialects of released kernels: those that a real kernel may be judged by.</summary>
    public static ImmutableArray<Dialect> Kernels { get; } = [Linux61, Linux612];

    /// <summary>True if the item is on.</summary>
    public bool Has(DialectItem item) => (Items & item) == item;

    /// <summary>The dialect with this name, or null.</summary>
    public static Dialect? Find(string name) => All.FirstOrDefault(d => d.Name == name);

    /// <summary>Where each item comes from.</summary>
    public static ImmutableDictionary<DialectItem, Citation> Sources { get; } = new Dictionary<DialectItem, Citation>
    {
        [DialectItem.RawPagesReserved] = new("v6.1", "mm/page_alloc.c", "memmap_init_range"),
        [DialectItem.ManagedRaisedInGoingOffline] = new("v6.1", "drivers/virtio/virtio_mem.c", "virtio_mem_fake_offline_going_offline"),
        [DialectItem.OfflineSubtractsAllPages] = new("v6.1", "mm/memory_hotplug.c", "offline_pages"),
        [DialectItem.PoisonBlocksOnline] = new("v6.12", "drivers/base/memory.c", "memory_block_online"),
        [DialectItem.UnpoisonRefusesOffline] = new("v6.12", "mm/memory-failure.c", "unpoison_memory"),
        [DialectItem.PrepareFinishEvents] = new("v6.12", "drivers/base/memory.c", "memory_block_online"),
        [DialectItem.AltmapMultiBlock] = new("v6.12", "mm/memory_hotplug.c", "create_altmaps_and_memory_blocks"),
        [DialectItem.EmptyNodeStateBeforeZonelists] = new("v6.12", "mm/memory_hotplug.c", "offline_pages"),
        [DialectItem.RetryEmptyBlockRemoval] = new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_cleanup_pending_mb"),
        [DialectItem.BulkFreeRereadsType] = new("v6.12", "mm/page_alloc.c", "free_pcppages_bulk"),
        [DialectItem.AutoOnlineByDefault] = new("v6.12", "mm/memory_hotplug.c", "mhp_get_default_online_type"),
        [DialectItem.VmemmapNotReserved] = new("v6.12", "mm/memory_hotplug.c", "mhp_init_memmap_on_memory"),
        [DialectItem.OfflineUnreferencedAtRest] = new("2019", "source document 003", "PageOffline with a reference count of 0"),
        [DialectItem.LastPutKeepsOffline] = new("2019", "source document 003", "last put of a PageOffline page"),
        [DialectItem.MemmapGroups] = new("2019", "source document 001", "MHP_MEMMAP_DEVICE, MHP_MEMMAP_MEMBLOCK"),
        [DialectItem.MemmapSwitchable] = new("2019", "source document 001", "allow userspace to enable/disable vmemmap"),
    }.ToImmutableDictionary();
}
