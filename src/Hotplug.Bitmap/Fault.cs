using System.Collections.Immutable;
using Hotplug.Contract.Rules;

namespace Hotplug.Bitmap;

/// <summary>
/// The rules that a machine can be told to break, one at a time: what proves that the suite finds faults.
/// </summary>
public enum Fault : byte
{
    /// <summary>PG_offline cleared at GOING_OFFLINE.</summary>
    OfflineClearedAtGoingOffline,
    /// <summary>Re-online hands unplugged pages to the buddy.</summary>
    ReonlineFreesUnplugged,
    /// <summary>CANCEL_OFFLINE forgets to take the references back.</summary>
    CancelForgetsReference,
    /// <summary>Self-hosted vmemmap pages counted as managed.</summary>
    VmemmapManaged,
    /// <summary>A zone's span not shrunk when a block leaves it.</summary>
    SpanNotShrunk,
    /// <summary>Managed pages drift when an offline is vetoed.</summary>
    ManagedDriftsAfterVeto,
    /// <summary>A contiguous allocation takes PageOffline pages.</summary>
    ContigTakesPageOffline,
    /// <summary>The last put of a PageOffline page frees it.</summary>
    LastPutFreesPageOffline,
    /// <summary>The vmemmap of a removed group freed from its first section on.</summary>
    VmemmapFreedForwards,
    /// <summary>The reference count of a vmemmap head not decremented.</summary>
    HeadCountNotDecremented,
    /// <summary>The state of a teardown kept for the next removal.</summary>
    TeardownStateKept,
    /// <summary>CMM's thread loans pages while a removal is active.</summary>
    CmmLoansWhileRemoving,
    /// <summary>CMM gives back the loaned pages of the range, and leaves a list page there.</summary>
    CmmListPageStays,
    /// <summary>A balloon's online_page callback drops pages that are not its own.</summary>
    CallbackDropsForeignPages,
}

/// <summary>A seeded fault as data.</summary>
/// <param name="Fault">Which.</param>
/// <param name="Id">Its word.</param>
/// <param name="Statement">What goes wrong, in one sentence.</param>
/// <param name="Source">Where the rule that it breaks comes from.</param>
/// <param name="KilledBy">Id of the invariant that finds it.</param>
/// <param name="Shortest">Operations of the shortest trace that shows it, blocks coming online on arrival or
/// not.</param>
public sealed record FaultForm(
    Fault Fault, string Id, string Statement, Citation Source, string KilledBy, int Shortest);

/// <summary>Every seeded fault.</summary>
public static class FaultTable
{
    /// <summary>By ascending <see cref="Fault"/>.</summary>
    public static ImmutableArray<FaultForm> Forms { get; } =
    [
        new(Fault.OfflineClearedAtGoingOffline, "offline-cleared-at-going-offline",
            "At GOING_OFFLINE the driver of a device memory clears PG_offline of its unplugged pages and frees them.",
            new Citation("2019", "source document 003", "PageOffline must stay set until the memory is offline"),
            "page-offline.survives-until-offline", 3),
        new(Fault.ReonlineFreesUnplugged, "reonline-frees-unplugged",
            "When a block comes online again, its unplugged pages go to the buddy.",
            new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_online_page"),
            "page-offline.owner-unplugged", 3),
        new(Fault.CancelForgetsReference, "cancel-forgets-reference",
            "At CANCEL_OFFLINE the references that were dropped at GOING_OFFLINE are not taken back.",
            new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_fake_offline_cancel_offline"),
            "references.offline-page-is-one", 3),
        new(Fault.VmemmapManaged, "vmemmap-managed",
            "Self-hosted vmemmap pages are counted as managed when their block comes online.",
            new Citation("v6.12", "mm/memory_hotplug.c", "mhp_init_memmap_on_memory"),
            "zone.managed-pages", 1),
        new(Fault.SpanNotShrunk, "span-not-shrunk",
            "The span of a zone stays as it was when a block at its edge leaves.",
            new Citation("v6.12", "mm/memory_hotplug.c", "shrink_zone_span"),
            "zone.span-tight", 1),
        new(Fault.ManagedDriftsAfterVeto, "managed-drifts-after-veto",
            "The rollback of a vetoed offline takes the block's pages out of managed as if it had gone offline.",
            new Citation("v6.12", "mm/memory_hotplug.c", "offline_pages"),
            "zone.managed-pages", 2),
        new(Fault.ContigTakesPageOffline, "contig-takes-page-offline",
            "alloc_contig_range() takes the PageOffline pages of its range, as offlining may.",
            new Citation("2019", "source document 003", "PageOffline pages are not movable for alloc_contig_range()"),
            "contig.takes-no-page-offline", 2),
        new(Fault.LastPutFreesPageOffline, "last-put-frees-page-offline",
            "Where PageOffline pages have no reference at rest, the last put of one gives it to the buddy.",
            new Citation("2019", "source document 003", "last put of a PageOffline page"),
            "page-offline.survives-until-offline", 3),
        new(Fault.VmemmapFreedForwards, "vmemmap-freed-forwards",
            "When the last section of a memmap group is removed, the memmap of its sections is freed from the first to "
            + "the last: the first pages map all the others.",
            new Citation("2019", "source document 001", "we free the whole range to vmemmap_free backwards"),
            "vmemmap.head-freed-last", 2),
        new(Fault.HeadCountNotDecremented, "head-count-not-decremented",
            "Removing a section leaves the reference count of its vmemmap head as it was: no section is the last.",
            new Citation("2019", "source document 001", "in every pass we decrease head->_refcount"),
            "vmemmap.head-counts-sections", 2),
        new(Fault.TeardownStateKept, "teardown-state-kept",
            "The vmemmap head of one removal is still the current one when the next removal begins.",
            new Citation("2019", "source document 001", "we wait until we hit the last section"),
            "vmemmap.freed-with-block", 3),
        new(Fault.CmmLoansWhileRemoving, "cmm-loans-while-removing",
            "CMM's thread does not look whether a removal is active: it polls and loans pages while memory leaves.",
            new Citation("2009", "source document 000", "CMM activity will be halted when hotplug remove operations are active"),
            "cmm.halted-while-removing", 2),
        new(Fault.CmmListPageStays, "cmm-list-page-stays",
            "At GOING_OFFLINE CMM gives back the loaned pages of the range, but not the list pages that lie in it.",
            new Citation("2009", "source document 000", "free pages in the range which is to be removed"),
            "cmm.range-is-clear", 3),
        new(Fault.CallbackDropsForeignPages, "callback-drops-foreign-pages",
            "While a balloon's online_page callback is set, pages of memory that is not its own go nowhere.",
            new Citation("v6.12", "drivers/hv/hv_balloon.c", "hv_online_page"),
            "callback.foreign-to-buddy", 1),
    ];

    /// <summary>The form of a fault.</summary>
    public static FaultForm Of(Fault fault) => Forms[(int)fault];

    /// <summary>The fault with this word, or null.</summary>
    public static FaultForm? Find(string id) => Forms.FirstOrDefault(f => f.Id == id);
}
