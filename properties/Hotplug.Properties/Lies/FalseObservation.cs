using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Properties.Lies;

/// <summary>Tells one lie in what a machine shows.</summary>
internal sealed class FalseObservation
{
    // What neither allocates nor frees takes such pages for memmap, wherever it likes, and no witness says it. Nor does
    // CMM say which pages it lends.
    private static readonly PageState s_memmap = new(PageFlags.InUse | PageFlags.Kernel, 0, 0, 1);

    private Lie _lie;
    private MachineSpec _spec = new();
    private int _choice;
    private Observation _before = new();
    private Observation _truth = new();
    private Observation _observation = new();
    private long _stamp;
    private string? _told;
    private ZoneId? _counting;
    private int _freed;

    /// <summary>
    /// Writes the lie into <paramref name="observation"/>, a copy of the truth, and returns it in words; null if there
    /// is nothing to lie about.
    /// </summary>
    /// <param name="lie">What to lie about.</param>
    /// <param name="spec">The machine.</param>
    /// <param name="done">The operation.</param>
    /// <param name="choice">Where there is a choice, decides what about; 0 and up.</param>
    /// <param name="before">What was seen before the operation.</param>
    /// <param name="truth">What is to be seen after it.</param>
    /// <param name="observation">What is told instead.</param>
    public string? Write(Lie lie, MachineSpec spec, OperationKind done, int choice, Observation before, Observation truth,
        Observation observation)
    {
        (_lie, _spec, _choice, _before, _truth, _observation) = (lie, spec, choice, before, truth, observation);
        _told = null;
        _counting = null;
        switch (lie)
        {
            case Lie.InventsBlock:
                InventBlock();
                break;
            case Lie.FlipsBlockState or Lie.HidesBlock or Lie.SwapsBlockZone or Lie.SwapsBlockNode or Lie.SwapsValidZones:
                LieInBlock();
                break;
            case Lie.FreesOfflinePages or Lie.ReferencesOfflinePages or Lie.TakesFreePages or Lie.FreesUsedPages
                or Lie.PoisonsPage or Lie.SwapsOwner or Lie.DropsReference or Lie.LoansFreePage or Lie.ListsLoansInFreePage
                or Lie.FreesLoanedPage or Lie.ShortensBlock or Lie.LosesPage or Lie.CountsBelowZero or Lie.UsesUnbackedPage
                or Lie.ReferencesVmemmap:
                LieInPages();
                break;
            case Lie.ShiftsChange:
                ShiftChange(done is not (OperationKind.Alloc or OperationKind.Contig or OperationKind.Free
                    or OperationKind.Put or OperationKind.ContigFree));
                break;
            default:
                LieInTables();
                break;
        }

        return _told;
    }

    private bool Tell(string told)
    {
        _told = told;
        return true;
    }

    private void InventBlock()
    {
        for (var n = 0; n < _spec.DimmBlocks; n++)
        {
            var number = _spec.DimmFirstBlock + ((_choice + n) % _spec.DimmBlocks);
            if (_truth.Find(number) is not null)
                continue;
            Tell($"invents block {number}");
            var opened = _observation.Open(number);
            opened.Stamp = --_stamp;
            opened.State = BlockState.Offline;
            opened.Node = 0;
            opened.Pages.Clear();
            opened.Pages.Add(_spec.PagesPerBlock, PageState.None);
            _observation.Close(opened);
            return;
        }
    }

    private void LieInBlock()
    {
        for (var i = 0; i < _truth.Blocks.Length; i++)
        {
            var block = Nth(i);
            if (_lie == Lie.SwapsBlockZone && !(block.IsOnline && block.Zone is ZoneKind.Normal or ZoneKind.Movable))
                continue;
            if (_lie == Lie.SwapsValidZones && (block.IsOnline || !block.IsRegistered))
                continue;
            Tell($"{_lie} of block {block.Block}");
            if (_lie == Lie.HidesBlock)
            {
                _observation.Remove(block.Block);
                return;
            }

            var opened = _observation.Open(block.Block);
            opened.Stamp = --_stamp;
            if (_lie == Lie.FlipsBlockState)
                opened.State = block.IsOnline ? BlockState.Offline : BlockState.Online;
            else if (_lie == Lie.SwapsBlockZone)
                opened.Zone = block.Zone == ZoneKind.Normal ? ZoneKind.Movable : ZoneKind.Normal;
            else if (_lie == Lie.SwapsValidZones)
                opened.OtherZone = block.OtherZone == ZoneKind.None ? ZoneKind.Dma : ZoneKind.None;
            else
                opened.Node++;
            _observation.Close(opened);
            return;
        }
    }

    // What the zone counts as free agrees with it.
    private void LieInPages()
    {
        for (var n = 0; n < _truth.Blocks.Length; n++)
        {
            var block = Nth(n);
            for (var i = 0; i < block.Pages.Runs.Length; i++)
                if (Changed(block.Pages.Runs[i].State) is { } state && block.IsOnline)
                {
                    Tell($"{_lie}: page {_spec.PagesOf(block.Block).Start + block.Pages.Runs[i].Start} {block.Pages.Runs[i].State} -> {state}");
                    Rewrite(block, i, state);
                    _freed = state.IsFree == block.Pages.Runs[i].State.IsFree ? 0 : state.IsFree ? 1 : -1;
                    _counting = block.CountedIn;
                    LieInTables();
                    return;
                }
        }
    }

