namespace Hotplug.Bitmap;

/// <summary>A part of a block that somebody takes for himself: offsets, the end excluded.</summary>
internal readonly record struct BlockPart(MemoryBlock Block, int Start, int End);

/// <summary>
/// Parts of blocks that are isolated while others run: alloc_contig_range() of a part of a block. Free pages of it are
/// held, and those that are freed meanwhile.
/// </summary>
internal sealed class IsolatedParts<TRules>(
    MachineState state, BuddyAllocator buddy, PageAllocator<TRules> pages, TRules rules)
    where TRules : struct, IRules
{
    /// <summary>Isolates the part.</summary>
    public void Enter(in BlockPart part)
    {
        part.Block.Isolations.Add((part.Start, part.End));
        TakeFree(part);
    }

    /// <summary>The part is not isolated any more; what is held stays so.</summary>
    public static void Leave(in BlockPart part) => part.Block.Isolations.Remove((part.Start, part.End));

    /// <summary>Holds the pages of the part that the buddy has.</summary>
    public void TakeFree(in BlockPart part)
    {
        state.Touch(part.Block);
        for (var offset = part.Start; offset < part.End; offset++)
        {
            if (!IsInBuddy(part.Block, offset))
                continue;
            buddy.Take(part.Block, offset, 1);
            state.Fill(part.Block, offset, 1, PageUse.Kernel);
        }
    }

    /// <summary>The seeded fault: whatever has become of the part, it is taken as if it had been isolated.</summary>
    public void TakeWhatIsLeft(in BlockPart part)
    {
        if (part.Block.Home >= 0)
            TakeFree(part);
        for (var offset = part.Start; offset < part.End; offset++)
            if (!IsHeld(part.Block, offset))
                rules.Report(Mishap.TakenTwice, state.PageOf(part.Block, offset));
    }

    /// <summary>
    /// set_migratetype_isolate() refuses: somebody has isolated some of the pageblocks, an offlining or whoever takes a
    /// part.
    /// </summary>
    public bool IsRefused(in BlockPart part)
    {
        var block = part.Block;
        if (!block.IsListed && !rules.Keeps(RaceFault.ForeignIsolationUndone))
        {
            buddy.List(block);
            return true;
        }

        var unit = state.Spec.PagesPerPageblock;
        var (first, last) = (part.Start / unit, (part.End - 1) / unit);
        return (!block.IsListed || block.Isolations.Exists(i => i.Start / unit <= last && (i.End - 1) / unit >= first))
            && rules.Keeps(RaceFault.IsolationNotRefused);
    }

    /// <summary>test_pages_isolated(): every page of the part is held.</summary>
    public bool IsHeld(in BlockPart part)
    {
        for (var offset = part.Start; offset < part.End; offset++)
            if (!IsHeld(part.Block, offset))
                return false;
        return true;
    }

    /// <summary>Gives back what is held of the part.</summary>
    public void GiveBack(in BlockPart part)
    {
        for (var offset = part.Start; offset < part.End; offset++)
            if (IsHeld(part.Block, offset))
                pages.GiveBack(part.Block, offset);
    }

    private bool IsHeld(MemoryBlock block, int offset) => state.UseAt(block, offset) == PageUse.Kernel
        && state.Runs.Find(block, state.PageOf(block, offset)) < 0 && block.Cmm?.Has(offset) != true;

    private bool IsInBuddy(MemoryBlock block, int offset) => state.UseAt(block, offset) == PageUse.Free
        && block.PcplistOf(offset) < 0 && !block.InFlight.Contains(offset);
}
