using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Failure leaves things as they were.</summary>
public static class Rollback
{
    /// <summary>Catches an operation that fails half way and leaves blocks behind in another state.</summary>
    public static readonly Invariant BlocksUnchanged = new(
        "rollback.blocks-unchanged", Family.Rollback,
        "An operation that failed leaves every memory block in the state and the zone that it had.",
        "A failed online, offline, add or remove that leaves blocks behind half done.",
        new Citation("v6.12", "mm/memory_hotplug.c", "online_pages"),
        Levels.Core, Visibility.Blocks, CheckBlocks)
    {
        When = When.Refused.And(When.BlocksChange),
    };

    /// <summary>Catches a rollback that brings a block back elsewhere, or not at all.</summary>
    public static readonly Invariant ReonlinedInSameZone = new(
        "rollback.reonlined-in-same-zone", Family.Rollback,
        "A refused ejection or offline-and-remove brings every memory block that it had offlined back online, in "
        + "the same kind of zone.",
        "Memory that silently stays offline, or stops being removable, because a removal was tried.",
        new Citation("v6.12", "mm/memory_hotplug.c", "try_reonline_memory_block"),
        Levels.Core, Visibility.Blocks, CheckReonline)
    {
        When = When.Refused.And(When.BlocksChange),
    };

    /// <summary>Catches a rollback that forgets a counter or does not shrink the span again.</summary>
    public static readonly Invariant ZonesUnchanged = new(
        "rollback.zones-unchanged", Family.Rollback,
        "An operation that failed leaves span and present pages of every zone as they were, and managed pages "
        + "but for what migrated.",
        "A vetoed online that leaves the zone grown, or a failed offline that does not give back what it had "
        + "subtracted.",
        new Citation("v6.12", "mm/memory_hotplug.c", "offline_pages"),
        Levels.Core, Visibility.Blocks | Visibility.Zones, CheckZones)
    {
        When = When.Refused.And(When.ZonesChange),
    };

