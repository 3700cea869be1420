using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>
/// alloc_contig_range() on a part of one block (kernel-semantics 3.11): nothing but free and movable pages, or it is
/// refused before anything is touched; then the free ones are taken and the others moved away.
/// </summary>
internal sealed class ContigRange<TRules>(
    MachineState state, BuddyAllocator buddy, PageAllocator<TRules> pages, Migration<TRules> migration,
    Evacuation<TRules> evacuation, TRules rules)
    where TRules : struct, IRules
{
    /// <summary>
    /// The first page that keeps [start, end) from being taken; −1 if there is none. PageOffline pages do, whatever
    /// their references: they are fine for offlining only.
    /// </summary>
    public int FindObstacle(MemoryBlock block, int start, int end, bool mindsPageOffline = true)
    {
        foreach (var poisoned in block.Poisoned)
            if (poisoned >= start && poisoned < end && rules.Keeps(Fault.PoisonedPageUnplugged))
                return poisoned;
        for (var offset = start; offset < end;)
        {
            var use = state.UseAt(block, offset);
            var runEnd = state.RunEnd(block, offset, end);
            if (use is not (PageUse.Free or PageUse.Movable or PageUse.Ballooned)
                && (mindsPageOffline || use is not (PageUse.NeverOnlined or PageUse.Unplugged)))
                return offset;
            if (use != PageUse.Free && block.Referenced > 0)
                for (var i = offset; i < runEnd; i++)
                    if (!migration.CanMove(block, i))
                        return i;
            offset = runEnd;
        }

        return -1;
    }

    /// <summary>Takes the free pages of [start, end): they are used like this now.</summary>
    public void TakeFree(MemoryBlock block, int start, int end, PageUse use)
    {
        state.Touch(block);
        for (var offset = start; offset < end;)
        {
            var runEnd = state.RunEnd(block, offset, end);
            if (state.UseAt(block, offset) == PageUse.Free)
            {
                buddy.Take(block, offset, runEnd - offset);
                state.Fill(block, offset, runEnd - offset, use);
            }

            offset = runEnd;
        }
    }

    /// <summary>
    /// Moves the others away, into blocks outside <paramref name="avoided"/> first. False if there is no room or a
    /// migration was made to fail; what moved stays moved.
    /// </summary>
    public bool MoveOthers(
        MemoryBlock block, int start, int end, PageUse leaves, PageRange avoided, EffectLog log) =>
        (!state.Injection.IsArmed || state.Injection.Strike(VetoPoint.Migration, migration.MovablePages(block, start, end)) != Errno.ENOMEM)
        && evacuation.MoveAway(block, start, end, leaves, avoided, log);

    /// <summary>Gives back what a failed attempt took: free pages, and those that moved away since.</summary>
    public void GiveBackTaken(MemoryBlock block, int start, int end, PageUse use)
    {
        for (var offset = start; offset < end;)
        {
            var runEnd = state.RunEnd(block, offset, end);
            if (state.UseAt(block, offset) == use)
                GiveAll(block, offset, runEnd - offset);
            offset = runEnd;
        }
    }

    /// <summary>Gives pages that nobody is known to hold to the buddy, which refuses poisoned ones.</summary>
    public void GiveAll(MemoryBlock block, int start, int count)
    {
        if (block.Poisoned.Count == 0)
        {
            state.Fill(block, start, count, PageUse.Free);
            buddy.Free(block, start, count);
            return;
        }

        for (var offset = start; offset < start + count; offset++)
            pages.GiveBack(block, offset);
    }

    /// <summary>Names the page that stands in the way.</summary>
    public void Blame(MemoryBlock block, int obstacle, EffectLog log) =>
        log.Witness(WitnessRole.Culprit, new PageRange(state.PageOf(block, obstacle), 1));
}
