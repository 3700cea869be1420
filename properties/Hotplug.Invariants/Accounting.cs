using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Accounting across zones and nodes.</summary>
public static class Accounting
{
    /// <summary>Catches a total that drifts from its parts.</summary>
    public static readonly Invariant ManagedTotal = new(
        "accounting.managed-total", Family.Accounting,
        "The total of managed pages is the sum of the managed pages of all zones, less what CMM has on loan.",
        "MemTotal that drifts from what the zones own.",
        new Citation("v6.12", "mm/page_alloc.c", "adjust_managed_page_count"),
        Levels.Core, Visibility.Zones | Visibility.Counters, CheckTotal);

    /// <summary>Catches node states that lag behind the zones.</summary>
    public static readonly Invariant NodeMemory = new(
        "accounting.node-memory", Family.Accounting,
        "A node has memory if and only if one of its zones has present pages, and normal memory if and only if a "
        + "kernel zone has.",
        "Allocations that are sent to a node without memory, or that never find one that has some.",
        new Citation("v6.12", "mm/memory_hotplug.c", "node_states_check_changes_offline"),
        Levels.Numa, Visibility.Zones | Visibility.Nodes, CheckNodeMemory);

    /// <summary>Catches a node that is offline while it has memory blocks, or online without cause.</summary>
    public static readonly Invariant NodeOnline = new(
        "accounting.node-online", Family.Accounting,
        "A node with a memory block is online; a node that loses its last one, and has no CPU, goes offline.",
        "A node that stays for ever after its memory has gone, or that goes while it still has some.",
        new Citation("v6.12", "mm/memory_hotplug.c", "try_offline_node"),
        Levels.Numa, Visibility.Blocks | Visibility.Nodes, CheckNodeOnline)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches free pages that are counted but not there.</summary>
    public static readonly Invariant FreePages = new(
        "accounting.free-pages", Family.Accounting,
        "A zone's free pages are its pages in the buddy.",
        "Free pages that are counted twice, or lost when pageblocks are isolated and released.",
        new Citation("v6.12", "mm/page_alloc.c", "account_freepages"),
        Levels.Core, Visibility.Blocks | Visibility.Zones | Visibility.ZoneFree | Visibility.PageTypes, CheckFree)
    {
        When = When.ZonesChange,
    };

    /// <summary>Catches more free pages than the allocator owns.</summary>
    public static readonly Invariant FreeWithinManaged = new(
        "accounting.free-within-managed", Family.Accounting,
        "No zone has more free pages than managed ones, nor fewer than 0.",
        "Pages that are freed to a zone which does not own them.",
        new Citation("v6.12", "mm/page_alloc.c", "__free_pages_core"),
        Levels.Core, Visibility.Zones | Visibility.ZoneFree, CheckFreeWithin)
    {
        When = When.ZonesChange,
    };

    /// <summary>Catches isolation that is not undone.</summary>
    public static readonly Invariant NothingIsolated = new(
        "accounting.nothing-isolated", Family.Accounting,
        "Between operations no pageblock of a zone is isolated.",
        "A failed offline that leaves pageblocks isolated: their free pages are lost to everybody.",
        new Citation("v6.12", "mm/page_isolation.c", "unset_migratetype_isolate"),
        Levels.Core, Visibility.Zones | Visibility.ZoneFree, CheckIsolated);

    /// <summary>Catches operations that move counters they have nothing to do with.</summary>
    public static readonly Invariant QuietOperations = new(
        "accounting.quiet-operations", Family.Accounting,
        "Allocating, freeing, taking references and setting policies change neither span nor present nor managed "
        + "pages of any zone.",
        "A free path that counts pages as new ones.",
        new Citation("v6.12", "mm/page_alloc.c", "__free_pages_ok"),
        Levels.Core, Visibility.Zones, CheckQuiet)
    {
        When = Occasion.Of(OperationKind.Alloc, OperationKind.Free, OperationKind.Get, OperationKind.Put,
            OperationKind.Policy, OperationKind.Veto, OperationKind.NotifierError, OperationKind.WriteState)
            .And(When.ZonesChange),
    };

    private static Violation? CheckTotal(Transition seen)
    {
        if (seen.After.ManagedTotal < 0)
            return null;
        var expected = seen.Deviations.ManagedOfUnlisted(seen.After.Zones);
        foreach (ref readonly var zone in seen.After.Zones)
            expected += zone.Managed;
        expected -= seen.After.Loans?.Pages ?? 0;
        return seen.After.ManagedTotal == expected || StandBack.ForSums(seen) ? null
            : Evidence.Against(ManagedTotal, "all zones", $"{expected} managed pages",
                Evidence.Surplus(expected, seen.After.ManagedTotal));
    }

