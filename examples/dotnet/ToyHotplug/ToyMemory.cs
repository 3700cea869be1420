using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace ToyHotplug;

/// <summary>The memory of the toy machine: blocks of pages, devices that brought them, allocations that hold
/// them.</summary>
internal sealed class ToyMemory
{
    private readonly MachineSpec _spec;
    private readonly SortedDictionary<int, ToyBlock> _blocks = [];
    private readonly Dictionary<int, ToyDevice> _devices = [];
    private readonly Dictionary<int, ToyAllocation> _allocations = [];
    private readonly Dictionary<long, int> _extra = [];
    private readonly ToyZones _zones;
    private AutoOnline _autoOnline;

    public ToyMemory(MachineSpec spec)
    {
        _spec = spec;
        _zones = new ToyZones(spec, _blocks, _devices);
        _autoOnline = spec.AutoOnline;
        for (var number = 0; number < spec.BootBlocks; number++)
            _blocks.Add(number, new ToyBlock(number, 0, spec.PagesPerBlock) { IsOnline = true, Zone = ZoneKind.Normal });
        if (!spec.PcBoot)
            return;
        _blocks[0].Zone = ZoneKind.None;
        _blocks[spec.BootBlocks - 1].Uses.AsSpan(^spec.PagesPerPageblock..).Fill(PageUse.Hole);
    }

    public IEnumerable<ToyBlock> Blocks => _blocks.Values;

    public Answer Add(in Operation operation, in Target target, Outcome outcome)
    {
        var size = _spec.PagesPerBlock;
        var memmap = (MemmapPlacement)operation.Choice;
        if (operation.Amount == 0 || operation.Amount % size != 0 || target.At % size > 0 || operation.Node > 0
            || memmap == MemmapPlacement.PerDevice
            || (memmap == MemmapPlacement.PerBlock && !_spec.Dialect.Has(DialectItem.AltmapMultiBlock)))
            return Answer.Of(Errno.EINVAL);
        var count = operation.Amount / size;
        if (Place(target.At, count, out var errno) is not { } first)
            return Answer.Of(errno);
        if (Take(count * _spec.VmemmapPagesPerBlock, PageUse.Kernel, movableToo: false) is not { } pages)
            return Answer.Of(Errno.ENOMEM);
        var id = operation.Subject.Id;
        var group = (MemoryGroupKind)operation.Second;
        _devices[id] = new ToyDevice(id, (long)first * size, operation.Amount, group == MemoryGroupKind.Static,
            group == MemoryGroupKind.Dynamic);
        var perBlock = _spec.VmemmapPagesPerBlock;
        for (var i = 0; i < count; i++)
            _blocks.Add(first + i, new ToyBlock(first + i, id, size) { Memmap = pages[(i * perBlock)..((i + 1) * perBlock)] });
        for (var i = 0; i < count && _autoOnline != AutoOnline.Offline; i++)
            Online(_blocks[first + i], _autoOnline);
        outcome.Add(new Witness(WitnessRole.Placed, new PageRange((long)first * size, operation.Amount)));
        return Answer.Ok;
    }

    /// <summary>remove, offline-remove and eject: every block or none.</summary>
    public Answer Remove(in Operation operation, in Target target, Outcome outcome)
    {
        var range = operation.Amount > 0
            ? new PageRange(target.Range.Start, operation.Amount * _spec.PagesPerBlock) : target.Range;
        if (!_spec.DimmRange.Contains(range))
            return Answer.Of(Errno.EINVAL);
        var blocks = _blocks.Values.Where(b => range.Contains(b.First)).ToArray();
        if (operation.Kind == OperationKind.Remove && blocks.Any(static b => b.IsOnline))
            return Answer.Of(Errno.EBUSY);
        var answer = OfflineAll(blocks, outcome);
        if (!answer.IsOk)
            return operation.Kind == OperationKind.Eject && answer.IsErrno ? Answer.Of(Errno.EBUSY) : answer;
        foreach (var block in blocks)
        {
            foreach (var pfn in block.Memmap)
                Use(pfn) = PageUse.Free;
            _blocks.Remove(block.Number);
        }

        foreach (var device in _devices.Values.Where(d => _blocks.Values.All(b => b.Device != d.Id)).ToArray())
            _devices.Remove(device.Id);
        return Answer.Ok;
    }

