using System.Collections.Immutable;
using Hotplug.Contract.Rules;

namespace Hotplug.Contract.Schedules;

/// <summary>What a schedule point stands for.</summary>
/// <param name="Point">Which.</param>
/// <param name="Word">Its name in tokens, pictures and reports.</param>
/// <param name="Window">What may come between here, in one sentence.</param>
/// <param name="Reads">What the step after the point may read, up to the next point.</param>
/// <param name="Writes">What it may write.</param>
/// <param name="Source">Where the window is.</param>
public sealed record SchedulePointForm(
    SchedulePoint Point, string Word, string Window, SharedThings Reads, SharedThings Writes, Citation Source);

/// <summary>Every schedule point.</summary>
public static class SchedulePointTable
{
    private const string PageAlloc = "mm/page_alloc.c";
    private const string Hotplug = "mm/memory_hotplug.c";
    private const string VirtioMem = "drivers/virtio/virtio_mem.c";
    private const string SourceOfCmm = "source document 000";

    /// <summary>By ascending <see cref="SchedulePoint"/>.</summary>
    public static ImmutableArray<SchedulePointForm> Forms { get; } =
    [
        Of(SchedulePoint.Begin, "begin", "The operation has not begun.", SharedThings.All, SharedThings.All,
            new("v6.12", "drivers/base/memory.c", "state_store")),
        Of(SchedulePoint.FreeAfterMigratetypeRead, "free.after-migratetype-read",
            "The type of the page's pageblock was read; the page is in nobody's hands and on no list yet.",
            SharedThings.Pages | SharedThings.Pcplists, SharedThings.Pages | SharedThings.Pcplists,
            new("2020", "source document 002", "a page being freed ends on the list after the drain")),
        Of(SchedulePoint.FreeAfterLimitsRead, "free.after-limits-read",
            "How long the CPU's list may be was read under its lock; the page is not on it yet.",
            SharedThings.Pages | SharedThings.Pcplists, SharedThings.Pages | SharedThings.Pcplists,
            new("v6.12", PageAlloc, "free_unref_page_commit")),
        Of(SchedulePoint.AllocAfterRefill, "alloc.after-refill",
            "Pages left the buddy for the CPU's list under its lock; its count does not tell of them yet.",
            SharedThings.Pages | SharedThings.Pcplists, SharedThings.Pages | SharedThings.Pcplists,
            new("v6.12", PageAlloc, "rmqueue_bulk")),
        Of(SchedulePoint.PutBeforeLastReference, "put.before-last-reference",
            "The reference that is about to be dropped may be the last one by then, or not any more.",
            SharedThings.Pages | SharedThings.Pcplists | SharedThings.References,
            SharedThings.Pages | SharedThings.Pcplists | SharedThings.References,
            new("v6.12", "include/linux/page_ref.h", "page_ref_dec_and_test")),
        Of(SchedulePoint.OfflineAfterDisable, "offline.after-disable",
            "The per-CPU lists of the zone take no more pages, but still hold what they had.",
            SharedThings.Pages | SharedThings.Pcplists, SharedThings.Pages | SharedThings.Pcplists,
            new("v6.12", PageAlloc, "zone_pcp_disable")),
        Of(SchedulePoint.OfflineAfterDrain, "offline.after-drain",
            "The lists of the zone were drained; pageblocks are not isolated yet, or are, by how the offlining was ordered.",
            SharedThings.Pages | SharedThings.Pcplists | SharedThings.References, SharedThings.Pages | SharedThings.Blocks,
            new("v6.12", PageAlloc, "__drain_all_pages")),
        Of(SchedulePoint.OfflineAfterIsolation, "offline.after-isolation",
            "Pageblocks of the range are isolated; nobody was told.",
            SharedThings.All, SharedThings.All, new("v6.12", "mm/page_isolation.c", "start_isolate_page_range")),
        Of(SchedulePoint.OfflineAfterGoingOffline, "offline.after-going-offline",
            "Everybody agreed to the removal; nothing was moved.",
            SharedThings.All, SharedThings.All, new("v6.12", Hotplug, "offline_pages")),
        Of(SchedulePoint.OfflineAfterMigration, "offline.after-migration",
            "What could move was moved; whether the range is empty is not known.",
            SharedThings.Pages | SharedThings.Pcplists | SharedThings.References | SharedThings.Cmm,
            SharedThings.Pages | SharedThings.Blocks, new("v6.12", Hotplug, "do_migrate_range")),
        Of(SchedulePoint.OfflineAfterFailedTest, "offline.after-failed-test",
            "A page of the range is not free yet: another pass follows.",
            SharedThings.All, SharedThings.All, new("v6.12", "mm/page_isolation.c", "test_pages_isolated")),
        Of(SchedulePoint.OfflineAfterUnisolation, "offline.after-unisolation",
            "The pages of a failed removal may be allocated again; drivers still believe that it goes on.",
            SharedThings.All, SharedThings.All, new("v6.12", Hotplug, "offline_pages")),
        Of(SchedulePoint.OfflineAfterCommit, "offline.after-commit",
            "The sections are offline; counts and states are not changed yet.",
            SharedThings.All, SharedThings.All, new("v6.12", Hotplug, "offline_pages")),
        Of(SchedulePoint.OnlineAfterGoingOnline, "online.after-going-online",
            "Everybody agreed to the memory; none of it was given to the buddy.",
            SharedThings.All, SharedThings.All, new("v6.12", Hotplug, "online_pages")),
        Of(SchedulePoint.OnlineAfterChunk, "online.after-chunk",
            "Some chunks of the block were given to the buddy, the others were not.",
            SharedThings.All, SharedThings.All, new("v6.12", Hotplug, "online_pages_range")),
        Of(SchedulePoint.AddAfterResource, "add.after-resource",
            "The range is claimed; it has no page descriptors.",
            SharedThings.All, SharedThings.All, new("v6.12", Hotplug, "add_memory_resource")),
        Of(SchedulePoint.AddBeforeRegistration, "add.before-registration",
            "The range has page descriptors; user space does not see its blocks.",
            SharedThings.All, SharedThings.All, new("v6.12", Hotplug, "create_memory_block_devices")),
        Of(SchedulePoint.RemoveAfterCheck, "remove.after-check",
            "All blocks were found offline; none was destroyed.",
            SharedThings.All, SharedThings.All, new("v6.12", Hotplug, "try_remove_memory")),
        Of(SchedulePoint.InflateAfterActiveCheck, "inflate.after-active-check",
            "No removal was active; no page was taken for the hypervisor yet.",
            SharedThings.Pages, SharedThings.Pages, new("2009", SourceOfCmm, "cmm_alloc_pages: hotplug_occurred")),
        Of(SchedulePoint.InflateAfterAllocation, "inflate.after-allocation",
            "A page was taken that is not on CMM's list: no notifier can find it.",
            SharedThings.Pages | SharedThings.Cmm, SharedThings.Pages | SharedThings.Cmm,
            new("2009", SourceOfCmm, "cmm_alloc_pages: __get_free_page")),
        Of(SchedulePoint.InflateAfterListPage, "inflate.after-list-page",
            "A page to hold addresses was taken without the lock: by now there may be room without it.",
            SharedThings.Pages | SharedThings.Cmm, SharedThings.Pages | SharedThings.Cmm,
            new("2009", SourceOfCmm, "cmm_alloc_pages: need a new page for the page list")),
        Of(SchedulePoint.InflateBetweenPages, "inflate.between-pages",
            "A page is in the balloon, the next one is not.",
            SharedThings.Pages | SharedThings.Balloons | SharedThings.Pcplists | SharedThings.Cmm,
            SharedThings.Pages | SharedThings.Balloons | SharedThings.Pcplists | SharedThings.Cmm,
            new("v6.12", "drivers/virtio/virtio_balloon.c", "fill_balloon")),
        Of(SchedulePoint.DeflateBetweenPages, "deflate.between-pages",
            "A page left the balloon and is not free yet.",
            SharedThings.Pages | SharedThings.Balloons | SharedThings.Cmm,
            SharedThings.Pages | SharedThings.Balloons | SharedThings.Cmm,
            new("v6.12", "drivers/virtio/virtio_balloon.c", "leak_balloon")),
        Of(SchedulePoint.UnplugAfterIsolation, "unplug.after-isolation",
            "The sub-block was found movable; its free pages are not taken.",
            SharedThings.All, SharedThings.All, new("v6.12", VirtioMem, "virtio_mem_fake_offline")),
        Of(SchedulePoint.UnplugBeforeMark, "unplug.before-mark",
            "All pages of the sub-block are taken; they are not marked PageOffline.",
            SharedThings.All, SharedThings.All, new("v6.12", VirtioMem, "virtio_mem_set_fake_offline")),
        Of(SchedulePoint.PlugBeforeOnline, "plug.before-online",
            "The device has plugged the sub-block; its pages are PageOffline.",
            SharedThings.All, SharedThings.All, new("v6.12", VirtioMem, "virtio_mem_fake_online")),
        Of(SchedulePoint.ContigAfterIsolation, "contig.after-isolation",
            "The range was found movable, and its pageblocks are isolated.",
            SharedThings.All, SharedThings.All, new("v6.12", PageAlloc, "alloc_contig_range")),
        Of(SchedulePoint.ContigAfterMigration, "contig.after-migration",
            "What could move was moved; the range was not taken yet.",
            SharedThings.All, SharedThings.All, new("v6.12", PageAlloc, "__alloc_contig_migrate_range")),
        Of(SchedulePoint.CallbackAfterSwap, "callback.after-swap",
            "Another online_page callback is in force; an onlining under way may have begun with the old one.",
            SharedThings.All, SharedThings.All, new("v6.12", Hotplug, "set_online_page_callback")),
    ];

    /// <summary>The form of a point.</summary>
    public static SchedulePointForm Of(SchedulePoint point) => Forms[(int)point];

    private static SchedulePointForm Of(SchedulePoint point, string word, string window, SharedThings reads,
        SharedThings writes, Citation source) => new(point, word, window, reads, writes, source);
}