    private static Violation? CheckNodeMemory(Transition seen)
    {
        for (short node = 0; node < seen.Spec.Nodes; node++)
        {
            bool memory = false, normal = false;
            foreach (ref readonly var zone in seen.After.Zones)
            {
                if (zone.Id.Node != node || zone.Present <= 0)
                    continue;
                memory = true;
                normal |= zone.Id.IsKernel;
            }

            var state = seen.After.NodeOf(node);
            if ((state.HasMemory == memory && state.HasNormalMemory == normal)
                || StandBack.ForZone(seen, new ZoneId(node, ZoneKind.None)))
                continue;
            return Evidence.Against(NodeMemory, $"node {node}", $"memory {memory}, normal memory {normal}",
                $"memory {state.HasMemory}, normal memory {state.HasNormalMemory}");
        }

        return null;
    }

    private static Violation? CheckNodeOnline(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is { } there && !seen.After.NodeOf(there.Node).Online
                && !StandBack.ForBlock(seen, change.Block))
                return Evidence.Against(NodeOnline, $"node {there.Node}",
                    $"online, as block {change.Block} is on it", "offline");
            if (change.After is null && change.Before is { Node: > 0 } gone && seen.After.NodeOf(gone.Node).Online
                && !HasBlock(seen.After, gone.Node) && !StandBack.ForZone(seen, new ZoneId(gone.Node, ZoneKind.None)))
                return Evidence.Against(NodeOnline, $"node {gone.Node}", "offline, as its last block is gone",
                    "online");
        }

        return null;
    }

    private static bool HasBlock(Observation observation, short node)
    {
        foreach (var block in observation.Blocks)
            if (block.Node == node)
                return true;
        return false;
    }

    private static Violation? CheckFree(Transition seen)
    {
        foreach (ref readonly var zone in seen.After.Zones)
        {
            if (zone.IsolatedPageblocks > 0)
                continue;
            if (BootMemory.IsPartialIn(seen, zone.Id))
            {
                if (CheckFreeOfNode(seen, zone.Id.Node) is { } violation)
                    return violation;
                continue;
            }

            var totals = seen.After.Totals(zone.Id);
            if (totals.Unseen == 0 && zone.Free != totals.Buddy)
                return Evidence.Miscount(FreePages, zone.Id, "free", totals.Buddy, zone.Free);
        }

        return null;
    }

    // A boot block that spans two zones shows its pages, but not whose they are: then all zones of the node are summed
    // up.
    private static Violation? CheckFreeOfNode(Transition seen, short node)
    {
        var spanning = seen.After.Totals(new ZoneId(node, ZoneKind.None));
        long expected = spanning.Buddy, free = 0, unseen = spanning.Unseen;
        foreach (ref readonly var zone in seen.After.Zones)
        {
            if (zone.Id.Node != node)
                continue;
            var totals = seen.After.Totals(zone.Id);
            expected += totals.Buddy;
            unseen += totals.Unseen + Math.Max(0, zone.IsolatedPageblocks);
            free += zone.Free;
        }

        return free == expected || unseen > 0 ? null : Evidence.Against(FreePages, $"zones of node {node}",
            Evidence.Count(expected, "free page"), Evidence.Surplus(expected, free));
    }

    private static Violation? CheckFreeWithin(Transition seen)
    {
        foreach (ref readonly var zone in seen.After.Zones)
            if ((zone.Free < 0 || zone.Free > zone.Managed) && seen.Deviations.ManagedOf(zone.Id) == 0)
                return Evidence.Against(FreeWithinManaged, zone.Id.ToString(), $"0 <= free <= managed {zone.Managed}",
                    $"free {zone.Free}");
        return null;
    }

    private static Violation? CheckIsolated(Transition seen)
    {
        foreach (ref readonly var zone in seen.After.Zones)
            if (zone.IsolatedPageblocks > 0 && seen.Answer.Completion != Completion.Pending
                && !StandBack.ForZone(seen, zone.Id))
                return Evidence.Against(NothingIsolated, zone.Id.ToString(), "no isolated pageblock",
                    Evidence.Count(zone.IsolatedPageblocks, "isolated pageblock"));
        return null;
    }

    private static Violation? CheckQuiet(Transition seen)
    {
        if (seen.IsStart || !IsQuiet(seen.Operation.Kind))
            return null;
        foreach (ref readonly var zone in seen.After.Zones)
        {
            var was = seen.Before.Zone(zone.Id);
            if (was.Span == zone.Span && was.Present == zone.Present
                && (was.Managed == zone.Managed || !seen.Spec.Balloons.IsEmpty && !seen.Sees(Visibility.Placement)))
                continue;
            if (!StandBack.ForManagedChange(seen, zone.Id))
                return Evidence.Against(QuietOperations, zone.Id.ToString(),
                    $"span {was.Span}, present {was.Present}, managed {was.Managed}, as before {Evidence.Word(seen)}",
                    $"span {zone.Span}, present {zone.Present}, managed {zone.Managed}");
        }

        return null;
    }

    private static bool IsQuiet(OperationKind kind) => kind switch
    {
        OperationKind.Alloc or OperationKind.Free or OperationKind.Get or OperationKind.Put => true,
        OperationKind.Policy or OperationKind.Veto or OperationKind.NotifierError or OperationKind.WriteState => true,
        _ => false,
    };
}
