using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>page_ref_add(): one atomic step, whoever counts at the same time.</summary>
internal sealed class ReferenceSteps<TRules>(MachineState state, TRules rules)
    where TRules : struct, IRules
{
    /// <summary>Changes the extra references of a page of the block.</summary>
    public void Adjust(MemoryBlock block, long pfn, int change)
    {
        if (rules.Overlaps && state.References.Of(pfn) + change < 0)
        {
            rules.Report(Mishap.ReferencesBelowZero, pfn);
            return;
        }

        if (rules.Keeps(RaceFault.ReferencesNotAtomic))
        {
            state.References.Add(block, pfn, change);
            return;
        }

        // The seeded fault: what was read before is written after, whatever others did.
        var read = state.References.Of(pfn);
        rules.At(SchedulePoint.PutBeforeLastReference, pfn);
        state.References.Add(block, pfn, read + change - state.References.Of(pfn));
    }
}
