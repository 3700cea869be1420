namespace Hotplug.Contract.Operations;

/// <summary>Where the memmap of added memory comes from (source document 001).</summary>
public enum MemmapPlacement : byte
{
    /// <summary>As the machine's memmap_on_memory policy says.</summary>
    Policy,
    /// <summary>From memory that is already there.</summary>
    Boot,
    /// <summary>At the start of every added memory block: MHP_MEMMAP_MEMBLOCK, today's memmap_on_memory.</summary>
    PerBlock,
    /// <summary>At the start of the added range, for all of it: MHP_MEMMAP_DEVICE.</summary>
    PerDevice,
}

/// <summary>The memory group that added blocks join (kernel-semantics 1.6).</summary>
public enum MemoryGroupKind : byte
{
    /// <summary>A static group of its own for the device, as a DIMM has: max pages = its pages.</summary>
    Static,
    /// <summary>No group.</summary>
    None,
    /// <summary>A dynamic group with the memory block as its unit.</summary>
    Dynamic,
}

/// <summary>Mobility and fate of allocated pages.</summary>
public enum AllocationKind : byte
{
    /// <summary>On the LRU; migrated when its block goes offline. May live in zone Movable.</summary>
    Movable,
    /// <summary>Kernel pages: never in zone Movable, make isolation fail with EBUSY.</summary>
    Unmovable,
    /// <summary>On the LRU but not migratable (ramfs): offlining does not finish until it is freed.</summary>
    Unmigratable,
    /// <summary>Reclaimable kernel pages: never in zone Movable, make isolation fail with EBUSY.</summary>
    Reclaimable,
    /// <summary>Movable pages with an extra reference of each (vmsplice): offlining does not finish until it is
    /// dropped.</summary>
    Pinned,
    /// <summary>Long-term pinned pages: migrated out of zone Movable before they are pinned (FOLL_LONGTERM).</summary>
    LongTermPinned,
}

/// <summary>The balloon drivers.</summary>
public enum BalloonDriver : byte
{
    /// <summary>virtio-balloon.</summary>
    Virtio,
    /// <summary>Hyper-V.</summary>
    HyperV,
    /// <summary>Xen.</summary>
    Xen,
    /// <summary>powerpc CMM.</summary>
    Cmm,
}

/// <summary>Whose online_page callback decides, or is set (kernel-semantics 3.0.4).</summary>
public enum CallbackOwner : byte
{
    /// <summary>Nobody: the generic callback gives every page to the buddy.</summary>
    Generic,
    /// <summary>Xen's balloon.</summary>
    Xen,
    /// <summary>Hyper-V's balloon.</summary>
    HyperV,
    /// <summary>virtio-mem.</summary>
    VirtioMem,
}

/// <summary>Whether added memory shows as memory blocks that user space can online (source document 004).</summary>
public enum BlockDevices : byte
{
    /// <summary>It does, as everything that the kernel adds by itself.</summary>
    Registered,
    /// <summary>It does not: who added it brings it online as part of the add. Only for one memory block of a balloon
    /// driver.</summary>
    Unregistered,
}

/// <summary>How drivers say that they decide what becomes of pages that come online (kernel-semantics 4.5).</summary>
public enum CallbackRegistry : byte
{
    /// <summary>One slot for all: <c>set_online_page_callback()</c>, what mainline has.</summary>
    Slot,
    /// <summary>A list of callbacks, each asked of each page: one at most claims it.</summary>
    List,
    /// <summary>Operations that come with the memory itself; nothing is set or restored.</summary>
    Section,
}

/// <summary>What is done to the callback slot.</summary>
public enum CallbackAction : byte
{
    /// <summary><c>set_online_page_callback()</c>.</summary>
    Set,
    /// <summary><c>restore_online_page_callback()</c>.</summary>
    Restore,
}

/// <summary>The internal step of the next operation that <c>veto</c> fails.</summary>
public enum VetoPoint : byte
{
    /// <summary>The k-th notifier callback that could refuse.</summary>
    Notifier,
    /// <summary>The k-th memmap allocation (one per section).</summary>
    Memmap,
    /// <summary>The k-th page migration.</summary>
    Migration,
    /// <summary>The k-th memory block device that is created.</summary>
    BlockDevice,
    /// <summary>The k-th page that the hypervisor is asked to take on loan. Also for the next <c>tick</c>.</summary>
    Loan,
    /// <summary>The k-th list page that CMM allocates. Also for the next <c>tick</c>.</summary>
    LoanList,
}

/// <summary>Notifications of the memory notifier chain, in the kernel's words (include/linux/memory.h).</summary>
public enum MemoryNotification : byte
{
    /// <summary>MEM_GOING_ONLINE: may be refused.</summary>
    GoingOnline,
    /// <summary>MEM_ONLINE.</summary>
    Online,
    /// <summary>MEM_CANCEL_ONLINE: sent to the whole chain.</summary>
    CancelOnline,
    /// <summary>MEM_GOING_OFFLINE: may be refused.</summary>
    GoingOffline,
    /// <summary>MEM_OFFLINE.</summary>
    Offline,
    /// <summary>MEM_CANCEL_OFFLINE: sent to the whole chain.</summary>
    CancelOffline,
    /// <summary>MEM_PREPARE_ONLINE (6.12): carries the altmap range too.</summary>
    PrepareOnline,
    /// <summary>MEM_FINISH_OFFLINE (6.12): carries the altmap range too.</summary>
    FinishOffline,
}

/// <summary>What is done to the per-CPU lists.</summary>
public enum PcpAction : byte
{
    /// <summary>drain_all_pages().</summary>
    Drain,
    /// <summary>zone_pcp_disable().</summary>
    Disable,
    /// <summary>zone_pcp_enable().</summary>
    Enable,
}

/// <summary>A policy and the value it is set to.</summary>
public enum PolicySetting : byte
{
    /// <summary>auto_online_blocks = offline.</summary>
    AutoOffline,
    /// <summary>auto_online_blocks = online.</summary>
    AutoOnline,
    /// <summary>auto_online_blocks = online_kernel.</summary>
    AutoOnlineKernel,
    /// <summary>auto_online_blocks = online_movable.</summary>
    AutoOnlineMovable,
    /// <summary>auto_online_blocks = some other text: EINVAL.</summary>
    AutoNonsense,
    /// <summary>online_policy = contig-zones.</summary>
    ZonesContig,
    /// <summary>online_policy = auto-movable.</summary>
    ZonesAutoMovable,
    /// <summary>memmap_on_memory = N.</summary>
    MemmapOff,
    /// <summary>memmap_on_memory = Y.</summary>
    MemmapOn,
    /// <summary>memmap_on_memory = force (6.12).</summary>
    MemmapForce,
}

/// <summary>Text written to <c>memoryN/state</c> that is not one of the four words.</summary>
public enum StateText : byte
{
    /// <summary>A word the kernel does not know: EINVAL.</summary>
    Nonsense,
    /// <summary>An empty write: success, nothing is done.</summary>
    Empty,
}