    /// <summary>A write to a file of a memory block.</summary>
    public Answer Write(in Operation operation, in Target target, Outcome outcome)
    {
        if (!_blocks.TryGetValue(_spec.BlockOf(target.Range.Start), out var block))
            return Answer.Of(Errno.ENOENT);
        switch (operation.Kind)
        {
            case OperationKind.WriteState:
                return (StateText)operation.Choice == StateText.Empty ? Answer.Ok : Answer.Of(Errno.EINVAL);
            case OperationKind.WriteOnline when operation.Amount == 1 == block.IsOnline:
                return Answer.Ok;
            case OperationKind.WriteOnline when block.IsOnline:
            case OperationKind.Offline:
                return block.IsOnline ? Offline(block, outcome) : Answer.Of(Errno.EINVAL);
            case OperationKind.WriteOnline:
                return Online(block, block.Stale);
            default:
                var type = operation.Kind switch
                {
                    OperationKind.OnlineKernel => AutoOnline.OnlineKernel,
                    OperationKind.OnlineMovable => AutoOnline.OnlineMovable,
                    _ => AutoOnline.Online,
                };
                if (!block.IsOnline)
                    return Online(block, type);
                block.Stale = type;
                return Answer.Of(Errno.EINVAL);
        }
    }

    public Answer Alloc(in Operation operation, Outcome outcome)
    {
        if (operation.Node > 0)
            return Answer.Of(Errno.EINVAL);
        var kind = (AllocationKind)operation.Choice;
        var use = kind switch
        {
            AllocationKind.Movable => PageUse.Movable,
            AllocationKind.Unmigratable => PageUse.Unmigratable,
            AllocationKind.Pinned or AllocationKind.LongTermPinned => PageUse.Pinned,
            _ => PageUse.Kernel,
        };
        var movableToo = kind is AllocationKind.Movable or AllocationKind.Pinned;
        if (operation.Amount > _blocks.Count * (long)_spec.PagesPerBlock || operation.Order > _spec.MaxOrder
            || Take(operation.Amount, use, movableToo, operation.Order) is not { } pages)
            return Answer.Of(Errno.ENOMEM);
        _allocations[operation.Subject.Id] = new ToyAllocation(pages);
        Tell(outcome, WitnessRole.Taken, pages);
        return Answer.Ok;
    }

    public Answer Free(int id, Outcome outcome)
    {
        if (!_allocations.TryGetValue(id, out var allocation) || allocation.IsFreed)
            return Answer.Of(Errno.EINVAL);
        allocation.IsFreed = true;
        var released = new List<long>();
        for (var i = 0; i < allocation.Pages.Length; i++)
            if (!_extra.TryGetValue(allocation.Pages[i], out var extra))
                released.Add(Release(allocation, i));
            else
                KeepByPins(allocation.Pages[i], extra);
        Tell(outcome, WitnessRole.Released, released);
        return Answer.Ok;
    }

    /// <summary>get and put.</summary>
    public Answer Refer(in Operation operation, Outcome outcome)
    {
        var subject = operation.Subject;
        if (!_allocations.TryGetValue(subject.Id, out var allocation) || subject.Kind != NameKind.Allocation
            || subject.Page >= allocation.Pages.Length || allocation.Pages[subject.Page] is not (>= 0 and var pfn))
            return Answer.Of(Errno.EINVAL);
        var extra = _extra.GetValueOrDefault(pfn);
        if (operation.Kind == OperationKind.Get)
        {
            _extra[pfn] = extra + 1;
            return Answer.Ok;
        }

        // Once the allocation's own reference is gone, the first one that is counted is a pin.
        if (extra == 0 && !allocation.IsFreed)
            return Answer.Of(Errno.EINVAL);
        if (extra == 0)
            Tell(outcome, WitnessRole.Released, [Release(allocation, (int)subject.Page)]);
        else if (extra == 1)
            _extra.Remove(pfn);
        else
            _extra[pfn] = extra - 1;
        return Answer.Ok;
    }

    public Answer SetPolicy(PolicySetting setting)
    {
        switch (setting)
        {
            case PolicySetting.AutoOffline or PolicySetting.AutoOnline or PolicySetting.AutoOnlineKernel
                or PolicySetting.AutoOnlineMovable:
                _autoOnline = (AutoOnline)(setting - PolicySetting.AutoOffline);
                return Answer.Ok;
            case PolicySetting.ZonesContig or PolicySetting.ZonesAutoMovable:
                _zones.IsAutoMovable = setting == PolicySetting.ZonesAutoMovable;
                return Answer.Ok;
            default:
                // Where the memmap lies is a boot parameter here.
                return Answer.Of(setting == PolicySetting.AutoNonsense ? Errno.EINVAL : Errno.EACCES);
        }
    }

