using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Per-CPU lists of free pages (source document 002).</summary>
public static class Pcplists
{
    /// <summary>Catches lists that are not drained, or filled again, while they are disabled.</summary>
    public static readonly Invariant DisabledEmpty = new(
        "pcplists.disabled-empty", Family.Pcplists,
        "A per-CPU list that is disabled – its high mark is 0 – holds no page.",
        "A page that hides on a list while its memory is taken offline: offlining never ends.",
        new Citation("v6.12", "mm/page_alloc.c", "zone_pcp_disable"),
        Levels.Pcplists, Visibility.Pcplists, CheckDisabled);

    /// <summary>Catches lists that stay off, or come back with other limits.</summary>
    public static readonly Invariant LimitsRestored = new(
        "pcplists.limits-restored", Family.Pcplists,
        "Only disabling the per-CPU lists by an operation leaves them disabled; enabling them, and whatever disables them "
        + "for itself, leaves the high mark and the batch that are cached in their zone.",
        "A failed offline that leaves the lists off, or with limits of its own: every allocation is slow for ever after.",
        new Citation("v6.12", "mm/page_alloc.c", "zone_pcp_enable"),
        Levels.Pcplists, Visibility.Pcplists, CheckLimits)
    {
        OnlyAtStart = true,   // Somebody may have disabled them.
    };

    /// <summary>Catches a list that is never flushed.</summary>
    public static readonly Invariant WithinHigh = new(
        "pcplists.within-high", Family.Pcplists,
        "No per-CPU list holds more pages than its high mark.",
        "A list that takes pages for ever and gives none back: other CPUs run out of memory.",
        new Citation("v6.12", "mm/page_alloc.c", "free_unref_page_commit"),
        Levels.Pcplists, Visibility.Pcplists, CheckHigh);

    /// <summary>Catches pages that are counted but not there, or there but not counted.</summary>
    public static readonly Invariant CountIsItsPages = new(
        "pcplists.count-is-its-pages", Family.Pcplists,
        "The per-CPU lists of a node count as many pages as are seen on them.",
        "A count that is raised before or after the list is filled: a drain that trusts it leaves pages behind.",
        new Citation("v6.12", "mm/page_alloc.c", "drain_pages_zone"),
        Levels.Pcplists, Visibility.Blocks | Visibility.Zones | Visibility.PageTypes | Visibility.BootPages
            | Visibility.Pcplists, CheckCount);

    /// <summary>Catches a page on a list that somebody still has.</summary>
    public static readonly Invariant ListedPageIsFree = new(
        "pcplists.listed-page-is-free", Family.Pcplists,
        "A page on a per-CPU list has no references, is not poisoned, and its pageblock is not isolated.",
        "A page that is handed out again while it is used, or out of memory that is being taken away.",
        new Citation("v6.12", "mm/page_alloc.c", "free_unref_page_commit"),
        Levels.Pcplists, Visibility.Blocks | Visibility.PageTypes, CheckListed)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches a page that leaves a list to nowhere.</summary>
    public static readonly Invariant LeavesToBuddyOrUser = new(
        "pcplists.leaves-to-buddy-or-user", Family.Pcplists,
        "A page leaves a per-CPU list only to the buddy, or to somebody who takes free pages.",
        "A page that is lost, or freed to the list of a type that its pageblock no longer has, when a list is flushed.",
        new Citation("v6.12", "mm/page_alloc.c", "free_pcppages_bulk"),
        Levels.Pcplists, Visibility.Blocks | Visibility.PageTypes | Visibility.Placement, CheckLeaves)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches a drain that leaves something.</summary>
    public static readonly Invariant DrainEmpties = new(
        "pcplists.drain-empties", Family.Pcplists,
        "After the per-CPU lists were drained, or disabled, by an operation, none holds a page.",
        "A drain that skips CPUs whose lists look empty.",
        new Citation("v6.12", "mm/page_alloc.c", "__drain_all_pages"),
        Levels.Pcplists, Visibility.Pcplists, CheckDrain)
    {
        When = Occasion.Of(OperationKind.Pcp),
    };

