using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Rules;

namespace Hotplug.Bitmap;

/// <summary>A seeded fault of overlapping operations, as data.</summary>
/// <param name="Fault">Which.</param>
/// <param name="Id">Its word.</param>
/// <param name="Family">What is raced for.</param>
/// <param name="Statement">What goes wrong, in one sentence.</param>
/// <param name="Source">Where the rule that it breaks comes from.</param>
/// <param name="KilledBy">
/// Ids of the rules that may find it: which of them comes first depends on the schedule. None: a variant that breaks no
/// rule, kept because a source argues about it.
/// </param>
public sealed record RaceFaultForm(
    RaceFault Fault, string Id, Family Family, string Statement, Citation Source, ImmutableArray<string> KilledBy);

/// <summary>Every seeded fault of overlapping operations.</summary>
public static class RaceFaultTable
{
    private const string PageAlloc = "mm/page_alloc.c";
    private const string Hotplug = "mm/memory_hotplug.c";
    private const string Isolation = "mm/page_isolation.c";
    private const string VirtioMem = "drivers/virtio/virtio_mem.c";
    private const string Balloon = "drivers/virtio/virtio_balloon.c";
    private const string Memory = "drivers/base/memory.c";
    private const string Linearizable = "schedule.linearizable";
    private const string Deadlock = "schedule.deadlock";
    private const string Crash = "machine.crash";   // An assertion of the machine, in a build that has them.
    private const string FreedOnce = "schedule.freed-once";
    private const string OneList = "schedule.page-on-one-list";
    private const string OfflineListed = "schedule.offline-page-listed";
    private const string OneHand = "schedule.page-in-one-hand";
    private const string LoanedLate = "schedule.one-loan-on-its-way";
    private const string LoanedFromRange = "schedule.no-loan-from-the-range";
    private const string References = "schedule.references";
    private const string ListsAreFull = "cmm.lists-are-full";

    private static readonly Citation s_cmm = new("2009", "source document 000", "cmm_alloc_pages, cmm_mem_going_offline");