    /// <summary>Catches a rollback that forgets the owner's pages.</summary>
    public static readonly Invariant PageOfflineUnchanged = new(
        "rollback.page-offline-unchanged", Family.Rollback,
        "An operation that failed leaves the unplugged pages of device memory PageOffline, with the references "
        + "that they had.",
        "A CANCEL_OFFLINE that forgets to take references back, or that loses PG_offline.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_sbm_notify_cancel_offline"),
        Levels.DeviceMemory, Visibility.Blocks | Visibility.PageTypes, CheckPageOffline)
    {
        When = When.Refused.And(When.BlocksChange),
    };

    /// <summary>Catches a rollback that moves pages though nothing had to move.</summary>
    public static readonly Invariant PagesUnchanged = new(
        "rollback.pages-unchanged", Family.Rollback,
        "A failed add, online, remove or allocation changes no page.",
        "Memmap, or part of an allocation, that leaks with every failure.",
        new Citation("v6.12", "mm/memory_hotplug.c", "add_memory_resource"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes | Visibility.Placement, CheckPages)
    {
        When = When.Refused.And(When.BlocksChange),
    };

    /// <summary>Catches a failure that keeps memmap or loses it.</summary>
    public static readonly Invariant MemmapUnchanged = new(
        "rollback.memmap-unchanged", Family.Rollback,
        "An operation that failed leaves the memmap outside the added memory as it was.",
        "An add that fails at a later section and keeps the memmap of the earlier ones.",
        new Citation("v6.12", "mm/memory_hotplug.c", "__add_pages"),
        Levels.Core, Visibility.Counters, CheckMemmap)
    {
        When = When.Refused,
    };

    /// <summary>Catches a failed add that keeps the range taken.</summary>
    public static readonly Invariant ResourcesUnchanged = new(
        "rollback.resources-unchanged", Family.Rollback,
        "An operation that failed leaves the registered resources as they were.",
        "A failed add that keeps its range taken: adding it again fails for ever.",
        new Citation("v6.12", "mm/memory_hotplug.c", "release_memory_resource"),
        Levels.Core, Visibility.Resources, CheckResources)
    {
        When = When.Refused,
    };

    /// <summary>Catches a failure that leaves a node behind.</summary>
    public static readonly Invariant NodesUnchanged = new(
        "rollback.nodes-unchanged", Family.Rollback,
        "An operation that failed leaves the memory states of every node as they were.",
        "A vetoed online that leaves its node marked as having memory.",
        new Citation("v6.12", "mm/memory_hotplug.c", "node_states_set_node"),
        Levels.Numa, Visibility.Blocks | Visibility.Nodes, CheckNodes)
    {
        When = When.Refused,
    };

    /// <summary>Catches a failure that loses or invents devices.</summary>
    public static readonly Invariant DevicesUnchanged = new(
        "rollback.devices-unchanged", Family.Rollback,
        "An operation that failed leaves every device that was there as it was.",
        "A refused removal that forgets its device: it can never be removed again.",
        new Citation("v6.12", "drivers/acpi/scan.c", "acpi_scan_hot_remove"),
        Levels.Core, Visibility.Devices, CheckDevices)
    {
        When = When.Refused,
    };

    private static Violation? CheckBlocks(Transition seen)
    {
        if (!Failure.IsAtomic(seen) || Failure.ReonlinesBlocks(seen.Operation.Kind))
            return null;
        foreach (ref readonly var change in seen.Changed)
            if (!SameState(change.Before, change.After) && !StandBack.ForBlock(seen, change.Block))
                return Evidence.AgainstBlock(BlocksUnchanged, seen, change.Block,
                    $"{Evidence.Print(change.Before)}, as before {seen.Answer}", Evidence.Print(change.After));
        return null;
    }

    private static Violation? CheckReonline(Transition seen)
    {
        if (!Failure.IsAtomic(seen) || !Failure.ReonlinesBlocks(seen.Operation.Kind))
            return null;
        foreach (ref readonly var change in seen.Changed)
        {
            if (SameState(change.Before, change.After) || IsSameKind(change) || MayDiffer(seen, change)
                || StandBack.ForBlock(seen, change.Block))
                continue;
            return Evidence.AgainstBlock(ReonlinedInSameZone, seen, change.Block,
                $"{Evidence.Print(change.Before)}, as before {seen.Answer}", Evidence.Print(change.After));
        }

        return null;
    }

    private static bool IsSameKind(in BlockChange change) => change is { Before.IsOnline: true, After.IsOnline: true }
        && change.Before.CountedIn.IsKernel == change.After.CountedIn.IsKernel;

    // A block whose re-onlining was refused stays offline (try_reonline_memory_block() only warns). Without effects
    // nobody sees the refusal, so that on a machine where it can be injected any block may stay offline.
    private static bool MayDiffer(Transition seen, in BlockChange change)
    {
        if (change is not { Before.IsOnline: true, After: not null })
            return false;
        if (change.After.IsOnline)
            return seen.Deviations.For(DeviationKind.ZoneAfterRollback, change.Block)?.Zone == change.After.CountedIn;
        return seen.Deviations.For(DeviationKind.OfflineAfterRollback, change.Block) is not null
            || ((seen.Levels & Levels.Effects) == Levels.Effects
                ? RefusedOnline(seen, change.Block)
                : (seen.Levels & Levels.Faults) == Levels.Faults);
    }

    private static bool RefusedOnline(Transition seen, int block)
    {
        foreach (ref readonly var effect in seen.Outcome.Effects)
            if (effect.Kind == EffectKind.Notified && effect.Errno != Errno.None
                && effect.Notification is MemoryNotification.GoingOnline or MemoryNotification.PrepareOnline
                && seen.Spec.PagesOf(block).Contains(effect.Range))
                return true;
        return false;
    }

    private static Violation? CheckZones(Transition seen)
    {
        if (!Failure.IsAtomic(seen))
            return null;
        foreach (ref readonly var zone in seen.After.Zones)
        {
            var was = seen.Before.Zone(zone.Id);
            if (was.Span == zone.Span && was.Present == zone.Present
                && (was.Managed == zone.Managed || MayMigrateBetweenZones(seen)))
                continue;
            if (AnyBlockMoved(seen) || StandBack.ForManagedChange(seen, zone.Id))
                continue;
            return Evidence.Against(ZonesUnchanged, zone.Id.ToString(),
                $"span {was.Span}, present {was.Present}, managed {was.Managed}, as before {seen.Answer}",
                $"span {zone.Span}, present {zone.Present}, managed {zone.Managed}");
        }

        return null;
    }

    // balloon_page_migrate() takes a page's managed count along when the zones differ, also in an offline that fails
    // later.
    private static bool MayMigrateBetweenZones(Transition seen)
    {
        if (seen.Spec.Balloons.IsEmpty)
            return false;
        long gained = 0;
        foreach (ref readonly var zone in seen.After.Zones)
            gained += zone.Managed - seen.Before.Zone(zone.Id).Managed;
        return gained == 0;
    }

    private static bool AnyBlockMoved(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
            if (!SameState(change.Before, change.After))
                return true;
        return false;
    }

    private static bool SameState(BlockObservation? before, BlockObservation? after) =>
        before?.State == after?.State && (after is not { IsOnline: true } || before!.CountedIn == after.CountedIn);

    private static Violation? CheckPageOffline(Transition seen)
    {
        if (!Failure.IsAtomic(seen))
            return null;
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.Before is not { IsOnline: true, Pages.Offline: > 0 } || change.After is not { IsOnline: true }
                || seen.Spec.DeviceMemoryOf(change.Block) == 0)
                continue;
            foreach (var page in new PageDiff(change.Before, change.After))
                if (IsUnplugged(page.Before) && !page.After.Has(PageFlags.Unseen) && !IsSameOffline(page)
                    && seen.Deviations.For(DeviationKind.OfflineLost, change.Block) is null
                    && !StandBack.ForPages(seen, change.Block))
                    return Evidence.AgainstChange(PageOfflineUnchanged, seen, change.Block, page);
        }

        return null;
    }

    private static bool IsUnplugged(in PageState page) => page.Has(PageFlags.Offline)
        && (page.Has(PageFlags.NeverOnlined) || page.Owner is > 0 and < PageState.BalloonOwner);

    // A re-online in between makes taken pages fresh ones; a refused poisoning marks the page all the same.
    private static bool IsSameOffline(in PageChange page) => page.After.Has(PageFlags.Offline)
        && (page.Before.References == page.After.References || page.After.References == PageState.Unknown
            || page.Before.References == PageState.Unknown);

    private static Violation? CheckPages(Transition seen)
    {
        if (!Failure.IsAtomic(seen) || seen.Operation.Kind is not (OperationKind.Add or OperationKind.Remove
            or OperationKind.Alloc
            or OperationKind.Free or OperationKind.Get or OperationKind.Put)
                && !BlockSteps.Onlines(seen.Operation.Kind))
            return null;
        foreach (ref readonly var change in seen.Changed)
            foreach (var page in new PageDiff(change.Before, change.After))
                if (!MayBeDrained(seen, page) && !StandBack.ForPages(seen, change.Block))
                    return Evidence.AgainstChange(PagesUnchanged, seen, change.Block, page);
        return null;
    }

    // Before it fails for lack of memory an allocation drains the per-CPU lists: __alloc_pages_direct_reclaim().
    private static bool MayBeDrained(Transition seen, in PageChange page) =>
        seen.Spec.HasPcplists && page.Before.IsFree && page.After.IsFree;

    private static Violation? CheckMemmap(Transition seen)
    {
        if (!Failure.IsAtomic(seen) || seen.Before.BootMemmapPages == seen.After.BootMemmapPages
            || seen.Before.BootMemmapPages < 0 || StandBack.ForSums(seen))
            return null;
        return Evidence.Against(MemmapUnchanged, "memmap outside the added memory",
            $"{seen.Before.BootMemmapPages} pages, as before {seen.Answer}", $"{seen.After.BootMemmapPages}");
    }

    private static Violation? CheckResources(Transition seen)
    {
        if (!Failure.IsAtomic(seen) || seen.Before.Resources.SequenceEqual(seen.After.Resources)
            || StandBack.ForSums(seen))
            return null;
        return Evidence.Against(ResourcesUnchanged, "resources",
            $"{string.Join(' ', seen.Before.Resources.ToArray())}, as before {seen.Answer}",
            string.Join(' ', seen.After.Resources.ToArray()));
    }

    private static Violation? CheckNodes(Transition seen)
    {
        if (!Failure.IsAtomic(seen))
            return null;
        for (short node = 0; node < seen.Spec.Nodes; node++)
        {
            var (was, now) = (seen.Before.NodeOf(node), seen.After.NodeOf(node));
            if (was == now || AnyBlockMoved(seen) || StandBack.ForZoneChange(seen, new ZoneId(node, ZoneKind.None)))
                continue;
            return Evidence.Against(NodesUnchanged, $"node {node}",
                $"memory {was.HasMemory}, normal memory {was.HasNormalMemory}, as before {seen.Answer}",
                $"memory {now.HasMemory}, normal memory {now.HasNormalMemory}");
        }

        return null;
    }

    private static Violation? CheckDevices(Transition seen)
    {
        if (!Failure.IsAtomic(seen))
            return null;
        foreach (ref readonly var was in seen.Before.Devices)
            if (seen.After.Device(was.Name) is var now && now != was && !seen.InFlight(was.Name))
                return Evidence.Against(DevicesUnchanged, $"device {was.Name}",
                    $"{was.PluggedPages} pages at {was.Range}, as before {seen.Answer}",
                    now is { } other ? $"{other.PluggedPages} pages at {other.Range}" : "gone", was.Range);
        return null;
    }
}
