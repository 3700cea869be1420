using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>Free pages that may be had: those of isolated pageblocks may not.</summary>
internal static class Room
{
    /// <summary>Free chunks of the order, aligned, in kernel zones, or in zone Movable as well; −1 for any
    /// node.</summary>
    public static long Chunks(HistoryState state, bool kernelOnly, int node, int order)
    {
        long chunks = 0;
        foreach (var pages in state.Pages.Blocks)
        {
            var block = state.Structure.Find(pages.Number)!.Value;
            if ((kernelOnly && block.Zone == ZoneKind.Movable) || (node >= 0 && block.Node != node))
                continue;
            foreach (ref readonly var run in pages.Runs)
                if (run.State == PageWords.Free)
                    chunks += ChunksIn(state, new PageRange(block.Range.Start + run.Start, run.Count), order);
        }

        return chunks;
    }

    /// <summary>Free pages outside of the range that its pages may be migrated to.</summary>
    public static long Outside(HistoryState state, PageRange range, bool movable)
    {
        long free = 0;
        foreach (var pages in state.Pages.Blocks)
        {
            var block = state.Structure.Find(pages.Number)!.Value;
            if (block.Zone == ZoneKind.Movable && !movable)
                continue;
            foreach (ref readonly var run in pages.Runs)
                if (run.State == PageWords.Free)
                    for (var pfn = block.Range.Start + run.Start; pfn < block.Range.Start + run.End; pfn++)
                        if (!range.Contains(pfn) && !state.IsIsolated(pfn))
                            free++;
        }

        return free;
    }

    /// <summary>True if such pages must lie in kernel zones.</summary>
    public static bool IsKernelOnly(AllocationKind kind) =>
        Operations.Allocating.KernelOnly(kind) || kind == AllocationKind.Unmigratable;

    private static long ChunksIn(HistoryState state, PageRange run, int order)
    {
        var size = 1L << order;
        long chunks = 0;
        for (var pfn = (run.Start + size - 1) >> order << order; pfn + size <= run.End; pfn += size)
            if (!state.IsIsolated(pfn))
                chunks++;
        return chunks;
    }
}
