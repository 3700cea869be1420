using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.Operations;
using Hotplug.Model.States;

namespace Hotplug.Model.Checks;

/// <summary>
/// Pages. Where the machine shows every page, each change must be explained by the operation; everywhere, blocks that
/// came online hold what their owner says, and PageOffline pages at rest have the reference count that the dialect
/// demands.
/// </summary>
internal static class PageCheck
{
    private static readonly Citation s_change = new("v6.12", "mm/page_alloc.c", "prep_new_page");
    private static readonly Citation s_vmemmap = new("v6.12", "mm/memory_hotplug.c", "mhp_init_memmap_on_memory");
    private static readonly Citation s_head = new("2019", "source document 001", "Head->refcount: nr sections used by this altmap");
    private static readonly Citation s_backed = new("v6.12", "drivers/hv/hv_balloon.c", "hv_page_online_one");
    private static readonly Citation s_poison = new("v6.12", "mm/memory-failure.c", "memory_failure");
    private static readonly Citation s_unplugged = new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_online_page");

    public static Violation? Check(State next, Transition seen, PageRule rule)
    {
        if (!seen.After.Sees(Visibility.PageTypes))
            return null;
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is not { } after || next.Find(change.Block) is not { } known)
                continue;
            if (CheckContents(next, seen, known, after) is { } wrong)
                return wrong;
            if (!seen.IsStart && seen.Sees(Visibility.Placement) && change.Before is { IsOnline: true } before && after.IsOnline
                && !Destroyed(seen, change.Block)
                && CheckChanges(seen, before, after, rule) is { } unexplained)
                return unexplained;
        }

        return null;
    }

    /// <summary>
    /// True if the block was destroyed inside the operation: what has its number now is a new one. An emptied block of
    /// a device memory whose removal was refused earlier may go and come back so.
    /// </summary>
    public static bool Destroyed(Transition seen, int number)
    {
        foreach (ref readonly var effect in seen.Outcome.Effects)
            if (effect.Kind == EffectKind.BlockDestroyed && effect.Range.Start == seen.Spec.PagesOf(number).Start)
                return true;
        return false;
    }

    private static Violation? CheckChanges(Transition seen, BlockObservation before, BlockObservation after, PageRule rule)
    {
        var start = seen.Spec.PagesOf(after.Block).Start;
        foreach (var change in new PageDiff(before, after))
        {
            if (change.Before.WithoutOrder == change.After.WithoutOrder
                || (seen.Spec.HasPcplists && IsOnlyFree(change.Before) && IsOnlyFree(change.After)))
                continue;
            var pages = new PageRange(start + change.Start, change.Count);
            if (!rule.Explains(pages, change.Before.WithoutOrder, change.After.WithoutOrder))
                return new("pages.explained", $"pages {pages} of block {after.Block}",
                    $"{change.Before} still, or a change that '{seen.Operation}' makes", change.After.ToString(), s_change, [pages]);
        }

        return null;
    }

    private static bool IsOnlyFree(PageState page) => page.IsFree
        && !page.HasAny(PageFlags.InUse | PageFlags.Offline | PageFlags.Vmemmap | PageFlags.HwPoison);

    // What holds of an online block's pages at any time: vmemmap at its start and nowhere else, and the owner's map.
    private static Violation? CheckContents(State next, Transition seen, in Block known, BlockObservation block)
    {
        if (!known.Online || block.Pages.Pages == 0 || seen.InFlight(known.Number))
            return null;
        foreach (ref readonly var run in block.Pages.Runs)
        {
            if (run.State.Has(PageFlags.Unseen))
                continue;
            if (run.State.IsFree && run.State.HasAny(PageFlags.InUse | PageFlags.Offline | PageFlags.Vmemmap))
                return new("pages.one-place", $"block {known.Number}", "pages that are free, or something else",
                    $"{run.State} at pages [{run.Start},{run.End})", s_change, [new PageRange(known.Range.Start + run.Start, run.Count)]);
            if (run.State.Has(PageFlags.NoPage) && run.Start < known.Range.Count && seen.After.Sees(Visibility.Placement))
                return new("pages.exist", $"block {known.Number}", $"{known.Range.Count} pages", $"{run.State} at pages [{run.Start},{run.End})",
                    s_change, [new PageRange(known.Range.Start + run.Start, run.Count)]);
            var hosted = run.State.Has(PageFlags.Vmemmap);
            if (!hosted && run.Start == seen.Deviations.For(DeviationKind.VmemmapLost, known.Number)?.Amount)
                continue;   // A declared defect gave it away just now; what follows it is vmemmap, or none.
            if (hosted ? run.End > known.SelfHosted : run.Start < known.SelfHosted)
                return new("vmemmap.place", $"block {known.Number}", $"vmemmap in its first {known.SelfHosted} pages and nowhere else",
                    $"{run.State} at pages [{run.Start},{run.End})", s_vmemmap, [new PageRange(known.Range.Start + run.Start, run.Count)]);
            if (hosted && WrongReferences(known, run) is { } expected)
                return new("vmemmap.references", $"block {known.Number}", $"references {expected}", run.State.ToString(), s_head,
                    [new PageRange(known.Range.Start + run.Start, run.Count)]);
        }

        return CheckAtRest(seen, known, block) ?? CheckPoison(next, seen, known, block)
            ?? CheckBacking(next, seen, known, block) ?? (known.Owner < 0 ? CheckOwner(next, seen, known, block) : null);
    }

    // Of a block that came online nobody but the owner has references of the pages that its driver kept: one, or in the
    // dialect of source document 003 none of the unplugged ones.
    private static Violation? CheckAtRest(Transition seen, in Block known, BlockObservation block)
    {
        if ((known.Owner >= 0 && known.Driver == CallbackOwner.Generic) || block.Pages.Offline == 0 || !seen.Sees(Visibility.References)
            || seen.Before.Find(known.Number) is { IsOnline: true })
            return null;
        foreach (ref readonly var run in block.Pages.Runs)
        {
            var references = OfflinePages.IsUnplugged(run.State) ? OfflinePages.AtRest(seen.Spec) : 1;
            if (run.State.Has(PageFlags.Offline) && run.State.References != references)
                return new("device-memory.references", $"block {known.Number}", $"references {references}", run.State.ToString(),
                    s_unplugged, [new PageRange(known.Range.Start + run.Start, run.Count)]);
        }

        return null;
    }

    // One reference each; the head of a memmap group has one for every section that the group serves.
    private static int? WrongReferences(in Block known, in PageRun run)
    {
        var expected = run.Start == 0 ? Math.Max(1, known.HeadSections) : 1;
        return run.State.References == PageState.Unknown
            || (run.State.References == expected && (expected == 1 || run.Count == 1)) ? null : expected;
    }

    // A poisoned page keeps its flag while its memory is there, also across offline and online.
    private static Violation? CheckPoison(State next, Transition seen, in Block known, BlockObservation block)
    {
        foreach (var pfn in next.Poisoned)
            if (known.Range.Contains(pfn) && seen.PageAfter(pfn) is var page && !page.HasAny(PageFlags.HwPoison | PageFlags.Unseen))
                return new("poison.page-keeps-flag", $"page {pfn} of block {block.Block}", "poisoned", page.ToString(), s_poison,
                    [new PageRange(pfn, 1)]);
        var poisoned = next.PoisonedIn(known.Range);
        return block.Pages.Poisoned <= poisoned || block.Pages.HasUnseen ? null
            : new("poison.only-poisoned-pages", $"block {block.Block}", $"{poisoned} poisoned pages",
                $"{block.Pages.Poisoned}", s_poison);
    }

    // A page that a balloon driver added and nothing backs says so, and whose it is, and no other does.
    private static Violation? CheckBacking(State next, Transition seen, in Block known, BlockObservation block)
    {
        if (!seen.After.Sees(Visibility.Placement))
            return null;   // Which pages were backed is told by witnesses.
        var owner = known.Driver == CallbackOwner.Xen ? next.Find(BalloonDriver.Xen)?.Owner ?? 0 : 0;
        foreach (ref readonly var run in block.Pages.Runs)
        {
            var unbacked = run.State.Has(PageFlags.Unbacked);
            if ((known.Driver == CallbackOwner.Generic && !unbacked) || run.State.Has(PageFlags.Unseen))
                continue;
            var range = new PageRange(known.Range.Start + run.Start, run.Count);
            var backed = known.Driver == CallbackOwner.Generic ? range.Count : next.Backed.CountIn(range);
            if (backed != (unbacked ? 0 : range.Count) || (unbacked && (!run.State.Has(PageFlags.Offline) || run.State.Owner != owner)))
                return new("callback.backing", $"pages {range} of block {known.Number}",
                    $"{backed} of them backed, the others PageOffline and unbacked", run.State.ToString(), s_backed, [range]);
        }

        return null;
    }

    private static Violation? CheckOwner(State next, Transition seen, in Block known, BlockObservation block)
    {
        var memory = next.DeviceMemories[-known.Owner - 1];
        if (!memory.MapKnown || seen.Spec.Balloons.Length > 0 && !seen.After.Sees(Visibility.Owners))
            return null;
        var size = seen.Spec.DeviceMemories[memory.Id - 1].SubBlockPages;
        var first = (known.Range.Start - seen.Spec.RegionOf(memory.Id).Start) / size;
        foreach (ref readonly var run in block.Pages.Runs)
        {
            var held = run.State.Has(PageFlags.Offline) && run.State.Owner < PageState.BalloonOwner;
            if (held && run.State.Owner > 0 && run.State.Owner != memory.Id)
                return new("device-memory.page-owner", $"block {known.Number}", $"unplugged pages of m{memory.Id}",
                    run.State.ToString(), s_unplugged, [new PageRange(known.Range.Start + run.Start, run.Count)]);
            for (var sub = run.Start / size; sub <= (run.End - 1) / size; sub++)
                if (memory.IsPlugged(first + sub) == held)
                    return new("device-memory.page-types", $"sub-block {first + sub} of m{memory.Id}",
                        held ? "PageOffline only where it is unplugged" : "PageOffline, because it is unplugged",
                        run.State.ToString(), s_unplugged, [new PageRange(known.Range.Start + run.Start, run.Count)]);
        }

        return null;
    }
}
