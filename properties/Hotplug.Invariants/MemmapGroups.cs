using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>
/// Groups of vmemmap pages, per memory block or per device (source document 001): their first page, the head, counts
/// the sections that they serve, and maps the others.
/// </summary>
public static class MemmapGroups
{
    /// <summary>Catches a count that says too early, or never, that the last section is reached.</summary>
    public static readonly Invariant HeadCountsSections = new(
        "vmemmap.head-counts-sections", Family.Vmemmap,
        "The reference count of a vmemmap head is the number of sections that its group serves: set when they are "
        + "populated, lowered by 1 with each that is removed, down to 0.",
        "A count that is not lowered: the memmap of the last section, and with it all, is never freed.",
        new Citation("2019", "source document 001", "Head->refcount: nr sections used by this altmap"),
        Levels.Effects | Levels.MemmapOnMemory, Visibility.Blocks, CheckCounts)
    {
        When = Occasion.Of(EffectKind.VmemmapHeadReference),
    };

    /// <summary>Catches a head that is a page too many or too few.</summary>
    public static readonly Invariant HeadHoldsAll = new(
        "vmemmap.head-holds-all", Family.Vmemmap,
        "A vmemmap head has as many vmemmap pages as the page descriptors of its sections need, rounded up to whole "
        + "pageblocks at most.",
        "A group that is too small for its sections: their page descriptors overlap pages that are handed out.",
        new Citation("2019", "source document 001", "Head->private: nr of vmemmap pages"),
        Levels.Effects | Levels.MemmapOnMemory, Visibility.Blocks, CheckPrivate)
    {
        When = Occasion.Of(EffectKind.VmemmapHeadReference),
    };

    /// <summary>Catches a head that shows another count than it has.</summary>
    public static readonly Invariant HeadReferences = new(
        "vmemmap.head-references", Family.Vmemmap,
        "The first vmemmap page of a group has a reference for every section that the group serves, where heads are "
        + "counted.",
        "A head whose count is off while its memory is in use: its removal will free too early or never.",
        new Citation("2019", "source document 001", "head->_refcount = 8 sections"),
        Levels.MemmapOnMemory, Visibility.Blocks | Visibility.PageTypes | Visibility.References | Visibility.Devices,
        CheckReferences)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches vmemmap that is freed while it still maps other page descriptors.</summary>
    public static readonly Invariant HeadFreedLast = new(
        "vmemmap.head-freed-last", Family.Vmemmap,
        "The memmap of a group is freed only when its head's count is 0, and from the last section to the first.",
        "The first pages of a group map all the others: freed first, the next access to a page descriptor faults.",
        new Citation("2019", "source document 001", "we free the whole range to vmemmap_free backwards"),
        Levels.Effects | Levels.MemmapOnMemory, Visibility.Blocks, CheckOrder)
    {
        When = Occasion.Of(EffectKind.VmemmapHeadReference),
    };

    private static Violation? CheckCounts(Transition seen)
    {
        var effects = seen.Outcome.Effects;
        for (var i = 0; i < effects.Length; i++)
        {
            ref readonly var head = ref effects[i];
            if (head.Kind != EffectKind.VmemmapHeadReference)
                continue;
            var expected = Previous(effects[..i], head.Range) is { } last ? last - 1
                : IsSet(seen, i) ? Sections(seen, effects[..i], head.Range)
                : head.Value;
            if (head.Value != expected || head.Value < 0)
                return Evidence.Against(HeadCountsSections, $"vmemmap head {head.Range.Start}",
                    $"references {Math.Max(0, expected)}", $"{head.Value}", head.Range);
            if (head.Value > 0 && IsLeft(seen, effects[(i + 1)..], head.Range))
                return Evidence.Against(HeadCountsSections, $"vmemmap head {head.Range.Start}",
                    "references 0 when its sections are removed", $"{head.Value}", head.Range);
        }

        return null;
    }

    // The last count of this head among these effects.
    private static long? Previous(ReadOnlySpan<Effect> effects, PageRange head)
    {
        for (var i = effects.Length - 1; i >= 0; i--)
            if (effects[i].Kind == EffectKind.VmemmapHeadReference && effects[i].Range == head)
                return effects[i].Value;
        return null;
    }

    // A count that is set when sections were populated, not lowered when they are removed.
    private static bool IsSet(Transition seen, int index)
    {
        var effects = seen.Outcome.Effects;
        for (var i = index - 1; i >= 0; i--)
            if (effects[i].Kind is EffectKind.VmemmapPopulated or EffectKind.BlockDestroyed)
                return effects[i].Kind == EffectKind.VmemmapPopulated;
        return false;
    }

    // Sections whose memmap lies on the pages of the head.
    private static long Sections(Transition seen, ReadOnlySpan<Effect> effects, PageRange head)
    {
        long sections = 0;
        foreach (ref readonly var effect in effects)
            if (effect.Kind == EffectKind.VmemmapPopulated && head.Contains(effect.Value))
                sections += effect.Range.Count / seen.Spec.PagesPerSection;
        return sections;
    }

