using Hotplug.Contract;
using Hotplug.Contract.Machines;

namespace Hotplug.Bitmap;

/// <summary>
/// Memmap groups as source document 001 has them: made when their sections are populated, torn down when the last of
/// them is removed. The first pages of a group map all the others, so they must go last.
/// </summary>
internal sealed class VmemmapGroups<TRules>(MachineState state, TRules rules)
    where TRules : struct, IRules
{
    private bool _isFirst;

    private bool IsKnown => state.Spec.Dialect.Has(DialectItem.MemmapGroups);

    /// <summary>The group of the blocks of this range, all of one head, with a reference for every section.</summary>
    public VmemmapGroup Of(PageRange blocks)
    {
        long pages = 0;
        foreach (var number in state.Blocks.In(blocks))
            pages += state.Blocks[number].Vmemmap;
        return new VmemmapGroup(
            new PageRange(blocks.Start, pages), blocks, (int)(blocks.Count / state.Spec.PagesPerSection));
    }

    /// <summary>mark_vmemmap_pages(): the head counts the sections that were populated.</summary>
    public void Mark(PageRange blocks, EffectLog log)
    {
        if (!IsKnown)
            return;
        var group = Of(blocks);
        state.BlockOf(blocks.Start).HeadReferences = rules.Keeps(Fault.HeadNotReferenced) ? group.References : 1;
        LogHead(group, log);
    }

    /// <summary>A removal begins: nothing was torn down in it yet.</summary>
    public void Begin() => _isFirst = true;

    /// <summary>
    /// Removes the sections of the blocks one after the other. Those of a group are only counted until the last one is
    /// reached; then the memmap of all goes, backwards.
    /// </summary>
    public void TearDown(PageRange blocks, EffectLog log)
    {
        var head = state.BlockOf(blocks.Start);
        if (!IsKnown || head.Head < 0)
            FreeForwards(blocks, log);
        else if (head.HeadReferences == 0)
            FreeBackwards(blocks, log);
        else
            CountDown(head, blocks, log);
    }

    private void CountDown(MemoryBlock head, PageRange blocks, EffectLog log)
    {
        if (!_isFirst || state.Teardown.IsNone || rules.Keeps(Fault.TeardownStateKept))
            state.Teardown = Of(blocks) with { References = head.HeadReferences };
        _isFirst = false;
        for (var pfn = blocks.Start; pfn < blocks.End; pfn += state.Spec.PagesPerSection)
            if (DropReference(log))
                FreeGroup(blocks, log);
    }

    // True if this was the last section of the group.
    private bool DropReference(EffectLog log)
    {
        if (rules.Keeps(Fault.HeadCountNotDecremented))
            state.Teardown = state.Teardown with { References = state.Teardown.References - 1 };
        LogHead(state.Teardown, log);
        return state.Teardown.References == 0;
    }

    private void FreeGroup(PageRange blocks, EffectLog log)
    {
        if (rules.Keeps(Fault.VmemmapFreedForwards))
            FreeBackwards(blocks, log);
        else
            FreeForwards(blocks, log);
    }

    private void FreeForwards(PageRange blocks, EffectLog log)
    {
        for (var pfn = blocks.Start; pfn < blocks.End; pfn += state.Spec.PagesPerSection)
            Free(pfn, log);
    }

    private void FreeBackwards(PageRange blocks, EffectLog log)
    {
        for (var pfn = blocks.End - state.Spec.PagesPerSection; pfn >= blocks.Start; pfn -= state.Spec.PagesPerSection)
            Free(pfn, log);
    }

    // vmemmap_free() of one section, if it was populated.
    private void Free(long pfn, EffectLog log)
    {
        var block = state.BlockOf(pfn);
        if (state.OffsetOf(pfn) / state.Spec.PagesPerSection < block.PopulatedSections)
            log.Add(EffectKind.VmemmapFreed, new PageRange(pfn, state.Spec.PagesPerSection));
    }

    private static void LogHead(in VmemmapGroup group, EffectLog log) =>
        log.Add(EffectKind.VmemmapHeadReference, group.Pages, default, group.References);
}