    public void Show(ToyBlock block, BlockObservation seen)
    {
        seen.State = block.IsOnline ? BlockState.Online : BlockState.Offline;
        seen.Node = 0;
        seen.Zone = block.IsOnline ? block.Zone : _zones.Choose(block, AutoOnline.Online);
        seen.OtherZone = block.IsOnline ? ZoneKind.None
            : seen.Zone == ZoneKind.Movable ? _zones.Choose(block, AutoOnline.OnlineKernel) : ZoneKind.Movable;
        seen.Pages.Clear();
        for (int i = 0, end; i < block.Uses.Length; i = end)
        {
            // Run by run; page by page only while somebody has extra references.
            var other = _extra.Count > 0 ? 1 : block.Uses.AsSpan(i).IndexOfAnyExcept(block.Uses[i]);
            end = other < 0 ? block.Uses.Length : i + other;
            seen.Pages.Add(end - i, block.IsOnline ? Look(block, i) : PageState.None);
        }
    }

    public void ShowSums(Observation observation)
    {
        long managed = 0;
        foreach (var zone in ToyZones.Kinds)
        {
            var (span, present) = (_zones.Span(zone), _zones.Present(zone));
            managed += present;
            observation.Add(new ZoneObservation(
                new ZoneId(0, zone), span.Start, span.Count, present, present, _zones.Free(zone), 0));
        }

        foreach (var device in _devices.Values)
            observation.Add(new DeviceObservation(
                Name.Device(device.Id), new PageRange(device.Start, device.Pages), device.Pages, device.Pages, false));
        var normal = _zones.Present(ZoneKind.Dma) + _zones.Present(ZoneKind.Normal) > 0;
        observation.Add(new NodeObservation(0, true, normal || _zones.Present(ZoneKind.Movable) > 0, normal));
        foreach (var block in _blocks.Values)
            if (block.Device > 0)
                observation.Add(_spec.PagesOf(block.Number));
        observation.ManagedTotal = managed;
        observation.PoisonedPages = 0;
        observation.BootMemmapPages = _blocks.Values.Sum(static b => (long)b.Memmap.Length);
    }

    private PageState Look(ToyBlock block, int offset)
    {
        var extra = _extra.Count == 0 ? 0 : _extra.GetValueOrDefault(block.First + offset);
        return block.Uses[offset] switch
        {
            PageUse.Free => PageState.Free(0),
            PageUse.Hole => PageState.None,
            PageUse.Movable => new PageState(PageFlags.InUse | PageFlags.Movable, 0, 0, 1 + extra),
            PageUse.Pinned => new PageState(PageFlags.InUse | PageFlags.Movable, 0, 0, 2 + extra),
            PageUse.Unmigratable => new PageState(PageFlags.InUse | PageFlags.Unmigratable, 0, 0, 1 + extra),
            _ => new PageState(PageFlags.InUse | PageFlags.Kernel, 0, 0, 1 + extra),
        };
    }

    private ref PageUse Use(long pfn) => ref _blocks[_spec.BlockOf(pfn)].Uses[(int)(pfn % _spec.PagesPerBlock)];

    private int? Place(long at, long count, out Errno errno)
    {
        var dimms = new PageRange(_spec.DimmFirstBlock, _spec.DimmBlocks);
        var isInside = false;
        for (var first = at >= 0 ? at / _spec.PagesPerBlock : dimms.Start; first < dimms.End || at >= 0; first++)
        {
            isInside = first >= dimms.Start && count <= dimms.End - first;
            if (isInside && !_blocks.Keys.Any(n => n >= first && n < first + count))
            {
                errno = Errno.None;
                return (int)first;
            }

            if (at >= 0)
                break;
        }

        errno = at >= 0 && isInside ? Errno.EEXIST : Errno.E2BIG;
        return null;
    }

    // All of them or none: chunks of the order, those of kernel zones first.
    private long[]? Take(long count, PageUse use, bool movableToo, int order = 0, ToyBlock? without = null)
    {
        var chunk = 1 << order;
        var pages = new List<long>();
        foreach (var isMovable in movableToo ? (bool[])[false, true] : [false])
            foreach (var block in _blocks.Values)
            {
                if (!block.IsOnline || block == without || block.Zone == ZoneKind.Movable != isMovable)
                    continue;
                for (var at = 0; at + chunk <= block.Uses.Length && pages.Count < count; at += chunk)
                    if (!block.Uses.AsSpan(at, chunk).ContainsAnyExcept(PageUse.Free))
                        for (var i = 0; i < chunk; i++)
                            pages.Add(block.First + at + i);
            }

        if (pages.Count < count)
            return null;
        foreach (var pfn in pages)
            Use(pfn) = use;
        return [.. pages];
    }

