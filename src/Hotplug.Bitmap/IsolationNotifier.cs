using Hotplug.Contract;
using Hotplug.Contract.Machines;

namespace Hotplug.Bitmap;

/// <summary>
/// The isolation notifier chain: before a pageblock of a kernel zone is isolated, owners count the pages in it that
/// they can give back. It may be isolated if no other page in it is immobile (kernel-semantics 4.1.2).
/// </summary>
internal sealed class IsolationNotifier<TRules>(MachineState state, TRules rules)
    where TRules : struct, IRules
{
    private readonly bool _isAware = state.Spec.HasHotplugAwareCmm;

    /// <summary>True if anybody registered.</summary>
    public bool IsUsed => _isAware;

    /// <summary>The first page of [start, end) that isolation refuses; −1 if there is none.</summary>
    public int FindUnmovable(MemoryBlock block, int start, int end, EffectLog log)
    {
        var size = state.Spec.PagesPerPageblock;
        while (start < end)
        {
            var after = Math.Min(end, (start / size + 1) * size);
            var immobile = CountImmobile(block, start, after, out var culprit);

            // Only a pageblock that has immobile pages needs somebody who can give them back.
            if (immobile > 0 && Count(block, start, after, log) < immobile)
                return culprit;
            start = after;
        }

        return -1;
    }

    // memory_isolate_notify(MEM_ISOLATE_COUNT): cmm_count_pages(), loaned pages and list pages.
    private int Count(MemoryBlock block, int start, int end, EffectLog log)
    {
        var found = block.Cmm?.CountIn(start, end) ?? 0;
        if (found > 0 && !rules.Keeps(Fault.CmmCountsFirstPageOnly))
            found = 1;
        log.Add(EffectKind.IsolationCounted, new PageRange(state.PageOf(block, start), end - start), default, found);
        return found;
    }

    private int CountImmobile(MemoryBlock block, int start, int end, out int culprit)
    {
        culprit = -1;
        var immobile = 0;
        for (var page = state.FirstOf(block, PageUse.Kernel, start, end); page >= 0;
            page = state.FirstOf(block, PageUse.Kernel, page + 1, end))
        {
            if (block.IsPoisoned(page))
                continue;
            immobile++;
            if (culprit < 0 && block.Cmm?.Has(page) != true)
                culprit = page;
        }

        return immobile;
    }
}