    /// <summary>Catches an offline that only drains.</summary>
    public static readonly Invariant DisabledWhileIsolated = new(
        "pcplists.disabled-while-isolated", Family.Pcplists,
        "Offlining isolates pageblocks only after the per-CPU lists of their zone were disabled and then drained, and "
        + "enables them only when the pageblocks are out of isolation or their sections offline.",
        "A page that is freed while its memory is isolated goes to a list of its old type: offlining never ends.",
        new Citation("v6.12", "mm/memory_hotplug.c", "offline_pages"),
        Levels.Effects, Visibility.None, CheckIsolation)
    {
        When = Occasion.Of(EffectKind.Isolated),
    };

    private static Violation? CheckDisabled(Transition seen)
    {
        foreach (ref readonly var list in seen.After.Pcplists)
            if (list.High == 0 && list.Pages > 0)
                return Evidence.Against(DisabledEmpty, Name(list), "no page, as it is disabled",
                    Evidence.Count(list.Pages, "page"));
        return null;
    }

    private static Violation? CheckLimits(Transition seen)
    {
        var stays = !seen.IsStart && WasDisabled(seen.Before);
        var isDisabling = seen.Operation.Kind == OperationKind.Pcp && !seen.IsStart && seen.Answer.IsOk;
        if (isDisabling)
            stays = (PcpAction)seen.Operation.Choice switch
            {
                PcpAction.Disable => true,
                PcpAction.Enable => false,
                _ => stays,
            };
        var (high, batch) = stays ? (0, 1) : (seen.Spec.PcpHigh, seen.Spec.PcpBatch);
        foreach (ref readonly var list in seen.After.Pcplists)
            if (list.High != high || list.Batch != batch)
                return Evidence.Against(LimitsRestored, Name(list), $"high {high}, batch {batch}",
                    $"high {list.High}, batch {list.Batch}");
        return null;
    }

    private static bool WasDisabled(Observation before) => !before.Pcplists.IsEmpty && before.Pcplists[0].High == 0;

    private static Violation? CheckHigh(Transition seen)
    {
        foreach (ref readonly var list in seen.After.Pcplists)
            if (list.Pages > list.High && list.High > 0)
                return Evidence.Against(WithinHigh, Name(list), $"at most {list.High} pages", $"{list.Pages}");
        return null;
    }

    private static Violation? CheckCount(Transition seen)
    {
        if (!seen.Spec.HasPcplists)
            return null;
        for (short node = 0; node < seen.Spec.Nodes; node++)
        {
            long counted = 0;
            foreach (ref readonly var list in seen.After.Pcplists)
                counted += list.Zone.Node == node ? list.Pages : 0;
            var spanning = seen.After.Totals(new ZoneId(node, ZoneKind.None));
            long shown = spanning.Listed, unseen = spanning.Unseen;
            foreach (ref readonly var zone in seen.After.Zones)
            {
                if (zone.Id.Node != node)
                    continue;
                var totals = seen.After.Totals(zone.Id);
                shown += totals.Listed;
                unseen += totals.Unseen;
            }

            if (shown != counted && unseen == 0)
                return Evidence.Against(CountIsItsPages, $"per-CPU lists of node {node}", Evidence.Count(shown, "page"),
                    Evidence.Surplus(shown, counted));
        }

        return null;
    }

