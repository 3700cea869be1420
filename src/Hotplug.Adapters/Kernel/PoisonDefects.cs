using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Adapters.Kernel;

/// <summary>
/// Offlining takes poisoned PageOffline pages for pages of the allocator: the commit step skips poison before it looks
/// at PageOffline, so managed falls by one too many for each. __offline_isolated_pages(), mm/page_alloc.c.
/// </summary>
internal sealed class PoisonedOfflineCounted : IKnownDefect
{
    /// <inheritdoc/>
    public string Id => "poisoned-offline-counted";

    /// <inheritdoc/>
    public void Reset()
    {
        // Decides from one operation.
    }

    /// <inheritdoc/>
    public void Watch(Transition seen)
    {
        foreach (ref readonly var node in seen.After.Nodes)
            if (node.Online && !WasOnline(seen, node.Node))
                seen.Deviations.BeginZonesAnew(node.Node);
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.Before is not { IsOnline: true } before || change.After is { IsOnline: true })
                continue;
            var pages = before.Zone == ZoneKind.None ? 0 : Unmanaged(seen, before);
            if (pages > 0)
                seen.Deviations.Predict(
                    new Deviation(Id, DeviationKind.ManagedPages, before.CountedIn, before.Block, -pages));
        }
    }

    private static bool WasOnline(Transition seen, short number)
    {
        foreach (ref readonly var node in seen.Before.Nodes)
            if (node.Node == number)
                return node.Online;
        return false;
    }

    private static long Unmanaged(Transition seen, BlockObservation block)
    {
        if (BalloonPages.StayManaged(seen.Spec, block.Block))
            return 0;

        // What is unplugged on the way out is PageOffline by the time that its block goes, poisoned or not.
        var unplugs = seen.Operation.Kind is OperationKind.Unplug or OperationKind.Resize
            && seen.Spec.DeviceMemoryOf(block.Block) > 0;
        return unplugs ? block.Pages.Poisoned : block.Pages.PoisonedOffline;
    }
}

/// <summary>
/// Onlining a block again forgets its poison: the memmap is initialised anew, the flags are gone, the pages are handed
/// out, and HardwareCorrupted counts them for ever. memmap_init_range(), mm/page_alloc.c.
/// </summary>
internal sealed class PoisonForgotten : IKnownDefect
{
    private readonly Dictionary<int, int> _poisonedWhenLeft = [];

    /// <inheritdoc/>
    public string Id => "poison-forgotten";

    /// <inheritdoc/>
    public void Reset() => _poisonedWhenLeft.Clear();

    /// <inheritdoc/>
    public void Watch(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            var poisoned = change.Before is { IsOnline: true } before ? before.Pages.Poisoned : 0;
            if (change.After is null)
                _poisonedWhenLeft.Remove(change.Block);
            else if (change is { Before.IsOnline: false, After.IsOnline: true }
                && _poisonedWhenLeft.Remove(change.Block, out var forgotten))
                Predict(seen, change.Block, forgotten);
            else if (!change.After.IsOnline && poisoned > 0)
                _poisonedWhenLeft[change.Block] = poisoned;
        }

        // A refused ejection offlines and onlines inside one operation.
        if (seen.Operation.Kind == OperationKind.Eject && seen.Answer.IsErrno)
            foreach (var block in EjectedBlocks.ThatWentOffline(seen))
                if (block.Pages.Poisoned > 0 && seen.After.Find(block.Block) is { IsOnline: true, Pages.Poisoned: 0 })
                    Predict(seen, block.Block, block.Pages.Poisoned);
    }

    private void Predict(Transition seen, int block, int pages) =>
        seen.Deviations.Predict(new Deviation(Id, DeviationKind.PoisonLost, Block: block, Amount: pages));
}

/// <summary>
/// Unpoisoning a PageOffline page drops its owner's reference: an unplugged page goes to the allocator, which never
/// managed it. unpoison_memory(), mm/memory-failure.c.
/// </summary>
internal sealed class UnpoisonFreesOffline : IKnownDefect
{
    // Given to the allocator: on a per-CPU list such a page keeps its type, without a reference, for a while.
    private readonly List<long> _onList = [];

    /// <inheritdoc/>
    public string Id => "unpoison-frees-offline";

    /// <inheritdoc/>
    public void Reset() => _onList.Clear();

    /// <inheritdoc/>
    public void Watch(Transition seen)
    {
        // What was given away so is over when the block leaves its zone.
        foreach (ref readonly var change in seen.Changed)
            if (change is { Before.IsOnline: true, After: not { IsOnline: true } })
                Forget(seen, change.Block);
        for (var i = _onList.Count - 1; i >= 0; i--)
            if (Follow(seen, _onList[i]))
                _onList.RemoveAt(i);
        var pfn = seen.Target.Range.Start;
        if (seen.Operation.Kind != OperationKind.Unpoison || !seen.Answer.IsOk
            || !seen.PageBefore(pfn).Has(PageFlags.Offline | PageFlags.HwPoison))
            return;
        if (IsOnList(seen.PageAfter(pfn)))
        {
            _onList.Add(pfn);
            Predict(seen, DeviationKind.OfflineUnreferenced, pfn);
        }
        else
        {
            PredictLost(seen, pfn);
        }
    }

    private static bool IsOnList(in PageState page) => page.Has(PageFlags.Offline) && page.References == 0;

