namespace Hotplug.Contract.Operations;

/// <summary>
/// One operation: a kind and its arguments, as plain data. Which fields a kind uses, their units and their defaults
/// stand in <see cref="OperationTable"/>; unused fields hold their default, so that equal operations are equal values.
/// </summary>
/// <remarks>
/// Operations are total: in a wrong state they answer an errno, they have no preconditions. A uniform value instead of
/// a class per kind keeps generation free of allocation and lets one piece of code print, parse and shrink them all.
/// </remarks>
public readonly record struct Operation
{
    /// <summary>What is done.</summary>
    public OperationKind Kind { get; init; }

    /// <summary>An enumeration value whose type depends on <see cref="Kind"/>: kind of allocation, driver, memmap
    /// placement, …</summary>
    public byte Choice { get; init; }

    /// <summary>A second enumeration value; the memory group of <c>add</c>, the action of
    /// <c>set-callback</c>.</summary>
    public byte Second { get; init; }

    /// <summary>A third enumeration value; the owner of what <c>add</c> brings.</summary>
    public byte Third { get; init; }

    /// <summary>A fourth enumeration value; the block devices of what <c>add</c> brings.</summary>
    public byte Fourth { get; init; }

    /// <summary>Buddy order, 0 and up.</summary>
    public byte Order { get; init; }

    /// <summary>An errno to inject.</summary>
    public Errno Errno { get; init; }

    /// <summary>NUMA node; −1 means any.</summary>
    public short Node { get; init; }

    /// <summary>CPU, from 0.</summary>
    public short Cpu { get; init; }

    /// <summary>What the operation is about.</summary>
    public Name Subject { get; init; }

    /// <summary>A place: where to add, or where a contiguous allocation starts.</summary>
    public Name At { get; init; }

    /// <summary>The amount, in the unit that <see cref="OperationTable"/> states: pages, blocks, sub-blocks, seconds,
    /// or k.</summary>
    public long Amount { get; init; }

    /// <summary>
    /// Hot-add <paramref name="pages"/> pages as device <paramref name="device"/>. EINVAL: 0 pages, or start or size
    /// not a multiple of the memory block; EEXIST: the range is taken; E2BIG: outside the hot-pluggable range; ENOMEM:
    /// no memory for the memmap; EINVAL: node not possible, or (6.1) an explicit memmap placement that is not
    /// supported. With an <paramref name="owner"/> it is the memory of that balloon's driver: no page of it is backed
    /// yet, it joins no memory group, and its memmap comes from memory that is there. EINVAL: the machine has no such
    /// balloon, its callback is not set, or another memmap is asked for; unregistered without an owner, or more than
    /// one block. Linux: add_memory_resource(), mm/memory_hotplug.c.
    /// </summary>
    public static Operation Add(Name device, long pages, short node = 0, Name at = default,
        MemmapPlacement memmap = MemmapPlacement.Policy, MemoryGroupKind group = MemoryGroupKind.Static,
        CallbackOwner owner = CallbackOwner.Generic, BlockDevices blockDevices = BlockDevices.Registered) =>
        new()
        {
            Kind = OperationKind.Add,
            Subject = device,
            Amount = pages,
            Node = node,
            At = at,
            Choice = (byte)memmap,
            Second = (byte)group,
            Third = (byte)owner,
            Fourth = (byte)blockDevices,
        };

    /// <summary>
    /// Remove offline memory blocks: a whole device, or <paramref name="blocks"/> blocks from the named one. EBUSY: one
    /// is not offline; EINVAL: granularity differs from the add's where that matters. Linux: try_remove_memory().
    /// </summary>
    public static Operation Remove(Name subject, long blocks = 0) =>
        new() { Kind = OperationKind.Remove, Subject = subject, Amount = blocks };

    /// <summary>
    /// Offline every memory block of the subject, then remove it; on any failure the blocks that were offlined come
    /// back in the kind of zone they had. Linux: offline_and_remove_memory().
    /// </summary>
    public static Operation OfflineRemove(Name subject, long blocks = 0) =>
        new() { Kind = OperationKind.OfflineRemove, Subject = subject, Amount = blocks };

    /// <summary>
    /// Eject a device: offline every block, remove, or put back. EBUSY: refused and rolled back. May stay pending.
    /// Linux: acpi_scan_hot_remove(), drivers/acpi/scan.c.
    /// </summary>
    public static Operation Eject(Name device) => new() { Kind = OperationKind.Eject, Subject = device };

    /// <summary>
    /// Online one memory block; <paramref name="kind"/> is one of the three online kinds. EINVAL: already online;
    /// EHWPOISON (6.12): it holds a poisoned page; ENOENT: no such block; a notifier's errno. Linux:
    /// memory_block_online().
    /// </summary>
    public static Operation Online(Name block, OperationKind kind = OperationKind.Online) =>
        new() { Kind = kind, Subject = block };

    /// <summary>
    /// Offline one memory block. EINVAL: already offline, spans zones, or has a hole; EBUSY: unmovable page, or a
    /// PageOffline page with a reference; a notifier's errno; unfinished: it never ends by itself. Linux:
    /// offline_pages().
    /// </summary>
    public static Operation Offline(Name block) => new() { Kind = OperationKind.Offline, Subject = block };

    /// <summary>Write another text to the block's <c>state</c>: nonsense is EINVAL, an empty write does
    /// nothing.</summary>
    public static Operation WriteState(Name block, StateText text) =>
        new() { Kind = OperationKind.WriteState, Subject = block, Choice = (byte)text };

    /// <summary>
    /// Write 0 or 1 to the block's <c>online</c> attribute: nothing is done when that is its state; onlining uses the
    /// block's remembered online type. Linux: device_online(), memory_subsys_online().
    /// </summary>
    public static Operation WriteOnline(Name block, bool online) =>
        new() { Kind = OperationKind.WriteOnline, Subject = block, Amount = online ? 1 : 0 };

    /// <summary>
    /// Allocate <paramref name="pages"/> pages (rounded up to whole chunks of the order). All or nothing: ENOMEM leaves
    /// nothing behind. The witness says which pages.
    /// </summary>
    public static Operation Alloc(Name allocation, long pages, AllocationKind kind = AllocationKind.Movable,
        byte order = 0, short node = -1, short cpu = 0) =>
        new()
        {
            Kind = OperationKind.Alloc,
            Subject = allocation,
            Amount = pages,
            Choice = (byte)kind,
            Order = order,
            Node = node,
            Cpu = cpu,
        };

    /// <summary>
    /// Drop the allocation's own reference on each of its pages, on this CPU; pages with no other reference are freed:
    /// to the buddy, or to the CPU's list.
    /// </summary>
    public static Operation Free(Name allocation, short cpu = 0) =>
        new() { Kind = OperationKind.Free, Subject = allocation, Cpu = cpu };

    /// <summary>
    /// Take an extra reference: on one page of an allocation, which then can no longer be migrated, or on a PageOffline
    /// page of device memory, which then keeps its block online. EINVAL: a page by address that is neither. A page that
    /// is plugged forgets the references that others have: set_page_count() in __free_pages_core().
    /// </summary>
    public static Operation Get(Name page) => new() { Kind = OperationKind.Get, Subject = page };

    /// <summary>Drop an extra reference on one page, on this CPU; EINVAL: it has none. The last reference frees the
    /// page.</summary>
    public static Operation Put(Name page, short cpu = 0) =>
        new() { Kind = OperationKind.Put, Subject = page, Cpu = cpu };

    /// <summary>Inflate a balloon by <paramref name="pages"/> pages; it may fall short, the witness says by which pages
    /// it grew.</summary>
    public static Operation Inflate(BalloonDriver driver, long pages) =>
        new() { Kind = OperationKind.Inflate, Choice = (byte)driver, Amount = pages };

    /// <summary>Deflate a balloon by <paramref name="pages"/> pages, or by all it has.</summary>
    public static Operation Deflate(BalloonDriver driver, long pages) =>
        new() { Kind = OperationKind.Deflate, Choice = (byte)driver, Amount = pages };

    /// <summary>Bring a balloon to <paramref name="pages"/> pages.</summary>
    public static Operation BalloonTarget(BalloonDriver driver, long pages) =>
        new() { Kind = OperationKind.BalloonTarget, Choice = (byte)driver, Amount = pages };

    /// <summary>
    /// Ask CMM to keep so many pages on loan; it acts on <c>tick</c> (source document 000). EINVAL: there is no CMM.
    /// </summary>
    public static Operation LoanTarget(long pages) => new() { Kind = OperationKind.LoanTarget, Amount = pages };

    /// <summary>
    /// Run the OOM notifiers: a virtio balloon that deflates on OOM gives back up to 256 pages, CMM up to
    /// <see cref="Machines.MachineSpec.CmmOomPages"/>, and lowers its target by what it gave.
    /// </summary>
    public static Operation Oom() => new() { Kind = OperationKind.Oom };

    /// <summary>
    /// The hypervisor backs <paramref name="pages"/> pages, from the named one on, that were added without backing:
    /// where their block is online they go to the buddy. All or none. ENXIO: no such page frame, or a Xen page that is
    /// not online; EINVAL: memory that no balloon driver added, or beyond the block; EEXIST: one is backed already.
    /// Source document 004; Linux: increase_reservation(), drivers/xen/balloon.c; handle_pg_range(),
    /// drivers/hv/hv_balloon.c.
    /// </summary>
    public static Operation Back(Name page, long pages = 1) =>
        new() { Kind = OperationKind.Back, Subject = page, Amount = pages };

    /// <summary>Ask device memory for <paramref name="subBlocks"/> more sub-blocks than are plugged now.</summary>
    public static Operation Plug(Name deviceMemory, long subBlocks) =>
        new() { Kind = OperationKind.Plug, Subject = deviceMemory, Amount = subBlocks };

    /// <summary>Ask device memory for <paramref name="subBlocks"/> fewer sub-blocks than are plugged now; at least
    /// none.</summary>
    public static Operation Unplug(Name deviceMemory, long subBlocks) =>
        new() { Kind = OperationKind.Unplug, Subject = deviceMemory, Amount = subBlocks };

    /// <summary>
    /// Ask device memory for <paramref name="subBlocks"/> sub-blocks in all. EINVAL: more than its region holds.
    /// Falling short is an answer of EBUSY or ENOSPC with what was reached in the observation. Linux:
    /// virtio_mem_run_wq().
    /// </summary>
    public static Operation Resize(Name deviceMemory, long subBlocks) =>
        new() { Kind = OperationKind.Resize, Subject = deviceMemory, Amount = subBlocks };

    /// <summary>
    /// Set or restore the online_page callback: what a driver does when it is loaded and unloaded. EINVAL: the slot is
    /// not default, or not this owner's; in a list, it is on it already, or is not; always where operations come with
    /// the memory. EINVAL: the machine has no such driver. EBUSY: memory of the owner is still there. Linux:
    /// set_online_page_callback(), restore_online_page_callback().
    /// </summary>
    public static Operation SetCallback(CallbackOwner owner, CallbackAction action = CallbackAction.Set) =>
        new() { Kind = OperationKind.SetCallback, Choice = (byte)owner, Second = (byte)action };

    /// <summary>
    /// alloc_contig_range() over <paramref name="pages"/> pages from <paramref name="at"/>. EINVAL: not online memory
    /// of one zone; EBUSY: cannot be isolated or emptied – PageOffline, poisoned and pinned pages stand in the way;
    /// ENOMEM: no room to move its pages to. The witness: exactly the range, taken. Linux: mm/page_alloc.c.
    /// </summary>
    public static Operation Contig(Name allocation, Name at, long pages) =>
        new() { Kind = OperationKind.Contig, Subject = allocation, At = at, Amount = pages };

    /// <summary>free_contig_range() of what <c>contig</c> allocated; EINVAL: <c>contig</c> did not.</summary>
    public static Operation ContigFree(Name allocation) =>
        new() { Kind = OperationKind.ContigFree, Subject = allocation };

    /// <summary>
    /// A page fails. ENXIO: its section is not online; EHWPOISON: poisoned already; EBUSY: a page that cannot be
    /// handled – it is flagged and counted all the same. Linux: memory_failure().
    /// </summary>
    public static Operation Poison(Name page) => new() { Kind = OperationKind.Poison, Subject = page };

    /// <summary>
    /// Undo a software-injected failure. EIO: section not online; EBUSY: not poisoned, still in use, or (6.12)
    /// PageOffline. Linux: unpoison_memory().
    /// </summary>
    public static Operation Unpoison(Name page) => new() { Kind = OperationKind.Unpoison, Subject = page };

    /// <summary>Migrate a page's content away and poison it. EIO: not online; EBUSY: cannot be moved. Linux:
    /// soft_offline_page().</summary>
    public static Operation SoftOffline(Name page) => new() { Kind = OperationKind.SoftOffline, Subject = page };

    /// <summary>Poison a page through <c>hard_offline_page</c>: as <see cref="Poison"/>. Linux:
    /// hard_offline_page_store().</summary>
    public static Operation HardOffline(Name page) => new() { Kind = OperationKind.HardOffline, Subject = page };

    /// <summary>
    /// Fail the <paramref name="k"/>-th (from 1) internal step of that kind in the next operation, once. <c>veto</c>,
    /// <c>policy</c> and <c>tick</c> are no such operation; but a <c>tick</c> is one for the points of CMM.
    /// </summary>
    public static Operation Veto(VetoPoint point, long k, Errno errno) =>
        new() { Kind = OperationKind.Veto, Choice = (byte)point, Amount = k, Errno = errno };

    /// <summary>A sticky error for MEM_GOING_ONLINE or MEM_GOING_OFFLINE; <see cref="Errno.None"/> switches it off.
    /// EINVAL: another event.</summary>
    public static Operation NotifierError(MemoryNotification notification, Errno errno) =>
        new() { Kind = OperationKind.NotifierError, Choice = (byte)notification, Errno = errno };

    /// <summary>
    /// Drain, disable or enable the per-CPU lists of every zone (source document 002). Disabling is a lock that one
    /// holds: EBUSY: they are disabled already; EINVAL: nobody disabled them. An offlining in between waits for the
    /// lock and is
    /// <see cref="Machines.Completion.Unfinished"/>. Linux: drain_all_pages(), zone_pcp_disable(), zone_pcp_enable().
    /// </summary>
    public static Operation Pcp(PcpAction action) => new() { Kind = OperationKind.Pcp, Choice = (byte)action };

    /// <summary>Change a policy; EINVAL: a text that the policy does not know, EACCES: read-only on this
    /// machine.</summary>
    public static Operation Policy(PolicySetting setting) =>
        new() { Kind = OperationKind.Policy, Choice = (byte)setting };

    /// <summary>Let virtual seconds pass.</summary>
    public static Operation Tick(long seconds) => new() { Kind = OperationKind.Tick, Amount = seconds };

    /// <summary>Prints the text form, as one line of a trace.</summary>
    public override string ToString() => OperationTable.Print(this);
}
