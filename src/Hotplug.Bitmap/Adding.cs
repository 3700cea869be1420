using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>Adds memory: add_memory_resource() (kernel-semantics 3.1).</summary>
internal sealed class Adding<TRules>(
    MachineState state, Memmap<TRules> memmaps, Removing<TRules> removing, Onlining<TRules> onlining)
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
        var wish = (MemmapPlacement)operation.Choice;
        if (!memmaps.TryPlace(wish, count / spec.PagesPerBlock, out var placement))
            return Errno.EINVAL;
        var errno = AddDimm(operation, range, placement, log);
        if (errno == Errno.None)
            AutoOnline(range, log);
        return errno;
    }

    /// <summary>
    /// Adds whole blocks, offline, without onlining them: memmap, resource, block devices. On failure nothing is left
    /// behind.
    /// </summary>
    public Errno AddBlocks(PageRange range, short node, MemmapPlacement memmap, EffectLog log)
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
        }

        // With a memmap per block, block after block; otherwise all memmap first (create_altmaps_and_memory_blocks()).
        memmaps.LayOut(range, memmap);
        var step = memmap == MemmapPlacement.PerBlock ? state.Layout.PagesPerBlock : range.Count;
        for (var pfn = range.Start; pfn < range.End; pfn += step)
        {
            var part = new PageRange(pfn, step);
            var errno = memmaps.Populate(part, log);
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

    private Errno AddDimm(in Operation operation, PageRange range, MemmapPlacement memmap, EffectLog log)
    {
        var errno = AddBlocks(range, operation.Node, memmap, log);
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