    // The head's block is gone, and its count was not lowered any more.
    private static bool IsLeft(Transition seen, ReadOnlySpan<Effect> later, PageRange head)
    {
        if (seen.After.Find(seen.Spec.BlockOf(head.Start)) is not null)
            return false;
        foreach (ref readonly var effect in later)
            if (effect.Kind == EffectKind.VmemmapHeadReference && effect.Range == head)
                return false;
        return true;
    }

    private static Violation? CheckPrivate(Transition seen)
    {
        var effects = seen.Outcome.Effects;
        for (var i = 0; i < effects.Length; i++)
        {
            ref readonly var head = ref effects[i];
            if (head.Kind != EffectKind.VmemmapHeadReference || !IsSet(seen, i))
                continue;
            var needed = Sections(seen, effects[..i], head.Range) * seen.Spec.VmemmapPagesPerSection;
            if (head.Range.Count < needed || head.Range.Count >= needed + seen.Spec.PagesPerPageblock)
                return Evidence.Against(HeadHoldsAll, $"vmemmap head {head.Range.Start}",
                    Evidence.Count(needed, "vmemmap page"), $"{head.Range.Count}", head.Range);
        }

        return null;
    }

    private static Violation? CheckReferences(Transition seen)
    {
        if (!seen.Spec.Dialect.Has(DialectItem.MemmapGroups))
            return null;
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is not { IsOnline: true, Pages.Vmemmap: > 0 } block || block.Pages.Runs[0] is var head
                && (!head.State.Has(PageFlags.Vmemmap) || head.State.References == PageState.Unknown))
                continue;
            var sections = head.State.References;
            if (Serves(seen, block, sections) && (sections == seen.Spec.SectionsPerBlock
                    || AnyDevice(seen, change.Block, isFirst: true, sections))
                || (sections == 1 && AnyDevice(seen, change.Block, isFirst: false, 0)))
                continue;
            return Evidence.AgainstPages(HeadReferences, seen, change.Block, 0, 1,
                $"references {seen.Spec.SectionsPerBlock}, or one for each section of its device",
                head.State.ToString());
        }

        return null;
    }

    // So many sections need so many vmemmap pages, or those up to the next pageblock; a block may be full of them.
    private static bool Serves(Transition seen, BlockObservation block, long sections)
    {
        var needed = sections * seen.Spec.VmemmapPagesPerSection;
        long unit = seen.Spec.PagesPerPageblock;
        return block.Pages.Vmemmap == Math.Min(needed, seen.Spec.PagesPerBlock)
            || block.Pages.Vmemmap == Math.Min((needed + unit - 1) / unit * unit, seen.Spec.PagesPerBlock);
    }

    // A device that the block is the first one of, with so many sections, or another one of. Parts of a device's range
    // may have been removed and given to another device.
    private static bool AnyDevice(Transition seen, int block, bool isFirst, long sections)
    {
        var pages = seen.Spec.PagesOf(block);
        foreach (ref readonly var device in seen.After.Devices)
            if (device.Range.Contains(pages) && device.Range.Start == pages.Start == isFirst
                && (!isFirst || device.Range.Count / seen.Spec.PagesPerSection == sections))
                return true;
        return false;
    }

    private static Violation? CheckOrder(Transition seen)
    {
        var effects = seen.Outcome.Effects;
        for (var i = 0; i < effects.Length; i++)
        {
            if (effects[i].Kind != EffectKind.VmemmapHeadReference || effects[i].Value != 0)
                continue;
            var last = long.MaxValue;
            for (var later = i + 1; later < effects.Length && effects[later].Kind == EffectKind.VmemmapFreed; later++)
            {
                if (effects[later].Range.Start >= last)
                    return Evidence.Against(HeadFreedLast, $"vmemmap head {effects[i].Range.Start}",
                        $"memmap freed from the last section to the first, after section {last}",
                        $"section {effects[later].Range.Start}", effects[later].Range);
                last = effects[later].Range.Start;
            }

            if (last != long.MaxValue && last > effects[i].Range.Start)
                return Evidence.Against(HeadFreedLast, $"vmemmap head {effects[i].Range.Start}",
                    "the section of the head freed last", $"section {last}", effects[i].Range);
        }

        return FreedWithoutHead(seen);
    }

    // Memmap that lies on a head's pages, freed while the head still counts sections.
    private static Violation? FreedWithoutHead(Transition seen)
    {
        var effects = seen.Outcome.Effects;
        for (var i = 1; i < effects.Length; i++)
            if (effects[i].Kind == EffectKind.VmemmapFreed && effects[i - 1].Kind == EffectKind.VmemmapHeadReference
                && effects[i - 1].Value > 0)
                return Evidence.Against(HeadFreedLast, $"vmemmap head {effects[i - 1].Range.Start}",
                    $"no memmap freed while it serves {Evidence.Count(effects[i - 1].Value, "section")}",
                    $"section {effects[i].Range.Start} freed", effects[i].Range);
        return null;
    }
}