    /// <summary>By ascending <see cref="RaceFault"/>.</summary>
    public static ImmutableArray<RaceFaultForm> Forms { get; } =
    [
        Row(RaceFault.DrainedOnce, Family.Pcplists,
            "Per-CPU lists are drained once before isolation and not disabled: a page being freed ends on a list after that.",
            new("2020", "source document 002", "the race with page freeing in progress"), Linearizable),
        Row(RaceFault.DrainedEachPass, Family.Pcplists,
            "No fault but the repair that came before disabling: per-CPU lists are drained again after each failed pass.",
            new("2020", "source document 002", "the repeated draining is then no longer needed")),
        Row(RaceFault.DrainSkipsEmptyLists, Family.Pcplists,
            "The drain after disabling skips lists that look empty: a page on its way to one stays on it.",
            new("v6.12", PageAlloc, "__drain_all_pages"), Linearizable),
        Row(RaceFault.DrainedBeforeDisabled, Family.Pcplists,
            "Lists are drained before they are disabled: what is freed between stays on them.",
            new("v6.12", PageAlloc, "zone_pcp_disable"), Linearizable),
        Row(RaceFault.LimitsRestoredEarly, Family.Pcplists,
            "The limits of the lists are restored before the range is empty.",
            new("v6.12", PageAlloc, "zone_pcp_enable"), Linearizable),
        Row(RaceFault.LimitsRestoredByAnybody, Family.Pcplists,
            "Whoever enables the lists does so for a removal that has disabled them as well.",
            new("v6.12", PageAlloc, "zone_pcp_enable"), Linearizable),
        Row(RaceFault.LimitsReadUnlocked, Family.Pcplists,
            "A free reads how long the list may be before it has the list's lock.",
            new("v6.12", PageAlloc, "free_unref_page_commit"), Linearizable),
        Row(RaceFault.RefillUnlocked, Family.Pcplists,
            "A refill does not hold the list's lock: the drain does not wait for what it has taken (B-86).",
            new("v6.12", PageAlloc, "rmqueue_bulk"), Linearizable),
        Row(RaceFault.PagesOnTheirWayOverlooked, Family.Pcplists,
            "The test overlooks a page that is being freed: the memory is gone before the page arrives.",
            new("v6.12", Isolation, "__test_page_isolated_in_pageblock"), OfflineListed),
        Row(RaceFault.IsolatedAfterLook, Family.PageOffline,
            "Pageblocks are looked through for unmovable pages before zone->lock is taken to isolate them.",
            new("v6.12", Isolation, "set_migratetype_isolate"), Linearizable, LoanedFromRange),
        Row(RaceFault.NotifiedBeforeIsolation, Family.Notifiers,
            "Notifiers are called before isolation: what they gave back may be taken again.",
            new("v6.12", Hotplug, "offline_pages"), Linearizable),
        Row(RaceFault.UnisolatedBeforeCommit, Family.PageOffline,
            "The range can be allocated from between the last test and the end of the removal.",
            new("v6.12", Hotplug, "offline_pages"), Linearizable, OneList),
        Row(RaceFault.IsolationNotRefused, Family.PageOffline,
            "What somebody else has isolated is isolated once more.",
            new("v6.12", Isolation, "set_migratetype_isolate"), Linearizable),
        Row(RaceFault.ForeignIsolationUndone, Family.PageOffline,
            "Who is refused because a pageblock is isolated un-isolates it.",
            new("v6.12", Isolation, "start_isolate_page_range"), Linearizable, OneList, Crash),
        Row(RaceFault.ContigNotIsolated, Family.Contig,
            "A contiguous range is not isolated: others take pages of it while it is emptied.",
            new("v6.12", PageAlloc, "alloc_contig_range"), OneHand),
        Row(RaceFault.LateReferenceMigrated, Family.References,
            "A page is migrated that got a reference after it was looked at.",
            new("v6.12", "mm/migrate.c", "folio_migrate_mapping"), Linearizable),
        Row(RaceFault.ReferencesNotAtomic, Family.References,
            "References are read and written back in two steps.",
            new("v6.12", "include/linux/page_ref.h", "page_ref_add"), Linearizable, References),
        Row(RaceFault.PutDecidesEarly, Family.References,
            "A put decides that others have references before it drops its own.",
            new("v6.12", "include/linux/mm.h", "put_page_testzero"), References, Linearizable),
        Row(RaceFault.FreeDecidesEarly, Family.References,
            "A free decides that others keep the page before it drops its own reference.",
            new("v6.12", "include/linux/mm.h", "put_page_testzero"), Linearizable, References),
        Row(RaceFault.LocksInverted, Family.Blocks,
            "An offlining takes pcp_batch_high_lock before the hotplug lock.",
            new("v6.12", Hotplug, "offline_pages"), Deadlock),
        Row(RaceFault.HotplugLockKeptOnRefusal, Family.Rollback,
            "A refused online or offline keeps the hotplug lock.",
            new("v6.12", Memory, "state_store"), Deadlock),
        Row(RaceFault.PcpLockKept, Family.Pcplists,
            "An offlining keeps pcp_batch_high_lock when it is over.",
            new("v6.12", PageAlloc, "zone_pcp_enable"), Deadlock),
        Row(RaceFault.OnlineCheckedBeforeLock, Family.Blocks,
            "A block that was offline before the hotplug lock was taken is believed to be so still.",
            new("v6.12", Memory, "memory_block_change_state"), Linearizable),
        Row(RaceFault.OfflineCheckedBeforeLock, Family.Blocks,
            "A block that was online before the hotplug lock was taken is believed to be so still.",
            new("v6.12", Memory, "memory_block_change_state"), Linearizable),
        Row(RaceFault.RemoveCheckedBeforeLock, Family.Blocks,
            "Blocks that were offline before the hotplug lock was taken are removed, whatever they are now.",
            new("v6.12", Hotplug, "try_remove_memory"), Linearizable),
        Row(RaceFault.AddCheckedBeforeLock, Family.Blocks,
            "A range that was free before the hotplug lock was taken is added, whoever has it now.",
            new("v6.12", Hotplug, "register_memory_resource"), Linearizable),
        Row(RaceFault.CallbackSwappedUnlocked, Family.Callback,
            "The online_page callback is swapped while memory is being added for its owner.",
            new("v6.12", Hotplug, "restore_online_page_callback"), Linearizable),
        Row(RaceFault.DriverLockReleasedEarly, Family.DeviceMemory,
            "The driver of a device memory gives its lock back at GOING_OFFLINE: what is unplugged then gets a reference too many at CANCEL_OFFLINE.",
            new("v6.12", VirtioMem, "virtio_mem_memory_notifier_cb"), Linearizable),
        Row(RaceFault.DriverLockKeptOnCancel, Family.DeviceMemory,
            "The driver of a device memory keeps its lock after CANCEL_OFFLINE.",
            new("v6.12", VirtioMem, "virtio_mem_memory_notifier_cb"), Deadlock),
        Row(RaceFault.DriverHoldsLockIntoRemoval, Family.DeviceMemory,
            "The driver of a device memory asks for the removal of a block with its own lock held, which the notifier takes inside the hotplug lock.",
            new("v6.12", VirtioMem, "virtio_mem_sbm_try_remove_unplugged_mb"), Deadlock),
        Row(RaceFault.RequestsOverlap, Family.DeviceMemory,
            "The driver of a device memory works on two requests at once.",
            new("v6.12", VirtioMem, "virtio_mem_run_wq"), Linearizable),
        Row(RaceFault.InflateUnlocked, Family.Balloon,
            "Two requests to inflate start from the same size.",
            new("v6.12", Balloon, "update_balloon_size_func"), Linearizable),
        Row(RaceFault.DeflateUnlocked, Family.Balloon,
            "A page is looked up in the balloon and taken from it in two steps (B-77).",
            new("v6.12", Balloon, "leak_balloon"), FreedOnce, Linearizable, OfflineListed),
        Row(RaceFault.ManagedNotAtomic, Family.Accounting,
            "Managed pages are read and written back in two steps.",
            new("v6.12", PageAlloc, "adjust_managed_page_count"), Linearizable),
        Row(RaceFault.CmmNeverAborts, Family.Cmm,
            "CMM looks for a removal before its first page only.", s_cmm, LoanedLate),
        Row(RaceFault.CmmFlagOnly, Family.Cmm,
            "CMM sets a flag that its thread clears, and takes no mutex for as long as the removal lasts.", s_cmm, LoanedLate),
        Row(RaceFault.CmmResumesEarly, Family.Cmm,
            "CMM lets loaning go on when its callback returns, not when the removal is over.", s_cmm, LoanedLate),
        Row(RaceFault.CmmCountsPagesOnTheirWay, Family.Cmm,
            "CMM counts a page for isolation that is not on its list: it is loaned out of the isolated block.", s_cmm, LoanedFromRange),
        Row(RaceFault.CmmSpareListPageFreedTwice, Family.Cmm,
            "A list page that is not needed any more is freed twice.", s_cmm, FreedOnce),
        Row(RaceFault.CmmSpareListPageLeaked, Family.Cmm,
            "A list page that is not needed any more is not freed.", s_cmm, Linearizable),
        Row(RaceFault.CmmListPageUnchecked, Family.Cmm,
            "Whether a list page is needed is not looked at again with the lock held.", s_cmm, ListsAreFull),
        Row(RaceFault.CmmFreesUnlocked, Family.Cmm,
            "CMM reads an address and takes it off its list in two steps.", s_cmm, FreedOnce, OfflineListed, Linearizable),
    ];

    /// <summary>The form of a fault.</summary>
    public static RaceFaultForm Of(RaceFault fault) => Forms[(int)fault];

    /// <summary>The fault with this word, or null.</summary>
    public static RaceFaultForm? Find(string id) => Forms.FirstOrDefault(f => f.Id == id);

    private static RaceFaultForm Row(
        RaceFault fault, Family family, string statement, Citation source, params ImmutableArray<string> killedBy) =>
        new(fault, Words.Of(fault), family, statement, source, killedBy);
}