    // The first page of a run that changed did not, the page after its last did: where both looked alike before.
    private void ShiftChange(bool choosesUnseen)
    {
        for (var n = 0; n < _truth.Blocks.Length; n++)
        {
            var block = Nth(n);
            if (!block.IsOnline || _before.Find(block.Block) is not { IsOnline: true } before)
                continue;
            var start = _spec.PagesOf(block.Block).Start;
            foreach (var change in new PageDiff(before, block))
            {
                var end = change.Start + change.Count;
                var was = change.Before.WithoutOrder;
                if (was == change.After.WithoutOrder || (was.IsFree && change.After.IsFree)
                    || (choosesUnseen && (IsAnybodys(was) || IsAnybodys(change.After))) || end >= block.Pages.Pages
                    || _before.PageAt(start + end, _spec.PagesPerBlock).WithoutOrder != was
                    || _truth.PageAt(start + end, _spec.PagesPerBlock).WithoutOrder != was)
                    continue;
                Tell($"{_lie}: pages [{start + change.Start},{start + end}) {change.Before} -> {change.After}, a page further on");
                var opened = _observation.Open(block.Block);
                opened.Stamp = --_stamp;
                opened.Pages.Clear();
                foreach (ref readonly var run in block.Pages.Runs)
                    for (var page = run.Start; page < run.End; page++)
                        opened.Pages.Add(1, page == change.Start ? change.Before : page == end ? change.After : run.State);
                _observation.Close(opened);
                return;
            }
        }
    }

    private static bool IsAnybodys(PageState page) => page.WithoutOrder == s_memmap
        || page.Owner is PageState.LoanOwner or PageState.LoanListOwner;

    private BlockObservation Nth(int n) => _truth.Blocks[(_choice + n) % _truth.Blocks.Length];

    private PageState? Changed(PageState page) => _lie switch
    {
        Lie.FreesOfflinePages when page.Has(PageFlags.Offline) => PageState.Free(0),
        Lie.ReferencesOfflinePages when page.Has(PageFlags.Offline) => page with { References = page.References == 2 ? 3 : 2 },
        Lie.TakesFreePages when page.Has(PageFlags.Buddy) => new PageState(PageFlags.InUse | PageFlags.Kernel, 0, 0, 1),
        Lie.FreesUsedPages when page.Has(PageFlags.InUse) => page with { Flags = page.Flags | PageFlags.Buddy },
        Lie.LoansFreePage when _spec.HasCmm && page.Has(PageFlags.Buddy) => new PageState(PageFlags.InUse, 0, PageState.LoanOwner, 1),
        Lie.ListsLoansInFreePage when _spec.HasCmm && page.Has(PageFlags.Buddy) =>
            new PageState(PageFlags.InUse, 0, PageState.LoanListOwner, 1),
        Lie.FreesLoanedPage when page.Owner is PageState.LoanOwner or PageState.LoanListOwner => PageState.Free(0),
        Lie.SwapsOwner when page is { Owner: > 0 } && page.Has(PageFlags.Offline) => page with { Owner = (byte)(page.Owner + 1) },
        Lie.DropsReference when page is { References: > 0 } && page.Has(PageFlags.InUse) => page with { References = page.References - 1 },
        Lie.LosesPage when page.Has(PageFlags.Buddy) => PageState.None,
        Lie.ShortensBlock when page.Has(PageFlags.Buddy) => page,
        Lie.CountsBelowZero when page.Has(PageFlags.InUse) => page with { References = -1 },
        Lie.ReferencesVmemmap when page.Has(PageFlags.Vmemmap) => page with { References = page.References + 1000 },
        Lie.UsesUnbackedPage when page.Has(PageFlags.Unbacked) =>
            page with { Flags = (page.Flags & ~PageFlags.Offline) | PageFlags.InUse | PageFlags.Kernel },
        Lie.PoisonsPage when page.Has(PageFlags.Buddy) => page with { Flags = page.Flags | PageFlags.HwPoison },
        _ => null,
    };

    // The first page of the run becomes another; the rest stays.
    private void Rewrite(BlockObservation truth, int index, PageState state)
    {
        var opened = _observation.Open(truth.Block);
        opened.Stamp = --_stamp;
        opened.Pages.Clear();
        for (var i = 0; i < truth.Pages.Runs.Length; i++)
        {
            var run = truth.Pages.Runs[i];
            if (i == index && _lie != Lie.ShortensBlock)
                opened.Pages.Add(1, state);
            opened.Pages.Add(i == index ? run.Count - 1 : run.Count, run.State);
        }

        _observation.Close(opened);
    }

