using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>Where the memmap of added memory lies, and how it gets there (kernel-semantics 1.7, 4.2).</summary>
internal sealed class Memmap<TRules>(
    MachineState state, PageAllocator<TRules> pages, VmemmapGroups<TRules> groups, TRules rules)
    where TRules : struct, IRules
{
    /// <summary>
    /// mhp_supports_memmap_on_memory(): 6.1 for one block only, and an explicit wish that cannot be met is refused;
    /// later kernels fall back to other memory. Only source document 001 knows a memmap per device.
    /// </summary>
    public bool TryPlace(MemmapPlacement wish, long blocks, out MemmapPlacement placement)
    {
        placement = MemmapPlacement.Boot;
        var dialect = state.Spec.Dialect;
        var policy = state.MemmapOnMemory;
        var falls = dialect.Has(DialectItem.AltmapMultiBlock) || wish == MemmapPlacement.Policy;
        switch (wish)
        {
            case MemmapPlacement.Boot:
                return true;
            case MemmapPlacement.PerDevice when !dialect.Has(DialectItem.MemmapGroups):
                return false;
            case MemmapPlacement.PerDevice when state.Spec.CanSelfHost(policy, blocks):
                placement = MemmapPlacement.PerDevice;
                return true;
            case MemmapPlacement.PerDevice:
                return true;
            default:
                var isOne = blocks == 1 || dialect.Has(DialectItem.AltmapMultiBlock);
                if (isOne && state.Spec.CanSelfHost(policy))
                    placement = MemmapPlacement.PerBlock;
                return falls || placement == MemmapPlacement.PerBlock;
        }
    }

    /// <summary>Says of each of the blocks that were just added how many vmemmap pages it begins with.</summary>
    public void LayOut(PageRange range, MemmapPlacement placement)
    {
        var policy = state.MemmapOnMemory;
        var size = state.Layout.PagesPerBlock;
        var left = placement switch
        {
            MemmapPlacement.PerDevice => state.Spec.SelfHostedPages(policy, range.Count / size),
            MemmapPlacement.PerBlock => state.Spec.SelfHostedPages(policy)
                + (rules.Keeps(Fault.VmemmapTooLarge) ? 0 : state.Spec.PagesPerPageblock),
            _ => 0,
        };
        foreach (var number in state.Blocks.In(range))
        {
            if (!rules.Keeps(Fault.OnlyFirstBlockHosts) && number != state.Spec.BlockOf(range.Start))
                return;
            var block = state.Blocks[number];
            block.Memmap = placement;
            block.Vmemmap = (int)Math.Min(left, size);
            if (placement == MemmapPlacement.PerDevice)
                left -= block.Vmemmap;
            if (placement != MemmapPlacement.Boot)
                block.Head = placement == MemmapPlacement.PerBlock ? number : state.Spec.BlockOf(range.Start);
        }
    }

    /// <summary>__populate_section_memmap(), section by section, then mark_vmemmap_pages().</summary>
    public Errno Populate(PageRange range, EffectLog log)
    {
        for (var pfn = range.Start; pfn < range.End; pfn += state.Spec.PagesPerSection)
        {
            var block = state.BlockOf(pfn);
            var errno = state.Injection.Strike(VetoPoint.Memmap);
            var memmap = -1L;
            if (errno == Errno.None && block.Head < 0)
                errno = Take(block, log, out memmap);
            if (errno != Errno.None)
                return errno;
            if (block.Head >= 0)
            {
                var head = state.Spec.PagesOf(block.Head).Start;
                memmap = head + ((pfn - head) / state.Spec.PagesPerSection * state.Spec.VmemmapPagesPerSection);
            }

            block.PopulatedSections++;
            log.Add(EffectKind.VmemmapPopulated, new PageRange(pfn, state.Spec.PagesPerSection), default, memmap);
        }

        if (state.BlockOf(range.Start).Head >= 0)
            groups.Mark(range, log);
        return Errno.None;
    }

    private Errno Take(MemoryBlock block, EffectLog log, out long first)
    {
        first = -1;
        if (block.MemmapHolder < 0)
        {
            block.MemmapHolder = state.Runs.AddHolder();
            state.Runs.HolderOf(block.MemmapHolder).Use = PageUse.Kernel;
        }

        var wanted = state.Spec.VmemmapPagesPerSection;
        var nearest = state.Spec.MemmapNode >= 0 ? state.Spec.MemmapNode : block.Node;
        var taken = TakeFrom(nearest, wanted, block.MemmapHolder, log);
        if (taken < wanted && state.Spec.MemmapNode < 0)
            for (var node = 0; node < state.Spec.Nodes && taken < wanted; node++)
                taken += TakeFrom(node, wanted - taken, block.MemmapHolder, log);
        state.BootMemmapPages += rules.Keeps(Fault.MemmapCostCountedTwice) ? taken : 2 * taken;
        block.MemmapPages += (int)taken;
        if (taken < wanted)
            return Errno.ENOMEM;
        var last = state.Runs[state.Runs.HolderOf(block.MemmapHolder).Last];
        first = last.End - Math.Min(wanted, last.Count);
        return Errno.None;
    }

    // Chunks of the memmap's order; what the last one has too much goes back.
    private long TakeFrom(int node, long wanted, int holder, EffectLog log)
    {
        var order = state.Spec.MemmapOrder;
        var chunks = (wanted + (1L << order) - 1) >> order << order;
        var taken = pages.TakeKernel(node, chunks, order, holder, high: false, log, role: null);
        if (taken <= wanted)
            return taken;
        pages.ReleaseTail(holder, taken - wanted);
        return wanted;
    }
}
