using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>Memory failure: poison, unpoison, soft and hard offline (kernel-semantics 3.14).</summary>
internal sealed class Poisoning<TRules>(
    MachineState state, BuddyAllocator buddy, PageAllocator<TRules> pages, PcplistSteps<TRules> pcplists,
    Migration<TRules> migration, TRules rules)
    where TRules : struct, IRules
{
    /// <summary>memory_failure(): a page that cannot be handled is flagged and counted all the same.</summary>
    public Errno Poison(long pfn, EffectLog log)
    {
        if (FindOnline(pfn) is not { } block)
            return Errno.ENXIO;
        var offset = state.OffsetOf(pfn);
        if (block.IsPoisoned(offset) && rules.Keeps(Fault.PoisonCountedAgain))
            return Errno.EHWPOISON;
        var use = state.UseAt(block, offset);
        if (use == PageUse.Free && block.IsOnline && rules.Keeps(Fault.PoisonedPageStaysInBuddy))
            Hold(block, offset, log);
        Mark(block, offset, log);
        return use is PageUse.Free or PageUse.Movable or PageUse.Pinned ? Errno.None : Errno.EBUSY;
    }

    /// <summary>unpoison_memory(): the page goes back to the buddy unless somebody still has it.</summary>
    public Errno Unpoison(long pfn, EffectLog log)
    {
        if (FindOnline(pfn) is not { } block)
            return Errno.EIO;
        var offset = state.OffsetOf(pfn);
        if (!block.IsPoisoned(offset))
            return Errno.EBUSY;
        var use = state.UseAt(block, offset);
        var isOffline = use is PageUse.NeverOnlined or PageUse.Unplugged or PageUse.Ballooned;
        if (isOffline
            ? (rules.Keeps(Fault.UnpoisonFreesOffline) && state.Spec.Dialect.Has(DialectItem.UnpoisonRefusesOffline))
                || IsReserved(block, use)
            : use != PageUse.Movable || state.Runs.Find(block, pfn) >= 0)
            return Errno.EBUSY;
        block.Unpoison(offset);
        if (rules.Keeps(Fault.UnpoisonKeepsCount))
            state.PoisonedPages--;
        state.Touch(block);
        log.Add(EffectKind.Unpoisoned, new PageRange(pfn, 1));
        if ((!isOffline || !rules.Keeps(Fault.UnpoisonFreesOffline)) && rules.Keeps(Fault.UnpoisonedPageLost))
            pages.GiveBack(block, offset);
        return Errno.None;
    }

    /// <summary>soft_offline_page(): the content moves away first.</summary>
    public Errno SoftOffline(long pfn, EffectLog log)
    {
        if (FindOnline(pfn) is not { } block)
            return NotOnline(pfn);
        var offset = state.OffsetOf(pfn);
        if (block.IsPoisoned(offset))
            return Errno.None;
        switch (state.UseAt(block, offset))
        {
            case PageUse.Free:
                Hold(block, offset, log);
                break;
            case PageUse.Movable or PageUse.Ballooned:
                if (!migration.CanMove(block, offset))
                    return Errno.EBUSY;
                var errno = state.Injection.Strike(VetoPoint.Migration);
                if (errno != Errno.None)
                    return errno;
                if (!migration.MoveAway(block, offset, offset + 1, PageUse.Movable, log))
                    return Errno.EBUSY;
                break;
            case PageUse.Pinned or PageUse.Unmigratable:
                return Errno.EBUSY;
            default:
                return Errno.EIO;
        }

        Mark(block, offset, log);
        return Errno.None;
    }

    // What a balloon driver kept from the buddy is PG_reserved where it is not refused as PageOffline already.
    private static bool IsReserved(MemoryBlock block, PageUse use) =>
        use == PageUse.NeverOnlined && block.Driver != CallbackOwner.Generic;

    // A frame without a struct page at all is told apart from one whose section is offline: pfn_valid().
    private Errno NotOnline(long pfn) => state.FindBlockOf(pfn) is null ? Errno.ENXIO : Errno.EIO;

    // pfn_to_online_page()
    private MemoryBlock? FindOnline(long pfn) => state.FindBlockOf(pfn) is { } block
        && (block.IsOnline || !rules.Keeps(Fault.OfflinePagePoisoned))
        && state.OffsetOf(pfn) < state.Layout.PagesPerBlock - block.Hole ? block : null;

    // take_page_off_buddy(): the chunk is split around it. A page on a list must leave it first: page_handle_poison()
    // disables the lists of the zone for that.
    private void Hold(MemoryBlock block, int offset, EffectLog log)
    {
        if (block.PcplistOf(offset) >= 0)
        {
            var zone = state.Zones[block.Home].Id;
            state.Pcplists.Disable(block.Home);
            log.Add(EffectKind.PcpDisabled, default, zone);
            pcplists.ForceDrain(block.Home);
            log.Add(EffectKind.PcpDrained, default, zone);
            state.Pcplists.Enable();
            log.Add(EffectKind.PcpEnabled, default, zone);
        }

        if (!rules.Keeps(Fault.PoisonTakesWholeChunk) && state.UseAt(block, offset ^ 1) == PageUse.Free
            && block.PcplistOf(offset ^ 1) < 0)
        {
            buddy.Take(block, offset ^ 1, 1);
            state.Fill(block, offset ^ 1, 1, PageUse.Movable);
        }

        buddy.Take(block, offset, 1);
        state.Fill(block, offset, 1, PageUse.Movable);
    }

    private void Mark(MemoryBlock block, int offset, EffectLog log)
    {
        if (rules.Keeps(Fault.PoisonNotMarked))
            block.Poison(offset);
        if (rules.Keeps(Fault.PoisonNotCounted))
            state.PoisonedPages++;
        state.Touch(block);
        log.Add(EffectKind.Poisoned, new PageRange(state.PageOf(block, offset), 1));
    }
}
