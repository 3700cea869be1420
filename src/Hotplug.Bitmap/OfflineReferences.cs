using Hotplug.Contract;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>
/// References that somebody else takes on the PageOffline pages of a device memory. Beside its owner's one reference,
/// or beside none in the dialect of source document 003.
/// </summary>
internal sealed class OfflineReferences<TRules>(
    MachineState state, PageAllocator<TRules> pages, ReferenceSteps<TRules> references, TRules rules)
    where TRules : struct, IRules
{
    /// <summary>One reference more, of an unplugged page of an online block.</summary>
    public Errno Get(long pfn)
    {
        if (Find(pfn) is not { } block)
            return Errno.EINVAL;
        references.Adjust(block, pfn, +1);
        state.Touch(block);
        return Errno.None;
    }

    /// <summary>
    /// One reference fewer. Where it is the last one, the page stays PageOffline and out of the buddy: the hook in
    /// __put_page() of source document 003.
    /// </summary>
    public Errno Put(long pfn)
    {
        if (Find(pfn) is not { } block || state.References.Of(pfn) == 0)
            return Errno.EINVAL;
        if (!rules.Keeps(RaceFault.PutDecidesEarly))
            rules.At(SchedulePoint.PutBeforeLastReference, pfn);
        references.Adjust(block, pfn, -1);
        state.Touch(block);
        if (!rules.Keeps(Fault.LastPutFreesPageOffline) && state.HasOfflineUnreferenced && state.References.Of(pfn) == 0)
            pages.GiveBack(block, state.OffsetOf(pfn));
        return Errno.None;
    }

    private MemoryBlock? Find(long pfn) => state.FindBlockOf(pfn) is { IsOnline: true, Memory: > 0 } block
        && state.UseAt(block, state.OffsetOf(pfn)) is PageUse.NeverOnlined or PageUse.Unplugged
        && state.Runs.Find(block, pfn) < 0 ? block : null;
}
