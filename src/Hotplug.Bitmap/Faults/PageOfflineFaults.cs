using System.Collections.Immutable;
using Hotplug.Contract.Rules;
using static Hotplug.Bitmap.FaultTable;

namespace Hotplug.Bitmap.Faults;

/// <summary>Seeded faults of family page-offline.</summary>
internal static class PageOfflineFaults
{
    internal static ImmutableArray<FaultForm> Rows { get; } =
    [
        Row(Fault.OfflineClearedAtGoingOffline, Family.PageOffline, "B-01",
            "At GOING_OFFLINE the driver of a device memory clears PG_offline of its unplugged pages and frees them.",
            new("2019", "source document 003", "PageOffline must stay set until the memory is offline"),
            "zone.managed-pages", 2),
        Row(Fault.ReonlineFreesUnplugged, Family.PageOffline, "B-08",
            "When a block comes online again, its unplugged pages go to the buddy.",
            new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_online_page"),
            "page-offline.owner-unplugged", 3),
        Row(Fault.ChunkDecidedByFirstSubBlock, Family.PageOffline, "B-09",
            "The online callback decides over a chunk of several sub-blocks by the first of them.",
            new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_online_page"),
            "page-offline.owner-unplugged", 1),
        Row(Fault.CallbackGivesTail, Family.PageOffline, "B-79",
            "The online callback gives the last chunk of a block to the buddy, covered or not.",
            new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_online_page"),
            "page-offline.owner-unplugged", 1),
        Row(Fault.UnplugLeavesPagesInBuddy, Family.PageOffline, "B-73",
            "Unplugging does not take the pages of an online block from the buddy first.",
            new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_fake_offline"),
            "zone.managed-pages", 2),
        Row(Fault.PlugKeepsOffline, Family.PageOffline, "B-75",
            "Pages that are plugged in an online block are counted, but never given to the buddy.",
            new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_fake_online"),
            "zone.managed-pages", 2),
        Row(Fault.TakenPagesMarkedFresh, Family.PageOffline, "B-76",
            "Pages that are taken from the buddy get the mark of pages that never were in it.",
            new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_set_fake_offline"),
            "page-offline.fresh-only-from-onlining", 2),
        Row(Fault.FreshPagesMarkedTaken, Family.PageOffline, "B-75",
            "Pages that are kept from the buddy at onlining lack the mark that they never were in it.",
            new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_set_fake_offline"),
            "page-offline.recreated-as-fresh", 1),
        Row(Fault.CancelFreesUnplugged, Family.PageOffline, "B-07",
            "Unplugged pages go to the buddy when their references are taken back at CANCEL_OFFLINE.",
            new("2019", "source document 003", "a last put must not free a PageOffline page"),
            "page-offline.survives-until-offline", 3),
        Row(Fault.UnpoisonFreesOffline, Family.PageOffline, "B-68",
            "Unpoisoning a PageOffline page is accepted and hands it to the buddy.",
            new("v6.12", "mm/memory-failure.c", "unpoison_memory"),
            "page-offline.survives-until-offline", 3),
        Row(Fault.FailedUnplugKeepsTaken, Family.PageOffline, "B-52",
            "An unplug that fails half way keeps the pages that it took until then.",
            new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_fake_offline"),
            "zone.managed-pages", 3),
        Row(Fault.KeptOfflinePageAccepted, Family.PageOffline, "B-05",
            "Offlining passes over PageOffline pages that somebody still holds.",
            new("v6.12", "mm/memory_hotplug.c", "scan_movable_pages"),
            "zone.managed-pages", 2),
        Row(Fault.LastPutFreesPageOffline, Family.PageOffline, "B-07",
            "Where PageOffline pages have no reference at rest, the last put of one gives it to the buddy.",
            new("2019", "source document 003", "last put of a PageOffline page"),
            "page-offline.survives-until-offline", 3),
        Row(Fault.BalloonMarkLostInMigration, Family.PageOffline, "B-10",
            "A balloon page that is migrated loses PG_offline.",
            new("v6.12", "mm/balloon_compaction.c", "balloon_page_migrate"),
            "balloon.size-is-its-pages", 2),
    ];
}
