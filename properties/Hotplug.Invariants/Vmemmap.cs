using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>The memmap: page descriptors of added memory, on the added memory itself or elsewhere.</summary>
public static class Vmemmap
{
    /// <summary>Catches vmemmap pages in the wrong place, or too few of them.</summary>
    public static readonly Invariant AtBlockStart = new(
        "vmemmap.at-block-start", Family.Vmemmap,
        "Self-hosted vmemmap takes the first pages of its memory block, or of its device, as many as its page "
        + "descriptors need, and no others.",
        "An altmap with the wrong base or the wrong size: page descriptors overlap pages that are handed out.",
        new Citation("v6.12", "mm/memory_hotplug.c", "mhp_init_memmap_on_memory"),
        Levels.MemmapOnMemory, Visibility.Blocks | Visibility.PageTypes, CheckPlace)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches page descriptors whose page is handed out.</summary>
    public static readonly Invariant Untouched = new(
        "vmemmap.untouched", Family.Vmemmap,
        "As long as a memory block is online, its vmemmap pages are vmemmap and no others become it.",
        "Vmemmap that is migrated, freed or handed out: every page descriptor of the block is garbage then.",
        new Citation("v6.12", "mm/page_isolation.c", "has_unmovable_pages"),
        Levels.MemmapOnMemory, Visibility.Blocks | Visibility.PageTypes, CheckUntouched)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches vmemmap on memory whose backing comes and goes.</summary>
    public static readonly Invariant NeverOnDeviceMemory = new(
        "vmemmap.never-on-device-memory", Family.Vmemmap,
        "Memory blocks of device memory never host their own vmemmap.",
        "Page descriptors on a sub-block that is unplugged later.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_add_memory"),
        Levels.DeviceMemory | Levels.MemmapOnMemory, Visibility.Blocks | Visibility.PageTypes, CheckDeviceMemory)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches memmap that leaks, or is paid for twice.</summary>
    public static readonly Invariant CostFollowsBlocks = new(
        "vmemmap.cost-follows-blocks", Family.Vmemmap,
        "Memmap outside the added memory changes only with memory blocks that are added or removed, by a whole "
        + "block's descriptors each.",
        "Memmap that leaks when an add fails or a block is removed, or that is taken twice.",
        new Citation("v6.12", "mm/sparse.c", "section_activate"),
        Levels.Core, Visibility.Blocks | Visibility.Counters, CheckCost);

    /// <summary>Catches vmemmap that is freed while its block exists.</summary>
    public static readonly Invariant SurvivesOffline = new(
        "vmemmap.survives-offline", Family.Vmemmap,
        "The vmemmap of a section is freed only when its memory block is removed: offlining, onlining and their "
        + "failures free none.",
        "Vmemmap that is torn down when a block goes offline: coming online again then writes to freed memory.",
        new Citation("v6.12", "mm/memory_hotplug.c", "arch_remove_memory"),
        Levels.Effects, Visibility.Blocks, CheckSurvives)
    {
        When = Occasion.Of(EffectKind.VmemmapFreed),
        Steps = EffectKinds.Of(EffectKind.VmemmapFreed),
    };

    /// <summary>Catches teardown in the wrong order.</summary>
    public static readonly Invariant TornDownLast = new(
        "vmemmap.torn-down-last", Family.Vmemmap,
        "When a memory block is removed, its vmemmap is freed after the block device is destroyed and its "
        + "sections are offline.",
        "A walker that finds the block still registered and reads freed page descriptors.",
        new Citation("v6.12", "mm/memory_hotplug.c", "try_remove_memory"),
        Levels.Effects, Visibility.Blocks, CheckTornDownLast)
    {
        When = Occasion.Of(EffectKind.VmemmapFreed),
        Steps = EffectKinds.Of(EffectKind.VmemmapFreed, EffectKind.BlockDestroyed),
    };

    /// <summary>Catches vmemmap that is not freed, or freed twice.</summary>
    public static readonly Invariant FreedWithBlock = new(
        "vmemmap.freed-with-block", Family.Vmemmap,
        "When a memory block is removed, the vmemmap of each of its sections is freed exactly once.",
        "Vmemmap that leaks with every removal, or that is freed twice.",
        new Citation("v6.12", "mm/sparse.c", "section_deactivate"),
        Levels.Effects, Visibility.Blocks, CheckFreed)
    {
        When = When.BlocksChange,
        Steps = EffectKinds.Of(EffectKind.VmemmapFreed),
    };

    /// <summary>Catches a block that is shown before its page descriptors exist.</summary>
    public static readonly Invariant PopulatedFirst = new(
        "vmemmap.populated-first", Family.Vmemmap,
        "A memory block device is created only after the vmemmap of each of its sections is populated.",
        "A block that can be onlined before it has page descriptors.",
        new Citation("v6.12", "mm/memory_hotplug.c", "add_memory_resource"),
        Levels.Effects, Visibility.Blocks, CheckPopulated)
    {
        When = Occasion.Of(EffectKind.BlockCreated),
        Steps = EffectKinds.Of(EffectKind.VmemmapPopulated, EffectKind.BlockCreated),
    };

    /// <summary>Catches self-hosted vmemmap that is used too early or given up too early.</summary>
    public static readonly Invariant UsableWhileInUse = new(
        "vmemmap.usable-while-in-use", Family.Vmemmap,
        "Self-hosted vmemmap is initialised before GOING_ONLINE and given up only after OFFLINE or CANCEL_ONLINE.",
        "Callbacks that read page descriptors which are not there yet, or no longer.",
        new Citation("v6.12", "drivers/base/memory.c", "memory_block_online"),
        Levels.Effects | Levels.MemmapOnMemory, Visibility.Blocks, CheckUsable)
    {
        When = Occasion.Of(EffectKind.VmemmapInitialised, EffectKind.VmemmapDeinitialised),
        Steps = EffectKinds.Of(EffectKind.Notified, EffectKind.VmemmapInitialised),
    };

    private static Violation? CheckPlace(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is not { IsOnline: true, Pages.Vmemmap: > 0 } block)
                continue;
            var lost = seen.Deviations.For(DeviationKind.VmemmapLost, change.Block)?.Amount ?? -1;
            var first = FirstOther(block, lost);
            var all = block.Pages.Vmemmap + (lost < 0 ? 0 : 1);
            var needed = seen.Spec.VmemmapPagesPerBlock;
            if ((first == needed || first == seen.Spec.SelfHostedPages(MemmapOnMemory.Force)
                || IsPartOfDevice(seen, change.Block, first)) && all == first)
                continue;
            if (!StandBack.ForPages(seen, change.Block))
                return Evidence.Against(AtBlockStart, $"block {change.Block}",
                    $"{Evidence.Count(needed, "vmemmap page")} at its start and none elsewhere",
                    $"{first} at its start, {block.Pages.Vmemmap} in all",
                    new PageRange(seen.Spec.PagesOf(change.Block).Start + first, 1));
        }

        return null;
    }

    // How many pages at the block's start are vmemmap, or were until a declared defect took one.
    private static int FirstOther(BlockObservation block, long lost)
    {
        var first = 0;
        foreach (ref readonly var run in block.Pages.Runs)
        {
            if (run.State.Has(PageFlags.Vmemmap))
                first = run.End;
            else if (run.Start == lost)
                first++;
            if (first < run.End)
                break;
        }

        return first;
    }

    // With the memmap of a whole device at its start, a block has what of that lies in it.
    private static bool IsPartOfDevice(Transition seen, int block, int vmemmap)
    {
        if (!seen.Spec.Dialect.Has(DialectItem.MemmapGroups))
            return false;
        var pages = seen.Spec.PagesOf(block);
        foreach (ref readonly var device in seen.After.Devices)
        {
            if (!device.Range.Contains(pages))
                continue;
            var blocks = device.Range.Count / seen.Spec.PagesPerBlock;
            var before = pages.Start - device.Range.Start;
            foreach (var policy in (ReadOnlySpan<MemmapOnMemory>)[MemmapOnMemory.On, MemmapOnMemory.Force])
                if (vmemmap == Math.Clamp(seen.Spec.SelfHostedPages(policy, blocks) - before, 0, pages.Count))
                    return true;
        }

        return false;
    }

    private static Violation? CheckUntouched(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.Before is not { IsOnline: true } before || change.After is not { IsOnline: true } after
                || (before.Pages.Vmemmap | after.Pages.Vmemmap) == 0)
                continue;
            foreach (var page in new PageDiff(change.Before, change.After))
                if (page.Before.Has(PageFlags.Vmemmap) != page.After.Has(PageFlags.Vmemmap)
                    && !page.Before.Has(PageFlags.Unseen) && !page.After.Has(PageFlags.Unseen)
                    && !StandBack.ForPages(seen, change.Block) && !IsLost(seen, change.Block, page))
                    return Evidence.AgainstChange(Untouched, seen, change.Block, page);
        }

        return null;
    }

    private static bool IsLost(Transition seen, int block, in PageChange page) =>
        seen.Deviations.For(DeviationKind.VmemmapLost, block)?.Amount == page.Start && page.Count == 1
        && page.Before.Has(PageFlags.Vmemmap);

    private static Violation? CheckDeviceMemory(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
            if (change.After is { Pages.Vmemmap: > 0 } block && seen.Spec.DeviceMemoryOf(change.Block) > 0)
                return Evidence.AgainstBlock(NeverOnDeviceMemory, seen, change.Block, "no vmemmap page",
                    Evidence.Count(block.Pages.Vmemmap, "vmemmap page"));
        return null;
    }

    private static Violation? CheckCost(Transition seen)
    {
        if (seen.IsStart || seen.Before.BootMemmapPages < 0 || seen.After.BootMemmapPages < 0)
            return null;
        int added = 0, removed = 0;
        foreach (ref readonly var change in seen.Changed)
        {
            added += change.Before is null && change.After is not null ? 1 : 0;
            removed += change.Before is not null && change.After is null ? 1 : 0;
        }

        long perBlock = seen.Spec.VmemmapPagesPerBlock;
        var gained = seen.After.BootMemmapPages - seen.Before.BootMemmapPages;
        if (gained <= added * perBlock && gained >= -removed * perBlock && gained % perBlock == 0)
            return null;
        return StandBack.ForSums(seen) ? null : Evidence.Against(CostFollowsBlocks, "memmap outside the added memory",
            $"{seen.Before.BootMemmapPages} pages, {perBlock} for each of {added} added and {removed} removed blocks",
            $"{seen.After.BootMemmapPages}");
    }

    private static Violation? CheckSurvives(Transition seen)
    {
        foreach (ref readonly var effect in seen.Outcome.Effects)
            if (effect.Kind == EffectKind.VmemmapFreed
                && seen.After.Find(seen.Spec.BlockOf(effect.Range.Start)) is { } block)
                return Evidence.Against(SurvivesOffline, $"block {block.Block}",
                    $"its vmemmap, as the block is still {Evidence.Print(block)}", "vmemmap freed", effect.Range);
        return null;
    }

    private static Violation? CheckTornDownLast(Transition seen)
    {
        var effects = seen.Outcome.Effects;
        for (var i = 0; i < effects.Length; i++)
        {
            if (effects[i].Kind != EffectKind.VmemmapFreed)
                continue;
            for (var later = i + 1; later < effects.Length; later++)
                if (effects[later].Kind is EffectKind.BlockDestroyed or EffectKind.SectionsOffline
                    && effects[later].Range.Intersects(effects[i].Range))
                    return Evidence.Against(TornDownLast, $"section {effects[i].Range}",
                        "vmemmap freed after everything else",
                        $"{Words.Of(effects[later].Kind)} after it", effects[i].Range);
        }

        return null;
    }

    private static Violation? CheckFreed(Transition seen)
    {
        if (seen.IsStart)
            return null;
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.Before is null || change.After is not null)
                continue;
            var freed = Effects(seen, EffectKind.VmemmapFreed, change.Block, seen.Outcome.Effects.Length);
            if (freed != seen.Spec.PagesPerBlock)
                return Evidence.AgainstBlock(FreedWithBlock, seen, change.Block,
                    $"vmemmap of {Evidence.Count(seen.Spec.PagesPerBlock, "page")} freed", $"{freed}");
        }

        return null;
    }

    private static Violation? CheckPopulated(Transition seen)
    {
        var effects = seen.Outcome.Effects;
        for (var i = 0; i < effects.Length; i++)
        {
            if (effects[i].Kind != EffectKind.BlockCreated)
                continue;
            var block = seen.Spec.BlockOf(effects[i].Range.Start);
            var populated = Effects(seen, EffectKind.VmemmapPopulated, block, i);
            if (populated != seen.Spec.PagesPerBlock)
                return Evidence.AgainstBlock(PopulatedFirst, seen, block,
                    $"vmemmap of {Evidence.Count(seen.Spec.PagesPerBlock, "page")} populated before its creation",
                    $"{populated}");
        }

        return null;
    }

    // Pages of the block that the first effects of this kind are about.
    private static long Effects(Transition seen, EffectKind kind, int block, int first)
    {
        var pages = seen.Spec.PagesOf(block);
        long covered = 0;
        foreach (ref readonly var effect in seen.Outcome.Effects[..first])
            if (effect.Kind == kind && effect.Range.Intersects(pages))
                covered += Math.Min(effect.Range.End, pages.End) - Math.Max(effect.Range.Start, pages.Start);
        return covered;
    }

    private static Violation? CheckUsable(Transition seen)
    {
        var effects = seen.Outcome.Effects;
        for (var i = 0; i < effects.Length; i++)
        {
            var early = effects[i].Kind == EffectKind.VmemmapInitialised;
            if (!early && effects[i].Kind != EffectKind.VmemmapDeinitialised)
                continue;
            var block = seen.Spec.PagesOf(seen.Spec.BlockOf(effects[i].Range.Start));
            var last = LastEvent(effects[..i], block);
            var inUse = last is MemoryNotification.GoingOnline or MemoryNotification.Online
                || (!early && last == MemoryNotification.GoingOffline);
            if (inUse)
                return Evidence.Against(UsableWhileInUse, $"block {seen.Spec.BlockOf(block.Start)}",
                    early ? "vmemmap initialised before GOING_ONLINE"
                        : "vmemmap given up after OFFLINE or CANCEL_ONLINE",
                    $"{Words.Of(last!.Value)} before {Words.Of(effects[i].Kind)}", effects[i].Range);
        }

        return null;
    }

    private static MemoryNotification? LastEvent(ReadOnlySpan<Effect> effects, PageRange block)
    {
        for (var i = effects.Length - 1; i >= 0; i--)
            if (effects[i].Kind == EffectKind.Notified && effects[i].Range.Intersects(block)
                && effects[i].Notification is not (MemoryNotification.PrepareOnline
                    or MemoryNotification.FinishOffline))
                return effects[i].Notification;
        return null;
    }
}
