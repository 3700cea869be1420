using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Checks;

/// <summary>
/// Per-CPU lists that are seen: their limits are the machine's, or those of disabled lists while an operation holds
/// their lock, and the pages that they count are those that are seen on them.
/// </summary>
internal static class PcplistCheck
{
    private static readonly Citation s_limits = new("v6.12", "mm/page_alloc.c", "pageset_update");
    private static readonly Citation s_count = new("v6.12", "mm/page_alloc.c", "free_unref_page_commit");

    public static Violation? Check(State next, Transition seen)
    {
        if (!seen.Spec.HasPcplists || !seen.After.Sees(Visibility.Pcplists))
            return null;
        var (high, batch) = next.PcplistsDisabled ? (0, 1) : (seen.Spec.PcpHigh, seen.Spec.PcpBatch);
        long counted = 0;
        foreach (ref readonly var list in seen.After.Pcplists)
        {
            counted += list.Pages;
            if (list.High != high || list.Batch != batch)
                return new("pcp.limits", Name(list), $"high {high}, batch {batch}", $"high {list.High}, batch {list.Batch}", s_limits);
            if (list.Pages > 0 && list.Pages >= high)
                return new("pcp.within-high", Name(list), $"fewer than {high} pages: a list that has as many is flushed", $"{list.Pages}", s_count);
        }

        return !seen.After.Sees(Visibility.PageTypes | Visibility.BootPages | Visibility.Zones) || Shown(seen) is not { } shown || shown == counted ? null
            : new("pcp.count", "all per-CPU lists", $"{shown} pages, as many as are seen on them", $"{counted}", s_count);
    }

    // Pages that are seen on lists, also in blocks that span zones; null where some page is not seen.
    private static long? Shown(Transition seen)
    {
        long shown = 0;
        for (short node = 0; node < seen.Spec.Nodes; node++)
        {
            var spanning = seen.After.Totals(new ZoneId(node, ZoneKind.None));
            if (spanning.Unseen > 0)
                return null;
            shown += spanning.Listed;
        }

        foreach (ref readonly var zone in seen.After.Zones)
        {
            var totals = seen.After.Totals(zone.Id);
            if (totals.Unseen > 0)
                return null;
            shown += totals.Listed;
        }

        return shown;
    }

    private static string Name(in PcplistObservation list) => $"list of CPU {list.Cpu} in {list.Zone}";
}