    // A page that only its pins keep alive cannot be migrated any more.
    private void KeepByPins(long pfn, int extra)
    {
        if (Use(pfn) is PageUse.Movable or PageUse.Pinned)
            Use(pfn) = PageUse.Unmigratable;
        _extra[pfn] = extra - 1;
        if (extra == 1)
            _extra.Remove(pfn);
    }

    private long Release(ToyAllocation allocation, int index)
    {
        var pfn = allocation.Pages[index];
        Use(pfn) = PageUse.Free;
        allocation.Pages[index] = -1;
        return pfn;
    }

    private Answer Online(ToyBlock block, AutoOnline type)
    {
        block.Zone = _zones.Choose(block, type);
        block.IsOnline = true;
        block.Stale = AutoOnline.Offline;
        return Answer.Ok;
    }

    // offline_pages(): refused, or without an end, or what is movable moves away.
    private Answer Offline(ToyBlock block, Outcome outcome)
    {
        if (block.IsFixed)
            return Answer.Of(Errno.EINVAL);
        if (Find(block, static use => use == PageUse.Kernel) is { } kernel)
            return Blame(kernel, Answer.Of(Errno.EBUSY), outcome);
        var stuck = Find(block, static use => use is not (PageUse.Free or PageUse.Movable));
        for (var i = 0; i < block.Uses.Length && stuck is null && _extra.Count > 0; i++)
            stuck = _extra.ContainsKey(block.First + i) ? block.First + i : null;
        if (stuck is { } page)
            return Blame(page, Answer.Unfinished, outcome);
        var sources = Enumerable.Range(0, block.Uses.Length).Where(i => block.Uses[i] != PageUse.Free)
            .Select(i => block.First + i).ToArray();
        if (Take(sources.Length, PageUse.Movable, movableToo: true, without: block) is not { } targets)
            return Blame(sources[0], Answer.Unfinished, outcome);
        Move(block, sources, targets, outcome);
        block.IsOnline = false;
        block.Zone = ZoneKind.None;
        return Answer.Ok;
    }

    private Answer OfflineAll(ToyBlock[] blocks, Outcome outcome)
    {
        var zones = blocks.Where(static b => b.IsOnline).Select(static b => (Block: b, b.Zone)).ToArray();
        foreach (var (block, _) in zones)
        {
            var answer = Offline(block, outcome);
            if (answer.IsOk)
                continue;
            foreach (var (taken, zone) in zones)
                (taken.IsOnline, taken.Zone) = (true, zone);
            return answer;
        }

        return Answer.Ok;
    }

    private void Move(ToyBlock block, long[] sources, long[] targets, Outcome outcome)
    {
        var moved = new long[block.Uses.Length];
        for (var i = 0; i < sources.Length; i++)
            moved[sources[i] - block.First] = targets[i];
        foreach (var allocation in _allocations.Values)
            foreach (ref var pfn in allocation.Pages.AsSpan())
                if (pfn >= block.First && pfn < block.First + moved.Length)
                    pfn = moved[pfn - block.First];
        Array.Fill(block.Uses, PageUse.Free);
        Tell(outcome, WitnessRole.Migrated, targets, sources);
    }

    // Pages that follow each other, here and where they were, are told as one run.
    private static void Tell(
        Outcome outcome, WitnessRole role, IReadOnlyList<long> pages, long[]? sources = null)
    {
        for (int i = 0, end = 1; i < pages.Count; i = end++)
        {
            while (end < pages.Count && pages[end] == pages[end - 1] + 1
                && (sources is null || sources[end] == sources[end - 1] + 1))
                end++;
            outcome.Add(new Witness(role, new PageRange(pages[i], end - i), sources?[i] ?? -1));
        }
    }

    private static long? Find(ToyBlock block, Predicate<PageUse> which) =>
        Array.FindIndex(block.Uses, which) is >= 0 and var offset ? block.First + offset : null;

    private static Answer Blame(long pfn, Answer answer, Outcome outcome)
    {
        outcome.Add(new Witness(WitnessRole.Culprit, new PageRange(pfn, 1)));
        return answer;
    }
}
