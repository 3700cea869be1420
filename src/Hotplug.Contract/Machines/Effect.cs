using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Machines;

/// <summary>
/// Steps of an operation in the order they happened. Names follow the kernel functions; kernel-semantics 9.3 G5 shows
/// the orders that real kernels take.
/// </summary>
public enum EffectKind : byte
{
    /// <summary>
    /// One notifier callback was called. Range: the pages; Value: its index in <see cref="MachineSpec.Notifiers"/> (the
    /// same for each device memory's <c>virtio-mem</c>); Errno: its answer.
    /// </summary>
    Notified,
    /// <summary>Range moved into the zone: span grown, struct pages initialised, pageblocks ISOLATE.
    /// move_pfn_range_to_zone().</summary>
    MovedToZone,
    /// <summary>Range taken out of the zone, span shrunk. remove_pfn_range_from_zone().</summary>
    RemovedFromZone,
    /// <summary>The zone's span changed. Range: the new span.</summary>
    SpanChanged,
    /// <summary>
    /// A range of pages was given to the buddy by the online callback. Value: whose callback decided, a
    /// <see cref="CallbackOwner"/>. generic_online_page().
    /// </summary>
    PagesToBuddy,
    /// <summary>
    /// A range of pages was kept from the buddy by the online callback: PageOffline. Value: whose callback decided.
    /// </summary>
    PagesKeptOffline,
    /// <summary>present_pages of the zone changed by Value. adjust_present_page_count().</summary>
    PresentChanged,
    /// <summary>managed_pages of the zone changed by Value. adjust_managed_page_count().</summary>
    ManagedChanged,
    /// <summary>Sections of the range marked online.</summary>
    SectionsOnline,
    /// <summary>Sections of the range marked offline: the commit point of offlining.
    /// __offline_isolated_pages().</summary>
    SectionsOffline,
    /// <summary>Per-CPU lists of the zone disabled. zone_pcp_disable().</summary>
    PcpDisabled,
    /// <summary>Per-CPU lists of the zone enabled. zone_pcp_enable().</summary>
    PcpEnabled,
    /// <summary>Per-CPU lists drained. drain_all_pages().</summary>
    PcpDrained,
    /// <summary>LRU caches disabled. lru_cache_disable().</summary>
    LruDisabled,
    /// <summary>LRU caches enabled. lru_cache_enable().</summary>
    LruEnabled,
    /// <summary>All pageblocks of the range became ISOLATE. start_isolate_page_range().</summary>
    Isolated,
    /// <summary>All pageblocks of the range left ISOLATE. undo_isolate_page_range().</summary>
    Unisolated,
    /// <summary>A run of pages was migrated to Range from Value (a page frame number).</summary>
    Migrated,
    /// <summary>References of a run of PageOffline pages dropped by their owner: 1 to 0.</summary>
    ReferencesDropped,
    /// <summary>References of a run of PageOffline pages taken back by their owner: 0 to 1.</summary>
    ReferencesTaken,
    /// <summary>The memmap of one section was allocated and mapped. Range: the section; Value: page frame of its
    /// memmap, −1 unknown.</summary>
    VmemmapPopulated,
    /// <summary>The memmap of one section was unmapped and freed. Range: the section.</summary>
    VmemmapFreed,
    /// <summary>Self-hosted vmemmap pages became usable. mhp_init_memmap_on_memory().</summary>
    VmemmapInitialised,
    /// <summary>Self-hosted vmemmap pages were given up. mhp_deinit_memmap_on_memory().</summary>
    VmemmapDeinitialised,
    /// <summary>
    /// The reference count of a vmemmap head became Value: the sections that its group still serves. Range: the vmemmap
    /// pages of the group (the head's private), the head first. mark_vmemmap_pages() of source document 001.
    /// </summary>
    VmemmapHeadReference,
    /// <summary>A memory block device was created. Range: its pages.</summary>
    BlockCreated,
    /// <summary>A memory block device was destroyed. Range: its pages.</summary>
    BlockDestroyed,
    /// <summary>A resource was registered.</summary>
    ResourceAdded,
    /// <summary>A resource was released.</summary>
    ResourceReleased,
    /// <summary>Value 1: the node came online, 0: it went offline.</summary>
    NodeOnline,
    /// <summary>Value 1: the node gained memory, 0: it lost its last.</summary>
    NodeMemory,
    /// <summary>Zonelists were rebuilt.</summary>
    ZonelistsRebuilt,
    /// <summary>The state of a memory block changed. Range: its pages; Value: the <see cref="BlockState"/>.</summary>
    BlockStateChanged,
    /// <summary>A page was poisoned.</summary>
    Poisoned,
    /// <summary>Poison was removed from a page.</summary>
    Unpoisoned,
    /// <summary>
    /// The isolation notifier chain counted what its callbacks could give back. Range: the pageblock, or part of it
    /// that is isolated; Value: pages found. memory_isolate_notify() (source document 000).
    /// </summary>
    IsolationCounted,
    /// <summary>CMM took its hotplug mutex at GOING_OFFLINE: it loans nothing until it gives it back. Range: the pages
    /// that leave.</summary>
    LoaningHalted,
    /// <summary>CMM gave its hotplug mutex back. Range: the pages that left, or stayed.</summary>
    LoaningResumed,
    /// <summary>CMM loaned a run of pages to the hypervisor.</summary>
    PagesLoaned,
    /// <summary>CMM made a run of loaned pages active again, and freed them.</summary>
    PagesActive,
    /// <summary>CMM allocated a list page, to hold addresses of loaned pages.</summary>
    LoanListAdded,
    /// <summary>CMM freed a list page.</summary>
    LoanListFreed,
    /// <summary>What <c>veto</c> had armed struck. Value: the <see cref="VetoPoint"/>; Errno: its error.</summary>
    FaultInjected,
}

/// <summary>One step of an operation.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Range">The pages it is about.</param>
/// <param name="Zone">The zone it is about.</param>
/// <param name="Value">Depends on <see cref="Kind"/>.</param>
/// <param name="Notification">The event of a <see cref="EffectKind.Notified"/>.</param>
/// <param name="Errno">The answer of a notifier callback.</param>
public readonly record struct Effect(EffectKind Kind, PageRange Range, ZoneId Zone = default, long Value = 0,
    MemoryNotification Notification = default, Errno Errno = default)
{
    /// <summary>Prints the effect as one line of a report.</summary>
    public override string ToString() => Kind == EffectKind.Notified
        ? $"{Words.Of(Notification)} {Range} callback {Value} -> {ErrnoText.Print(Errno)}"
        : $"{Words.Of(Kind)} {Range} {Zone} {Value}";
}
