namespace Hotplug.Contract.Schedules;

/// <summary>
/// The places inside of operations where another CPU may come between, named after what is raced for. Which window each
/// stands for is told in <see cref="SchedulePointTable"/>.
/// </summary>
public enum SchedulePoint : byte
{
    /// <summary>Not inside: the operation has not begun.</summary>
    Begin,
    /// <summary>free.after-migratetype-read</summary>
    FreeAfterMigratetypeRead,
    /// <summary>free.after-limits-read</summary>
    FreeAfterLimitsRead,
    /// <summary>alloc.after-refill</summary>
    AllocAfterRefill,
    /// <summary>put.before-last-reference</summary>
    PutBeforeLastReference,
    /// <summary>offline.after-disable</summary>
    OfflineAfterDisable,
    /// <summary>offline.after-drain</summary>
    OfflineAfterDrain,
    /// <summary>offline.after-isolation</summary>
    OfflineAfterIsolation,
    /// <summary>offline.after-going-offline</summary>
    OfflineAfterGoingOffline,
    /// <summary>offline.after-migration</summary>
    OfflineAfterMigration,
    /// <summary>offline.after-failed-test</summary>
    OfflineAfterFailedTest,
    /// <summary>offline.after-unisolation</summary>
    OfflineAfterUnisolation,
    /// <summary>offline.after-commit</summary>
    OfflineAfterCommit,
    /// <summary>online.after-going-online</summary>
    OnlineAfterGoingOnline,
    /// <summary>online.after-chunk</summary>
    OnlineAfterChunk,
    /// <summary>add.after-resource</summary>
    AddAfterResource,
    /// <summary>add.before-registration</summary>
    AddBeforeRegistration,
    /// <summary>remove.after-check</summary>
    RemoveAfterCheck,
    /// <summary>inflate.after-active-check</summary>
    InflateAfterActiveCheck,
    /// <summary>inflate.after-allocation</summary>
    InflateAfterAllocation,
    /// <summary>inflate.after-list-page</summary>
    InflateAfterListPage,
    /// <summary>inflate.between-pages</summary>
    InflateBetweenPages,
    /// <summary>deflate.between-pages</summary>
    DeflateBetweenPages,
    /// <summary>unplug.after-isolation</summary>
    UnplugAfterIsolation,
    /// <summary>unplug.before-mark</summary>
    UnplugBeforeMark,
    /// <summary>plug.before-online</summary>
    PlugBeforeOnline,
    /// <summary>contig.after-isolation</summary>
    ContigAfterIsolation,
    /// <summary>contig.after-migration</summary>
    ContigAfterMigration,
    /// <summary>callback.after-swap</summary>
    CallbackAfterSwap,
}

/// <summary>A lock that operations take, or wait for.</summary>
public enum LockName : byte
{
    /// <summary>device_hotplug_lock, and mem_hotplug_lock inside of it: add, remove, online, offline.</summary>
    Hotplug,
    /// <summary>pcp_batch_high_lock: who disabled the per-CPU lists.</summary>
    PcpBatchHigh,
    /// <summary>zone-&gt;lock, of all zones.</summary>
    Zone,
    /// <summary>The lock of a CPU's lists; the number is the CPU.</summary>
    Pcplist,
    /// <summary>balloon_lock; the number is the balloon's.</summary>
    Balloon,
    /// <summary>CMM's thread, which does one thing at a time (source document 000).</summary>
    CmmThread,
    /// <summary>cmm_lock.</summary>
    Cmm,
    /// <summary>hotplug_mutex of a device memory's driver; the number is the device memory's.</summary>
    DeviceMemory,
    /// <summary>The work queue of a device memory's driver, which does one request at a time.</summary>
    DeviceMemoryWork,
}

/// <summary>One lock: its name, and which of those with that name.</summary>
/// <param name="Name">Which kind.</param>
/// <param name="Number">Which of them; 0 where there is one.</param>
public readonly record struct LockId(LockName Name, int Number = 0)
{
    /// <inheritdoc/>
    public override string ToString() => Number == 0 ? Words.Of(Name) : $"{Words.Of(Name)} {Number}";
}

/// <summary>
/// What the steps of operations may have in common: two steps that share none of it, or only read it, come to the same
/// in either order.
/// </summary>
[Flags]
public enum SharedThings : ushort
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>Free chunks, pageblock types, page states.</summary>
    Pages = 1 << 0,
    /// <summary>Per-CPU lists and whether they are disabled.</summary>
    Pcplists = 1 << 1,
    /// <summary>Reference counts.</summary>
    References = 1 << 2,
    /// <summary>Memory blocks, zones, resources, devices.</summary>
    Blocks = 1 << 3,
    /// <summary>CMM's list, counts and flags.</summary>
    Cmm = 1 << 4,
    /// <summary>Balloons.</summary>
    Balloons = 1 << 5,
    /// <summary>What is plugged of device memories.</summary>
    DeviceMemories = 1 << 6,
    /// <summary>The online_page callback.</summary>
    Callbacks = 1 << 7,
    /// <summary>All of it.</summary>
    All = 0xff,
}
