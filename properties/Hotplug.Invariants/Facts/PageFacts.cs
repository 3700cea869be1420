using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants.Facts;

/// <summary>
/// What pages meet: references, per-CPU lists, contiguous allocation, failure. See <see cref="References"/>,
/// <see cref="Pcplists"/>, <see cref="Contigs"/> and <see cref="Poison"/>.
/// </summary>
internal static class PageFacts
{
    private static readonly Occasion s_offline = Occasion.Of(OperationKind.Offline);
    private static readonly Occasion s_contig = Occasion.Of(OperationKind.Contig);

    internal static ImmutableArray<Sometimes> All { get; } =
    [
        new("references.pin-keeps-online", "An extra reference on a page keeps its block online.",
            Levels.Core, s_offline, static seen => seen.Answer == Answer.Unfinished
                && Steps.HasPage(seen, seen.Target.Range, PageFlags.InUse, references: 2)),
        new("references.unplugged-page-keeps-online", "An extra reference on an unplugged page keeps its block online.",
            Levels.DeviceMemory, s_offline, static seen => seen.Answer == Answer.Of(Errno.EBUSY)
                && (Steps.HasPage(seen, seen.Target.Range, PageFlags.Offline, references: 2)
                    || (seen.Spec.Dialect.Has(DialectItem.OfflineUnreferencedAtRest)
                        && Steps.HasPage(seen, seen.Target.Range, PageFlags.Offline, references: 1)))),
        new("references.last-put-frees", "The last reference of a page frees it.", Levels.Core,
            Occasion.Of(OperationKind.Put).And(When.BlocksChange), static seen => seen.Answer.IsOk
                && Steps.Page(seen).Has(PageFlags.InUse) && seen.PageAfter(seen.Target.Range.Start).IsFree),
        new("references.outlive-allocation", "A page outlives its allocation by an extra reference.", Levels.Core,
            Occasion.Of(OperationKind.Put), static seen => seen.Answer.IsOk
                && Steps.Page(seen) is { References: 1 } page && page.Has(PageFlags.InUse)),
        new("pages.unmovable-keeps-online", "A page that cannot be moved keeps its block online.",
            Levels.Core, s_offline, static seen => seen.Answer == Answer.Of(Errno.EBUSY)
                && seen.Outcome.PagesOf(WitnessRole.Culprit) > 0),
        new("pages.no-room", "An offline does not end because there is no room for its pages.",
            Levels.Core, s_offline, static seen => seen.Answer == Answer.Unfinished && HasNoFreePage(seen)),
        new("pages.offline-migrates", "A block goes offline after its pages migrated.",
            Levels.Core, s_offline, static seen => seen.Answer.IsOk && Steps.Any(seen, EffectKind.Migrated)),
        new("pages.long-term-pin-moves", "An allocation takes memory in zone Movable for a long-term pin: moved first.",
            Levels.Core, When.Allocating, static seen => seen.Answer.IsOk
                && seen.Operation.Choice == (byte)AllocationKind.LongTermPinned),
        new("pcplists.drained-by-offline", "A block goes offline while per-CPU lists hold pages of it.",
            Levels.Pcplists, s_offline, static seen => seen.Answer.IsOk && Steps.Block(seen) is { Pages.Listed: > 0 }),
        new("pcplists.offline-waits", "An offline waits for somebody who holds the lists disabled.",
            Levels.Pcplists, s_offline, static seen => seen.Answer == Answer.Unfinished && AreDisabled(seen.Before)),
        new("pcplists.freed-while-disabled", "Pages are freed while the lists are disabled.",
            Levels.Pcplists, Occasion.Of(OperationKind.Free).And(When.BlocksChange), static seen => seen.Answer.IsOk
                && AreDisabled(seen.Before)),
        new("pcplists.alloc-takes-from-others", "An allocation gets pages that were on the list of another CPU.",
            Levels.Pcplists, When.Allocating, TakesFromOthers),
        new("contig.migrates", "A contiguous allocation moves pages out of its range.",
            Levels.Contig, s_contig, static seen => seen.Answer.IsOk && Steps.Any(seen, EffectKind.Migrated)),
        new("contig.two-blocks", "A contiguous allocation spans two memory blocks.",
            Levels.Contig, s_contig, static seen => seen.Answer.IsOk && seen.Spec.BlockOf(seen.Target.At)
                != seen.Spec.BlockOf(seen.Target.At + seen.Operation.Amount - 1)),
        new("contig.stopped-by-page-offline", "A PageOffline page stops a contiguous allocation.",
            Levels.Contig, s_contig, static seen => seen.Answer == Answer.Of(Errno.EBUSY) && seen.Target.At >= 0
                && Steps.HasPage(seen, new PageRange(seen.Target.At, seen.Operation.Amount), PageFlags.Offline)),
        new("contig.inside-pageblock", "A contiguous allocation begins inside a pageblock: what is around it stays.",
            Levels.Contig, s_contig, static seen => seen.Answer.IsOk
                && seen.Target.At % seen.Spec.PagesPerPageblock != 0),
        new("poison.online-refused", "A poisoned block refuses to come online.",
            Levels.Hwpoison, When.Onlining, static seen => seen.Answer == Answer.Of(Errno.EHWPOISON)),
        new("poison.offlined", "A block with a poisoned page goes offline.",
            Levels.Hwpoison, s_offline, static seen => seen.Answer.IsOk && Steps.Block(seen) is { Pages.Poisoned: > 0 }),
        new("poison.free-page", "A free page fails.", Levels.Hwpoison, When.Poisoning,
            static seen => seen.Answer.IsOk && Steps.Page(seen).IsFree),
        new("poison.used-page", "A page that somebody uses fails.", Levels.Hwpoison, When.Poisoning,
            static seen => Steps.Any(seen, EffectKind.Poisoned) && Steps.Page(seen).Has(PageFlags.InUse)),
        new("poison.page-offline", "A PageOffline page fails.", Levels.Hwpoison, When.Poisoning,
            static seen => Steps.Any(seen, EffectKind.Poisoned) && Steps.Page(seen).Has(PageFlags.Offline)),
        new("poison.vmemmap", "A page of page descriptors fails.", Levels.Hwpoison | Levels.MemmapOnMemory, When.Poisoning,
            static seen => Steps.Any(seen, EffectKind.Poisoned) && Steps.Page(seen).Has(PageFlags.Vmemmap)),
        new("poison.soft-offline-migrates", "A page is moved away before it is taken out of use.",
            Levels.Hwpoison, Occasion.Of(OperationKind.SoftOffline),
            static seen => seen.Answer.IsOk && Steps.Any(seen, EffectKind.Migrated)),
        new("poison.unpoisoned-to-buddy", "A page without poison goes back to the buddy.",
            Levels.Hwpoison, Occasion.Of(OperationKind.Unpoison),
            static seen => seen.Answer.IsOk && seen.PageAfter(seen.Target.Range.Start).IsFree),
    ];

    private static bool AreDisabled(Observation observation)
    {
        foreach (ref readonly var list in observation.Pcplists)
            if (list.High == 0)
                return true;
        return false;
    }

    private static bool TakesFromOthers(Transition seen)
    {
        foreach (ref readonly var witness in seen.Outcome.Witness)
            if (witness.Role == WitnessRole.Taken && seen.PageBefore(witness.Range.Start) is var page
                && page.Has(PageFlags.Pcplist) && page.Owner != seen.Operation.Cpu + 1)
                return true;
        return false;
    }

    private static bool HasNoFreePage(Transition seen)
    {
        foreach (ref readonly var zone in seen.After.Zones)
            if (zone.Free > seen.Target.Range.Count)
                return false;
        return true;
    }
}
