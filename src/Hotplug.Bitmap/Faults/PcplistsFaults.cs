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
    ];
}