    private static Violation? CheckListed(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is not { Pages.Listed: > 0 } block)
                continue;
            foreach (ref readonly var run in block.Pages.Runs)
                if (run.State.Has(PageFlags.Pcplist) && (run.State.References is not (0 or PageState.Unknown)
                    || run.State.HasAny(PageFlags.HwPoison | PageFlags.Isolated) || !block.IsOnline))
                    return Evidence.AgainstPages(ListedPageIsFree, seen, change.Block, run.Start, run.Count,
                        "free, sound and in use by nobody", run.State.ToString());
        }

        return null;
    }

    private static Violation? CheckLeaves(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change is not { Before: { IsOnline: true, Pages.Listed: > 0 }, After.IsOnline: true })
                continue;
            foreach (var page in new PageDiff(change.Before, change.After))
                if (page.Before.Has(PageFlags.Pcplist) && !page.After.IsFree
                    && !MayBeTaken(seen, page.After, seen.Spec.PagesOf(change.Block).Start + page.Start))
                    return Evidence.AgainstChange(LeavesToBuddyOrUser, seen, change.Block, page);
        }

        return null;
    }

    // Who takes free pages: allocations, balloons and migrations say which; memmap, also of what a
    // balloon adds for itself, poison and what CMM holds show it.
    private static bool MayBeTaken(Transition seen, in PageState after, long pfn)
    {
        if (after.Owner >= PageState.BalloonOwner)
            return true;
        switch (seen.Operation.Kind)
        {
            case OperationKind.Poison or OperationKind.HardOffline or OperationKind.SoftOffline
                when after.Has(PageFlags.HwPoison):
            case OperationKind.Add or OperationKind.Plug or OperationKind.Resize or OperationKind.Contig
                or OperationKind.Inflate or OperationKind.Deflate or OperationKind.BalloonTarget or OperationKind.Tick
                when after.Has(PageFlags.InUse | PageFlags.Kernel):
                return true;
        }

        foreach (ref readonly var witness in seen.Outcome.Witness)
            if (witness.Role is WitnessRole.Taken or WitnessRole.Migrated or WitnessRole.Unplugged
                && witness.Range.Contains(pfn))
                return true;
        return false;
    }

    private static Violation? CheckDrain(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.Pcp || !seen.Answer.IsOk
            || (PcpAction)seen.Operation.Choice == PcpAction.Enable)
            return null;
        foreach (ref readonly var list in seen.After.Pcplists)
            if (list.Pages > 0)
                return Evidence.Against(DrainEmpties, Name(list), "no page",
                    Evidence.Count(list.Pages, "page"));
        return null;
    }

    private static Violation? CheckIsolation(Transition seen)
    {
        if (!Offlines(seen.Operation.Kind) || seen.DeviceInFlight || !Reports(seen))
            return null;
        bool disabled = false, drained = false;
        long isolated = 0;
        foreach (ref readonly var effect in seen.Outcome.Effects)
            switch (effect.Kind)
            {
                case EffectKind.PcpDisabled:
                    (disabled, drained) = (true, false);
                    break;
                case EffectKind.PcpDrained:
                    drained = true;
                    break;
                case EffectKind.Isolated when !disabled || !drained:
                    return Evidence.Against(DisabledWhileIsolated, $"pageblocks {effect.Range}",
                        "per-CPU lists disabled and drained before they are isolated",
                        disabled ? "disabled, not drained" : "not disabled", effect.Range);
                case EffectKind.Isolated:
                    isolated++;
                    break;
                case EffectKind.Unisolated or EffectKind.SectionsOffline:
                    isolated = Math.Max(0, isolated - 1);
                    break;
                case EffectKind.PcpEnabled when isolated > 0:
                    return Evidence.Against(DisabledWhileIsolated, $"zone {effect.Zone}",
                        "per-CPU lists enabled when nothing is isolated any more", "enabled before");
                case EffectKind.PcpEnabled:
                    disabled = false;
                    break;
            }

        return null;
    }

    // alloc_contig_range() only drains, by choice.
    private static bool Offlines(OperationKind kind) => kind is OperationKind.Offline or OperationKind.WriteOnline
        or OperationKind.OfflineRemove or OperationKind.Eject;

    // A machine that cannot show the steps of per-CPU lists is not judged by them.
    private static bool Reports(Transition seen) =>
        seen.Steps.Has(EffectKind.PcpDisabled) && seen.Steps.Has(EffectKind.PcpDrained);

    private static string Name(in PcplistObservation list) => $"list of CPU {list.Cpu} in {list.Zone}";
}
