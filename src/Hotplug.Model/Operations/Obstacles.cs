using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Operations;

/// <summary>
/// What keeps a block online: decided from what was seen – a culprit page before or after, or the page that the machine
/// itself names – never from history (has_unmovable_pages(), mm/page_isolation.c; scan_movable_pages(),
/// mm/memory_hotplug.c).
/// </summary>
internal static class Obstacles
{
    /// <summary>True if EBUSY has a seen cause: a page that isolation or the scan refuses.</summary>
    public static bool ExplainBusy(Transition seen, in Block block) =>
        Named(seen, block) || Holds(seen, seen.Before.Find(block.Number), block, IsRefusedPage)
        || Holds(seen, seen.After.Find(block.Number), block, IsRefusedPage);

    /// <summary>True if an offlining that did not end has a seen cause: a pin, a page that cannot be migrated, no
    /// room.</summary>
    public static bool ExplainUnfinished(State state, Transition seen, in Block block, PageRange leaving)
    {
        if (Named(seen, block) || Holds(seen, seen.Before.Find(block.Number), block, IsStuckPage)
            || Holds(seen, seen.After.Find(block.Number), block, IsStuckPage))
            return true;
        foreach (var allocation in state.Allocations)
            if (allocation.NeverMoves && allocation.Pages.IsEmpty)
                return true;   // It may be anywhere.
        return !HasRoomElsewhere(seen, leaving, block.Zone == ZoneKind.Movable);
    }

    /// <summary>What certainly had to keep the block online, in words; null if nothing is certain.</summary>
    public static string? Certain(State state, Transition seen, in Block block)
    {
        if (!seen.Sees(Visibility.Placement) || seen.Before.Find(block.Number) is not { } before)
            return null;
        foreach (ref readonly var run in before.Pages.Runs)
        {
            if (!IsGivenUp(seen, run.State) && (IsRefusedPage(seen.Spec, run.State, block) || OfflinePages.IsStuck(seen.Spec, run.State, block.Zone)
                || IsUnmovable(run.State)))
                return $"page {seen.Spec.PagesOf(block.Number).Start + run.Start} is {run.State}";
        }

        foreach (var allocation in state.Allocations)
            foreach (var (index, _) in allocation.Extra)
                if (block.Range.Contains(allocation.FrameOf(index)) && !seen.PageBefore(allocation.FrameOf(index)).Has(PageFlags.HwPoison))
                    return $"page {allocation.FrameOf(index)} has an extra reference";
        return null;
    }

    private static bool IsUnmovable(PageState page) => !page.Has(PageFlags.HwPoison)
        && (page.Has(PageFlags.Unmigratable) || (page.Has(PageFlags.InUse) && !page.Has(PageFlags.Movable)));

    /// <summary>True if a PageOffline page of the block has a reference that nobody gives up.</summary>
    public static bool HoldsKept(Transition seen, in Block block)
    {
        if (seen.After.Find(block.Number) is { } shown)
            foreach (ref readonly var run in shown.Pages.Runs)
                if (OfflinePages.IsKept(seen.Spec, run.State))
                    return true;
        return false;
    }

    private static bool Named(Transition seen, in Block block)
    {
        foreach (ref readonly var witness in seen.Outcome.Witness)
            if (witness.Role == WitnessRole.Culprit && witness.Range.Intersects(seen.Spec.PagesOf(block.Number))
                && !IsGivenUp(seen, seen.PageBefore(witness.Range.Start)) && !IsHarmless(seen, witness.Range.Start))
                return true;
        return false;
    }

    // CMM gives its pages back when it is told of the removal: none of them keeps a block (source document 000).
    private static bool IsGivenUp(Transition seen, PageState page) => LoanPages.IsAny(page) && seen.Spec.HasHotplugAwareCmm;

    // A poisoned page never stops an offline, whatever a machine says of it (do_migrate_range()).
    private static bool IsHarmless(Transition seen, long pfn) => seen.Sees(Visibility.Placement)
        && seen.PageBefore(pfn) is var page && page.Has(PageFlags.HwPoison) && !page.Has(PageFlags.Offline);

    private static bool Holds(Transition seen, BlockObservation? shown, in Block block, Func<MachineSpec, PageState, Block, bool> isObstacle)
    {
        if (shown is null || shown.Pages.Pages == 0)
            return true;    // Its pages cannot be seen: nothing to decide from.
        foreach (ref readonly var run in shown.Pages.Runs)
            if (run.State.Has(PageFlags.Unseen)
                || (run.Start >= block.SelfHosted && isObstacle(seen.Spec, run.State, block) && !IsGivenUp(seen, run.State)))
                return true;
        return false;
    }

    /// <summary>
    /// Refused with EBUSY: reserved pages anywhere, kernel pages in a kernel zone, PageOffline pages that nobody gives up.
    /// </summary>
    internal static bool IsRefusedPage(MachineSpec spec, PageState page, Block block)
    {
        if (page.Has(PageFlags.Offline))
            return OfflinePages.IsRefused(spec, page, block.Zone);
        if (page.HasAny(PageFlags.HwPoison | PageFlags.Buddy | PageFlags.Pcplist | PageFlags.Vmemmap | PageFlags.NoPage))
            return false;
        if (page.Has(PageFlags.Reserved))
            return true;
        return block.Zone != ZoneKind.Movable && page.References != 0
            && !page.HasAny(PageFlags.Movable | PageFlags.Unmigratable);
    }

    /// <summary>
    /// Neither refused nor ever movable: more references than its users explain, or no way to migrate it.
    /// </summary>
    internal static bool IsStuckPage(MachineSpec spec, PageState page, Block block)
    {
        if (OfflinePages.IsStuck(spec, page, block.Zone))
            return true;
        if (page.HasAny(PageFlags.HwPoison | PageFlags.Buddy | PageFlags.Pcplist | PageFlags.Vmemmap | PageFlags.NoPage | PageFlags.Offline))
            return false;
        return page.Has(PageFlags.Unmigratable) || page.References > 1 || page.References == PageState.Unknown
            || (block.Zone == ZoneKind.Movable && page.References != 0 && !page.Has(PageFlags.Movable));
    }

    // Every used page of what leaves must find a free one outside of it.
    private static bool HasRoomElsewhere(Transition seen, PageRange leaving, bool movable)
    {
        long used = 0, free = 0;
        foreach (var block in seen.Before.Blocks)
        {
            if (!block.IsOnline || !leaving.Contains(seen.Spec.PagesOf(block.Block).Start))
                continue;
            free -= block.Pages.Buddy;
            foreach (ref readonly var run in block.Pages.Runs)
                if (!run.State.HasAny(PageFlags.Buddy | PageFlags.Pcplist | PageFlags.Vmemmap | PageFlags.NoPage))
                    used += run.Count;
        }

        foreach (ref readonly var zone in seen.Before.Zones)
            if (zone.Id.Kind != ZoneKind.Movable || movable)
                free += zone.Free;
        return free >= used + Reserve(seen);
    }

    // A kernel keeps its watermarks: what it calls free is not all to be had.
    private static long Reserve(Transition seen) => seen.Sees(Visibility.Placement) ? 0 : Refusals.KernelReserve;
}
