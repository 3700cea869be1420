using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>Adds memory: add_memory_resource() (kernel-semantics 3.1).</summary>
internal sealed class Adding<TRules>(
    MachineState state, PageAllocator pages, Removing removing, Onlining<TRules> onlining)
    where TRules : struct, IRules
{
    /// <summary>The operation <c>add</c>: a DIMM.</summary>
    public Errno Add(in Operation operation, in Target target, EffectLog log)
    {
        var spec = state.Spec;
        var dimms = spec.DimmRange;
        var count = operation.Amount;
        if (count == 0 || operation.Node >= spec.Nodes)
            return Errno.EINVAL;
        if (count > dimms.Count || state.Devices.IndexOf(operation.Subject.Id) >= 0)
            return count > dimms.Count ? Errno.E2BIG : Errno.EEXIST;
        var start = target.At >= 0 ? target.At : FirstGap(count);
        if (start < 0 || !dimms.Contains(new PageRange(start, count)))
            return Errno.E2BIG;
        var range = new PageRange(start, count);
        if (state.Resources.Intersects(range))
            return Errno.EEXIST;
        if (start % spec.PagesPerBlock != 0 || count % spec.PagesPerBlock != 0)
            return Errno.EINVAL;
        if (!TryPlaceMemmap((MemmapPlacement)operation.Choice, count / spec.PagesPerBlock, out var vmemmap))
            return Errno.EINVAL;
        var errno = AddDimm(operation, range, vmemmap, log);
        if (errno == Errno.None)
            AutoOnline(range, log);
        return errno;
    }

    /// <summary>
    /// Adds whole blocks, offline, without onlining them: memmap, resource, block devices. On failure nothing is left
    /// behind.
    /// </summary>
    public Errno AddBlocks(PageRange range, short node, int vmemmap, EffectLog log)
    {
        state.Zones.Generation++;
        state.Resources.Add(range);
        log.Add(EffectKind.ResourceAdded, range);
        if (!state.NodeOnline[node])
        {
            state.NodeOnline[node] = true;
            log.Add(EffectKind.NodeOnline, default, new ZoneId(node, ZoneKind.None), 1);
        }

        for (var pfn = range.Start; pfn < range.End; pfn += state.Layout.PagesPerBlock)
        {
            var block = state.Blocks.Add(state.Spec.BlockOf(pfn));
            block.Node = node;
            state.NodeBlocks[node]++;
            block.Vmemmap = vmemmap;
        }

        // With self-hosting, block after block; otherwise all memmap first (create_altmaps_and_memory_blocks()).
        var step = vmemmap > 0 ? state.Layout.PagesPerBlock : range.Count;
        for (var pfn = range.Start; pfn < range.End; pfn += step)
        {
            var part = new PageRange(pfn, step);
            var errno = Populate(part, log);
            if (errno == Errno.None)
                errno = CreateDevices(part, log);
            if (errno == Errno.None)
                continue;
            removing.Undo(range, log);
            return errno;
        }

        return Errno.None;
    }

    /// <summary>Brings added blocks online as the policy says; what fails is ignored.</summary>
    public void AutoOnline(PageRange range, EffectLog log)
    {
        if (state.AutoOnline == Contract.Machines.AutoOnline.Offline)
            return;
        for (var pfn = range.Start; pfn < range.End; pfn += state.Layout.PagesPerBlock)
        {
            var block = state.BlockOf(pfn);
            block.OnlineType = state.AutoOnline;
            onlining.Online(block, log);
        }
    }

    private Errno AddDimm(in Operation operation, PageRange range, int vmemmap, EffectLog log)
    {
        var errno = AddBlocks(range, operation.Node, vmemmap, log);
        if (errno != Errno.None)
            return errno;
        var kind = (MemoryGroupKind)operation.Second;
        var blocks = (int)(range.Count / state.Layout.PagesPerBlock);
        var group = kind == MemoryGroupKind.None ? 0 : state.Groups.Add(new MemoryGroup
        {
            IsDynamic = kind == MemoryGroupKind.Dynamic,
            Node = operation.Node,
            MostPages = range.Count,
            Blocks = blocks,
        });
        for (var pfn = range.Start; pfn < range.End; pfn += state.Layout.PagesPerBlock)
        {
            var block = state.BlockOf(pfn);
            block.Device = operation.Subject.Id;
            block.Group = group;
            state.Touch(block);
        }

        state.Devices.Dimms.Add(new Dimm(operation.Subject.Id, range, blocks));
        log.Witness(WitnessRole.Placed, range);
        return Errno.None;
    }

    // mhp_supports_memmap_on_memory(): 6.1 for one block only, and an explicit wish that cannot be met is refused.
    private bool TryPlaceMemmap(MemmapPlacement placement, long blocks, out int vmemmap)
    {
        vmemmap = 0;
        if (placement == MemmapPlacement.PerDevice)
            return false;
        if (placement == MemmapPlacement.Boot)
            return true;
        var isMulti = state.Spec.Dialect.Has(DialectItem.AltmapMultiBlock);
        if (state.Spec.CanSelfHost(state.MemmapOnMemory) && (blocks == 1 || isMulti))
            vmemmap = state.Spec.SelfHostedPages(state.MemmapOnMemory);
        return vmemmap > 0 || isMulti || placement == MemmapPlacement.Policy;
    }

    private long FirstGap(long count)
    {
        var start = state.Spec.DimmRange.Start;
        foreach (var taken in state.Resources.Ranges)
        {
            if (taken.End <= start)
                continue;
            if (taken.Start >= start + count)
                break;
            start = taken.End;
        }

        return start + count <= state.Spec.DimmRange.End ? start : -1;
    }

    // __populate_section_memmap(), section by section.
    private Errno Populate(PageRange range, EffectLog log)
    {
        for (var pfn = range.Start; pfn < range.End; pfn += state.Spec.PagesPerSection)
        {
            var block = state.BlockOf(pfn);
            var errno = state.Injection.Strike(VetoPoint.Memmap);
            var memmap = -1L;
            if (errno == Errno.None)
                errno = block.Vmemmap > 0 ? Errno.None : TakeMemmap(block, log, out memmap);
            if (errno != Errno.None)
                return errno;
            if (block.Vmemmap > 0)
            {
                var section = (pfn - state.PageOf(block, 0)) / state.Spec.PagesPerSection;
                memmap = state.PageOf(block, 0) + (section * state.Spec.VmemmapPagesPerSection);
            }

            block.PopulatedSections++;
            log.Add(EffectKind.VmemmapPopulated, new PageRange(pfn, state.Spec.PagesPerSection), default, memmap);
        }

        return Errno.None;
    }

    private Errno TakeMemmap(MemoryBlock block, EffectLog log, out long first)
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
        state.BootMemmapPages += taken;
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

    private Errno CreateDevices(PageRange range, EffectLog log)
    {
        for (var pfn = range.Start; pfn < range.End; pfn += state.Layout.PagesPerBlock)
        {
            var errno = state.Injection.Strike(VetoPoint.BlockDevice);
            if (errno != Errno.None)
                return errno;
            var block = state.BlockOf(pfn);
            block.HasDevice = true;
            log.Add(EffectKind.BlockCreated, state.RangeOf(block));
        }

        return Errno.None;
    }
}
