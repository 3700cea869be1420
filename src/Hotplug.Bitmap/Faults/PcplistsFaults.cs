using System.Collections.Immutable;
using Hotplug.Contract.Rules;
using static Hotplug.Bitmap.FaultTable;

namespace Hotplug.Bitmap.Faults;

/// <summary>Seeded faults of family pcplists.</summary>
internal static class PcplistsFaults
{
    internal static ImmutableArray<FaultForm> Rows { get; } =
    [
        Row(Fault.SingleDrain, Family.Pcplists, "B-41",
            "Offlining drains the per-CPU lists once and does not disable them. Sequentially it shows ONLY in the steps "
            + "that the machine reports: that a page freed meanwhile stays on a list is left to schedules.",
            new("v6.12", "mm/page_alloc.c", "zone_pcp_disable"),
            "pcplists.disabled-while-isolated", 1),
        Row(Fault.DrainOfOneZone, Family.Pcplists, "B-42",
            "Draining the per-CPU lists drains those of one zone.",
            new("v6.12", "mm/page_alloc.c", "drain_all_pages"),
            "pcplists.drain-empties", 2),
        Row(Fault.DisabledListFilled, Family.Pcplists, "B-41",
            "A page that is freed while the per-CPU lists are disabled stays on one.",
            new("v6.12", "mm/page_alloc.c", "free_unref_page_commit"),
            "pcplists.disabled-empty", 3),
        Row(Fault.FullListNotFlushed, Family.Pcplists, "B-20",
            "A per-CPU list that is full is not flushed.",
            new("v6.12", "mm/page_alloc.c", "free_unref_page_commit"),
            "pcplists.within-high", 2),
    ];
}
