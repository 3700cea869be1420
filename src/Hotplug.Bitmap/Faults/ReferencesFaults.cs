using System.Collections.Immutable;
using Hotplug.Contract.Rules;
using static Hotplug.Bitmap.FaultTable;

namespace Hotplug.Bitmap.Faults;

/// <summary>Seeded faults of family references.</summary>
internal static class ReferencesFaults
{
    internal static ImmutableArray<FaultForm> Rows { get; } =
    [
        Row(Fault.CancelForgetsReference, Family.References, "B-02",
            "At CANCEL_OFFLINE the references that were dropped at GOING_OFFLINE are not taken back.",
            new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_fake_offline_cancel_offline"),
            "references.offline-page-is-one", 3),
        Row(Fault.CancelTakesUnasked, Family.References, "B-03",
            "CANCEL_OFFLINE takes references back though GOING_OFFLINE was never seen.",
            new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_memory_notifier_cb"),
            "references.offline-page-is-one", 3),
        Row(Fault.CancelTakesTwice, Family.References, "B-03",
            "CANCEL_OFFLINE takes the references back twice.",
            new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_fake_offline_cancel_offline"),
            "references.offline-page-is-one", 3),
        Row(Fault.GoingKeepsReferences, Family.References, "B-06",
            "GOING_OFFLINE does not drop the references of unplugged pages, so nothing ever goes offline.",
            new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_fake_offline_going_offline"),
            "device-memory.removes-empty-blocks", 2),
        Row(Fault.ReonlineKeepsReferencesDropped, Family.References, "B-02",
            "A block that comes online again finds its unplugged pages without a reference.",
            new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_online_page"),
            "references.offline-page-is-one", 3),
        Row(Fault.GetTakesNothing, Family.References, "I-04",
            "Taking a reference succeeds and takes none.",
            new("v6.12", "mm/swap.c", "folio_get"),
            "references.get-adds-one", 2),
        Row(Fault.GetTakesTwo, Family.References, "I-04",
            "Taking a reference takes two.",
            new("v6.12", "mm/swap.c", "folio_get"),
            "references.get-adds-one", 2),
        Row(Fault.PutDropsNothing, Family.References, "I-04",
            "Dropping a reference succeeds and drops none.",
            new("v6.12", "mm/swap.c", "folio_put"),
            "references.put-drops-one", 3),
        Row(Fault.PutOfOwnReference, Family.References, "I-08",
            "A put without an extra reference is accepted: it drops the owner's.",
            new("v6.12", "mm/swap.c", "folio_put"),
            "put.answer", 2),
        Row(Fault.LastPutLeaks, Family.References, "I-08",
            "The last reference of a freed page is dropped, and the page is not freed.",
            new("v6.12", "mm/swap.c", "__folio_put"),
            "references.put-drops-one", 4),
        Row(Fault.FreeIgnoresPins, Family.References, "B-07",
            "Freeing hands pages to the buddy that somebody still has extra references of.",
            new("v6.12", "mm/page_alloc.c", "free_pages_prepare"),
            "pages.explained", 3),
        Row(Fault.FreeKeepsOwnReference, Family.References, "I-08",
            "Freeing keeps its own reference of a page that has extra ones.",
            new("v6.12", "mm/swap.c", "folio_put"),
            "pages.explained", 3),
        Row(Fault.PinnedPageMigrated, Family.References, "B-89",
            "A page with extra references is migrated; they stay behind.",
            new("v6.12", "mm/migrate.c", "folio_migrate_mapping"),
            "offline.answer", 4),
        Row(Fault.FreeReleasesNothing, Family.References, "I-04",
            "A free succeeds, and its pages stay in use for nobody.",
            new("v6.12", "mm/swap.c", "__folio_put"),
            "free.releases-pages", 2),
    ];
}