    // True when the page has left the list.
    private bool Follow(Transition seen, long pfn)
    {
        var page = seen.PageAfter(pfn);
        if (IsOnList(page))
            return false;
        var (block, offset) = Place(seen, pfn);
        seen.Deviations.End(d => d.Defect == Id && d.Kind == DeviationKind.OfflineUnreferenced
            && d.Block == block && d.Amount == offset);
        if (!page.Has(PageFlags.Offline))
            PredictLost(seen, pfn);
        return true;
    }

    private void PredictLost(Transition seen, long pfn)
    {
        var (block, _) = Place(seen, pfn);
        if (seen.Before.Find(block) is not { } shown)
            return;
        Predict(seen, DeviationKind.OfflineLost, pfn);
        if (BalloonPages.StayManaged(seen.Spec, block))
            return;
        seen.Deviations.Predict(new Deviation(Id, DeviationKind.ManagedPages, shown.CountedIn, block, -1));
    }

    private void Predict(Transition seen, DeviationKind kind, long pfn)
    {
        var (block, offset) = Place(seen, pfn);
        seen.Deviations.Predict(new Deviation(Id, kind, Block: block, Amount: offset));
    }

    private static (int Block, long Offset) Place(Transition seen, long pfn)
    {
        var block = seen.Spec.BlockOf(pfn);
        return (block, pfn - seen.Spec.PagesOf(block).Start);
    }

    private void Forget(Transition seen, int block)
    {
        seen.Deviations.End(d => d.Defect == Id && d.Block == block);
        _onList.RemoveAll(pfn => seen.Spec.BlockOf(pfn) == block);
    }
}

/// <summary>
/// Unpoisoning a page of a self-hosted vmemmap drops its only reference: page descriptors lie in a free page from then
/// on. unpoison_memory(), mm/memory-failure.c; since 6.11 hot-added pages are PageOffline and no longer PG_reserved
/// before they come online, and those of the vmemmap neither: memmap_init_range(), mm/mm_init.c;
/// mhp_init_memmap_on_memory(), mm/memory_hotplug.c.
/// </summary>
internal sealed class UnpoisonFreesVmemmap : IKnownDefect
{
    /// <inheritdoc/>
    public string Id => "unpoison-frees-vmemmap";

    /// <inheritdoc/>
    public void Reset()
    {
        // Decides from one operation.
    }

    /// <inheritdoc/>
    public void Watch(Transition seen)
    {
        var pfn = seen.Target.Range.Start;
        if (seen.Operation.Kind != OperationKind.Unpoison || !seen.Answer.IsOk
            || !seen.PageBefore(pfn).Has(PageFlags.Vmemmap | PageFlags.HwPoison))
            return;
        var block = seen.Spec.BlockOf(pfn);
        if (seen.Before.Find(block) is not { } shown)
            return;
        seen.Deviations.Predict(new Deviation(
            Id, DeviationKind.VmemmapLost, Block: block, Amount: pfn - seen.Spec.PagesOf(block).Start));
        seen.Deviations.Predict(new Deviation(Id, DeviationKind.ManagedPages, shown.CountedIn, block, -1));
    }
}

/// <summary>
/// A poisoned page that its driver gives back – a sub-block that is plugged, a balloon that deflates – or that lay on a
/// per-CPU list reaches the buddy with its flag set. generic_online_page(), free_contig_range().
/// </summary>
internal sealed class PoisonedPageFreed : IKnownDefect
{
    /// <inheritdoc/>
    public string Id => "poisoned-page-freed";

    /// <inheritdoc/>
    public void Reset()
    {
        // Decides from one operation.
    }

    /// <inheritdoc/>
    public void Watch(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            var block = change.Block;
            seen.Deviations.End(d => d.Defect == Id && d.Block == block);
            if (change is { Before: { IsOnline: true, Pages.Poisoned: > 0 } before, After: { IsOnline: true } after })
                Predict(seen, before, after);
        }
    }

    private void Predict(Transition seen, BlockObservation before, BlockObservation after)
    {
        foreach (ref readonly var run in after.Pages.Runs)
        {
            if (!run.State.Has(PageFlags.HwPoison | PageFlags.Buddy))
                continue;
            for (var offset = run.Start; offset < run.End; offset++)
            {
                // Set free by its owner now, off a per-CPU list now, or there since it was.
                var was = before.Pages.At(offset);
                var given = was.HasAny(PageFlags.Offline | PageFlags.Buddy)
                    || (was.Flags == PageFlags.HwPoison && was.References == 0);
                if (was.Has(PageFlags.HwPoison) && given)
                    seen.Deviations.Predict(
                        new Deviation(Id, DeviationKind.PoisonedInBuddy, Block: after.Block, Amount: offset));
            }
        }
    }
}

/// <summary>Pages of a balloon, where the kernel does not tell whose a PageOffline page is.</summary>
internal static class BalloonPages
{
    /// <summary>
    /// True where a PageOffline page is one of a balloon that deflates on OOM, which stays managed. fill_balloon(),
    /// drivers/virtio/virtio_balloon.c.
    /// </summary>
    internal static bool StayManaged(MachineSpec spec, int block) =>
        spec.DeviceMemoryOf(block) == 0 && spec.Balloons.Any(static b => b.DeflateOnOom);
}
