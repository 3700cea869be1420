using System.Collections.Immutable;
using Hotplug.Contract.Rules;
using static Hotplug.Bitmap.FaultTable;

namespace Hotplug.Bitmap.Faults;

/// <summary>Seeded faults of family conservation.</summary>
internal static class ConservationFaults
{
    internal static ImmutableArray<FaultForm> Rows { get; } =
    [
        Row(Fault.UnmovablePagesIgnored, Family.Conservation, "B-29",
            "Isolation takes a pageblock though it holds kernel pages.",
            new("v6.12", "mm/page_isolation.c", "has_unmovable_pages"),
            "offline-remove.answer", 3),
        Row(Fault.PinnedPageLost, Family.Conservation, "B-89",
            "A block goes offline though pages in it cannot leave; they are lost.",
            new("v6.12", "mm/memory_hotplug.c", "scan_movable_pages"),
            "offline.answer", 3),
        Row(Fault.MigrationSourceLost, Family.Conservation, "B-52",
            "The page that a migration leaves is not given back.",
            new("v6.12", "mm/migrate.c", "migrate_folio_done"),
            "pages.explained", 2),
        Row(Fault.MigrationTargetStaysFree, Family.Conservation, "B-52",
            "The page that a migration goes to stays in the buddy.",
            new("v6.12", "mm/migrate.c", "alloc_migration_target"),
            "accounting.free-pages", 2),
        Row(Fault.MigrationNotTold, Family.Conservation, "I-13",
            "Pages move and nobody says so.",
            new("v6.12", "mm/migrate.c", "migrate_pages"),
            "pages.explained", 2),
        Row(Fault.LastPageOfRunLost, Family.Conservation, "B-52",
            "Freeing several pages leaves the last of them behind.",
            new("v6.12", "mm/page_alloc.c", "free_pages_prepare"),
            "conservation.released-is-free", 2),
        Row(Fault.KernelPagesInMovable, Family.Conservation, "I-14",
            "Kernel pages are allocated from zone Movable.",
            new("v6.12", "mm/page_alloc.c", "gfp_zone"),
            "conservation.unmovable-outside-movable", 2),
        Row(Fault.AllocationFallsShort, Family.Conservation, "I-13",
            "An allocation that finds too little succeeds with what there is.",
            new("v6.12", "mm/page_alloc.c", "__alloc_pages_noprof"),
            "conservation.alloc-takes-all", 1),
        Row(Fault.FailedAllocationLeaks, Family.Conservation, "B-52",
            "An allocation that finds too little keeps what it took.",
            new("v6.12", "mm/page_alloc.c", "__alloc_pages_noprof"),
            "rollback.pages-unchanged", 2),
        Row(Fault.ContigTakesPageOffline, Family.Conservation, "B-04",
            "A contiguous allocation takes PageOffline pages.",
            new("v6.12", "mm/page_isolation.c", "has_unmovable_pages"),
            "contig.takes-no-page-offline", 2),
        Row(Fault.ContigMigratesFirst, Family.Contig, "B-04",
            "A contiguous allocation migrates pages before it finds a PageOffline page in its way.",
            new("2019", "source document 003", "alloc_contig_range() over PageOffline pages"),
            "pages.explained", 4),
        Row(Fault.ContigFreesOthers, Family.Contig, "I-46",
            "Freeing a contiguous range accepts pages that were not allocated as one.",
            new("v6.12", "mm/page_alloc.c", "free_contig_range"),
            "contig-free.answer", 2),
    ];
}