    private void LieInTables()
    {
        _observation.Begin(whole: false);
        var picked = Picked(_truth.Zones, static zone => zone.Present > 0);
        foreach (ref readonly var zone in _truth.Zones)
            if (zone.Id == _counting)
                _observation.Add(zone with { Free = zone.Free + _freed });
            else if (zone.Id != picked?.Id)
                _observation.Add(zone);
            else if (!(_lie == Lie.HidesZone && Tell($"hides {zone.Id}")))
                _observation.Add(Changed(zone));
        var pickedNode = Picked(_truth.Nodes, static _ => true);
        foreach (ref readonly var node in _truth.Nodes)
            _observation.Add(node == pickedNode ? Changed(node) : node);
        foreach (ref readonly var device in _truth.Devices)
            if (!(_told is null && _lie == Lie.HidesDevice && device.Name.Kind == NameKind.Device && Tell($"hides {device.Name}")))
                _observation.Add(_told is null ? Changed(device) : device);
        foreach (ref readonly var balloon in _truth.Balloons)
            _observation.Add(_told is null && _lie == Lie.InflatesBalloon && Tell("size of the balloon") ? balloon with { Pages = balloon.Pages + 1 } : balloon);
        var pickedList = Picked(_truth.Pcplists, static _ => true);
        foreach (ref readonly var list in _truth.Pcplists)
            _observation.Add(_told is null && list == pickedList ? Changed(list) : list);
        foreach (ref readonly var resource in _truth.Resources)
            if (!(_told is null && _lie == Lie.HidesResource && Tell($"hides resource {resource}")))
                _observation.Add(resource);
        if (_told is null && _lie == Lie.CountsPoison && Tell("poisoned pages"))
            _observation.PoisonedPages++;
        LieInCounters();
        _observation.End();
    }

    private T? Picked<T>(ReadOnlySpan<T> all, Func<T, bool> isFit)
        where T : struct
    {
        T[] fit = [.. all.ToArray().Where(isFit)];
        return fit.Length > 0 ? fit[_choice % fit.Length] : null;
    }

    private void LieInCounters()
    {
        _observation.Loans = _truth.Loans is not { } loans ? _truth.Loans : _lie switch
        {
            Lie.HidesLoans when Tell("CMM") => null,
            Lie.LoansPage when Tell("pages on loan") => loans with { Pages = loans.Pages + 1 },
            Lie.WantsLoan when Tell("target of CMM") => loans with { TargetPages = loans.TargetPages + 1 },
            Lie.LoansListPage when Tell("list pages of CMM") => loans with { ListPages = loans.ListPages + 1 },
            _ => loans,
        };
        if (_told is null && _lie == Lie.FlipsCallback && Tell("callbacks"))
            _observation.Callbacks ^= (CallbackOwners)(1 << (int)CallbackOwner.HyperV);
        if (_told is null && _lie == Lie.CountsMemmap && _observation.BootMemmapPages >= 0 && Tell("memmap"))
            _observation.BootMemmapPages++;
    }

    private DeviceObservation Changed(in DeviceObservation device) => _lie switch
    {
        Lie.PlugsSubBlock when device.Name.Kind == NameKind.DeviceMemory && Tell($"size of {device.Name}") =>
            device with { PluggedPages = device.PluggedPages + _spec.DeviceMemories[device.Name.Id - 1].SubBlockPages },
        Lie.LengthensDevice when device.Name.Kind == NameKind.Device && Tell($"size of {device.Name}") =>
            device with { PluggedPages = device.PluggedPages + 1 },
        _ => device,
    };

    private NodeObservation Changed(in NodeObservation node) => _lie switch
    {
        Lie.FlipsNodeMemory when Tell($"memory of node {node.Node}") => node with { HasMemory = !node.HasMemory },
        Lie.FlipsNodeOnline when Tell($"node {node.Node}") => node with { Online = !node.Online },
        _ => node,
    };

    private PcplistObservation Changed(in PcplistObservation list) => _lie switch
    {
        Lie.ListsPage when Tell($"pages on a list of {list.Zone}") => list with { Pages = list.Pages + 1 },
        Lie.RaisesListLimit when Tell($"limit of a list of {list.Zone}") => list with { High = list.High + 1 },
        _ => list,
    };

    private ZoneObservation Changed(in ZoneObservation zone) => _lie switch
    {
        Lie.AddsPresentPage when Tell($"present of {zone.Id}") => zone with { Present = zone.Present + 1 },
        Lie.AddsManagedPage when Tell($"managed of {zone.Id}") => zone with { Managed = zone.Managed + 1 },
        Lie.LengthensSpan when Tell($"span of {zone.Id}") => zone with { Spanned = zone.Spanned + 1 },
        Lie.ShiftsSpan when Tell($"start of {zone.Id}") => zone with { Start = zone.Start + 1 },
        Lie.IsolatesPageblock when Tell($"a pageblock of {zone.Id}") => zone with { IsolatedPageblocks = 1 },
        Lie.AddsFreePage when Tell($"free of {zone.Id}") => zone with { Free = zone.Free + 1 },
        _ => zone,
    };
}
