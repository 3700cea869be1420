using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Properties.Lies;

/// <summary>
/// A machine that does everything right and tells one lie, from its <paramref name="first"/>-th operation on, as soon
/// as there is something to lie about; where there is a choice, the number decides what about. What follows is true
/// again.
/// </summary>
public sealed class LyingMachine(IMachine inner, Lie lie, int first) : IMachine
{
    private readonly Observation _truth = new();
    private readonly Outcome _outcome = new();
    private MachineSpec _spec = new();
    private long _stamp;
    private int _executed;
    private object? _unarmed;
    private Errno _armed;

    /// <summary>The lie was told.</summary>
    public bool Lied { get; private set; }

    /// <summary>What the lie was, for a report.</summary>
    public string Told { get; private set; } = "";

    public MachineIdentity Identity => inner.Identity;

    public void Reset(MachineSpec spec)
    {
        _spec = spec;
        _executed = 0;
        _unarmed = null;
        Lied = false;
        Told = "";
        inner.Reset(spec);
    }

    public void Execute(in Operation operation, in Target target, Outcome outcome)
    {
        _executed++;
        _outcome.Clear();
        if (ShouldLie && lie == Lie.ForgetsVeto && operation.Kind == OperationKind.Veto)
            (_unarmed, _armed) = (((ISnapshots)inner).Snapshot(), operation.Errno);
        inner.Execute(operation, target, _outcome);
        if (_unarmed is not null && operation.Kind is not (OperationKind.Veto or OperationKind.Tick))
            ForgetVeto(operation, target);
        outcome.Answer = _outcome.Answer;
        outcome.Log = _outcome.Log;
        if (ShouldLie)
            LieInAnswer(operation, outcome);
        var hides = ShouldLie && lie == Lie.HidesWitness && IsReliedOn && Tell($"hides witness of '{operation}'");
        var shifts = ShouldLie && lie == Lie.ShiftsWitness && IsReliedOn
            && Tell($"shifts witness of '{operation}'");
        foreach (ref readonly var witness in _outcome.Witness)
            if (!hides)
                outcome.Add(shifts ? witness with { Range = witness.Range with { Start = witness.Range.Start + 1 } } : witness);
        CopyEffects(operation, outcome);
    }

    public void Observe(Observation observation)
    {
        var isBlurred = _truth.DeviceInFlight || _truth.BalloonInFlight;
        inner.Observe(_truth);
        isBlurred |= _truth.DeviceInFlight || _truth.BalloonInFlight;
        observation.CopyFrom(_truth);
        foreach (var block in _truth.Blocks)
            Stamp(observation, block);
        // Of what is still worked on nobody knows more than what is seen.
        if (ShouldLie && _executed > 0 && !isBlurred)
            LieInObservation(observation);
    }

    public void Dispose() => inner.Dispose();

    // A culprit, or the pages that a free gave back, can be seen anyway: nobody has to believe them.
    private bool IsReliedOn => !_outcome.Witness.IsEmpty && _outcome.Witness[0].Role is not (WitnessRole.Culprit or WitnessRole.Released);

    private bool ShouldLie => !Lied && _executed >= first;

    private bool Tell(string told)
    {
        Lied = true;
        Told = told;
        return true;
    }

    // What failed only because it was armed to is done once more, by the machine that nobody armed.
    private void ForgetVeto(in Operation operation, in Target target)
    {
        if (_outcome.Answer == Answer.Of(_armed))
        {
            var refused = ((ISnapshots)inner).Snapshot();
            ((ISnapshots)inner).Restore(_unarmed!);
            _outcome.Clear();
            inner.Execute(operation, target, _outcome);
            if (_outcome.Answer.IsOk)
                Tell($"'{_outcome.Answer}' to '{operation}', which was armed to fail with {ErrnoText.Print(_armed)}");
            else
                ((ISnapshots)inner).Restore(refused);
        }

        _unarmed = null;
    }

    private void LieInAnswer(in Operation operation, Outcome outcome)
    {
        // A policy may be read-only on one machine and not on another: both answers are true.
        if (lie == Lie.SaysOk && operation.Kind != OperationKind.Policy && outcome.Answer.IsErrno && Tell($"ok for {outcome.Answer}"))
            outcome.Answer = Answer.Ok;
        else if (lie == Lie.PrintsWarning && Tell("a warning"))
            outcome.Log = "WARNING: CPU: 0 PID: 1 at mm/page_alloc.c:1 __free_one_page";
        else if (lie == Lie.NeverFinishes && Tell("work that goes on"))
            outcome.Log = Outcome.Endless + "kcompactd0";
        else if (lie == Lie.SaysBusy && outcome.Answer.IsOk && Tell("EBUSY for ok"))
            outcome.Answer = Answer.Of(Errno.EBUSY);
        else if (lie == Lie.SaysAnotherErrno && outcome.Answer.IsErrno && Tell($"ETXTBSY for {outcome.Answer}"))
            outcome.Answer = Answer.Of(Errno.ETXTBSY);
    }

    private void CopyEffects(in Operation operation, Outcome outcome)
    {
        var effects = _outcome.Effects.ToArray();
        var early = Array.FindIndex(effects, HasItsPlace);
        var late = Array.FindLastIndex(effects, HasItsPlace);
        if (ShouldLie && lie == Lie.SwapsSteps && early < late && effects[early].Kind != effects[late].Kind
            && Tell($"swaps '{effects[early]}' and '{effects[late]}' of '{operation}'"))
            (effects[early], effects[late]) = (effects[late], effects[early]);
        var hidden = -1;
        if (ShouldLie && lie == Lie.HidesNotification && Array.FindLastIndex(effects, static e => e.Kind == EffectKind.Notified) is >= 0 and var last
            && Tell($"hides {effects[last]}"))
            hidden = last;
        for (var i = 0; i < effects.Length; i++)
            if (i != hidden)
                outcome.Add(effects[i]);
    }

    // Accounting may come before or after what it counts; pages may be handed out in any order.
    private static bool HasItsPlace(Effect effect) => effect.Kind is EffectKind.Notified or EffectKind.MovedToZone
        or EffectKind.RemovedFromZone or EffectKind.SectionsOnline or EffectKind.SectionsOffline or EffectKind.Isolated
        or EffectKind.Unisolated or EffectKind.PcpDisabled or EffectKind.PcpEnabled or EffectKind.ResourceAdded
        or EffectKind.ResourceReleased or EffectKind.BlockCreated or EffectKind.BlockDestroyed or EffectKind.VmemmapFreed
        or EffectKind.VmemmapPopulated or EffectKind.BlockStateChanged;

    private void LieInObservation(Observation observation)
    {
        switch (lie)
        {
            case Lie.InventsBlock:
                InventBlock(observation);
                break;
            case Lie.FlipsBlockState or Lie.HidesBlock or Lie.SwapsBlockZone or Lie.SwapsBlockNode or Lie.SwapsValidZones:
                LieInBlock(observation);
                break;
            case Lie.FreesOfflinePages or Lie.ReferencesOfflinePages or Lie.TakesFreePages or Lie.FreesUsedPages
                or Lie.PoisonsPage or Lie.SwapsOwner or Lie.DropsReference or Lie.LoansFreePage or Lie.ListsLoansInFreePage
                or Lie.FreesLoanedPage or Lie.ShortensBlock or Lie.LosesPage or Lie.CountsBelowZero or Lie.UsesUnbackedPage
                or Lie.ReferencesVmemmap:
                LieInPages(observation);
                break;
            default:
                LieInTables(observation);
                break;
        }
    }

    private void InventBlock(Observation observation)
    {
        for (var n = 0; n < _spec.DimmBlocks; n++)
        {
            var number = _spec.DimmFirstBlock + ((first + n) % _spec.DimmBlocks);
            if (_truth.Find(number) is not null)
                continue;
            Tell($"invents block {number}");
            var opened = observation.Open(number);
            opened.Stamp = --_stamp;
            opened.State = BlockState.Offline;
            opened.Node = 0;
            opened.Pages.Clear();
            opened.Pages.Add(_spec.PagesPerBlock, PageState.None);
            observation.Close(opened);
            return;
        }
    }

    private void LieInBlock(Observation observation)
    {
        for (var i = 0; i < _truth.Blocks.Length; i++)
        {
            var block = Nth(i);
            if (lie == Lie.SwapsBlockZone && !(block.IsOnline && block.Zone is ZoneKind.Normal or ZoneKind.Movable))
                continue;
            if (lie == Lie.SwapsValidZones && (block.IsOnline || !block.IsRegistered))
                continue;
            Tell($"{lie} of block {block.Block}");
            if (lie == Lie.HidesBlock)
            {
                observation.Remove(block.Block);
                return;
            }

            var opened = observation.Open(block.Block);
            opened.Stamp = --_stamp;
            if (lie == Lie.FlipsBlockState)
                opened.State = block.IsOnline ? BlockState.Offline : BlockState.Online;
            else if (lie == Lie.SwapsBlockZone)
                opened.Zone = block.Zone == ZoneKind.Normal ? ZoneKind.Movable : ZoneKind.Normal;
            else if (lie == Lie.SwapsValidZones)
                opened.OtherZone = block.OtherZone == ZoneKind.None ? ZoneKind.Dma : ZoneKind.None;
            else
                opened.Node++;
            observation.Close(opened);
            return;
        }
    }

    private void LieInPages(Observation observation)
    {
        for (var n = 0; n < _truth.Blocks.Length; n++)
        {
            var block = Nth(n);
            for (var i = 0; i < block.Pages.Runs.Length; i++)
                if (Changed(block.Pages.Runs[i].State) is { } state && block.IsOnline)
                {
                    Tell($"{lie}: page {_spec.PagesOf(block.Block).Start + block.Pages.Runs[i].Start} {block.Pages.Runs[i].State} -> {state}");
                    Rewrite(observation, block, i, state);
                    return;
                }
        }
    }

    private BlockObservation Nth(int n) => _truth.Blocks[(first + n) % _truth.Blocks.Length];

    private PageState? Changed(PageState page) => lie switch
    {
        Lie.FreesOfflinePages when page.Has(PageFlags.Offline) => PageState.Free(0),
        Lie.ReferencesOfflinePages when page.Has(PageFlags.Offline) => page with { References = 2 },
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
    private void Rewrite(Observation observation, BlockObservation truth, int index, PageState state)
    {
        var opened = observation.Open(truth.Block);
        opened.Stamp = --_stamp;
        opened.Pages.Clear();
        for (var i = 0; i < truth.Pages.Runs.Length; i++)
        {
            var run = truth.Pages.Runs[i];
            if (i == index && lie != Lie.ShortensBlock)
                opened.Pages.Add(1, state);
            opened.Pages.Add(i == index ? run.Count - 1 : run.Count, run.State);
        }

        observation.Close(opened);
    }

    private void LieInTables(Observation observation)
    {
        observation.Begin(whole: false);
        foreach (ref readonly var zone in _truth.Zones)
            if (!(ShouldLie && lie == Lie.HidesZone && zone.Present > 0 && Tell($"hides {zone.Id}")))
                observation.Add(ShouldLie && zone.Present > 0 ? Changed(zone) : zone);
        foreach (ref readonly var node in _truth.Nodes)
            observation.Add(ShouldLie ? Changed(node) : node);
        foreach (ref readonly var device in _truth.Devices)
            if (!(ShouldLie && lie == Lie.HidesDevice && device.Name.Kind == NameKind.Device && Tell($"hides {device.Name}")))
                observation.Add(ShouldLie && lie == Lie.PlugsSubBlock && device.Name.Kind == NameKind.DeviceMemory && Tell($"size of {device.Name}")
                    ? device with { PluggedPages = device.PluggedPages + _spec.DeviceMemories[device.Name.Id - 1].SubBlockPages }
                    : device);
        foreach (ref readonly var balloon in _truth.Balloons)
            observation.Add(ShouldLie && lie == Lie.InflatesBalloon && Tell("size of the balloon") ? balloon with { Pages = balloon.Pages + 1 } : balloon);
        foreach (ref readonly var list in _truth.Pcplists)
            observation.Add(ShouldLie ? Changed(list) : list);
        foreach (ref readonly var resource in _truth.Resources)
            if (!(ShouldLie && lie == Lie.HidesResource && Tell($"hides resource {resource}")))
                observation.Add(resource);
        if (ShouldLie && lie == Lie.CountsPoison && Tell("poisoned pages"))
            observation.PoisonedPages++;
        LieInCounters(observation);
        observation.End();
    }

    private void LieInCounters(Observation observation)
    {
        observation.Loans = !ShouldLie || _truth.Loans is not { } loans ? _truth.Loans : lie switch
        {
            Lie.LoansPage when Tell("pages on loan") => loans with { Pages = loans.Pages + 1 },
            Lie.WantsLoan when Tell("target of CMM") => loans with { TargetPages = loans.TargetPages + 1 },
            Lie.LoansListPage when Tell("list pages of CMM") => loans with { ListPages = loans.ListPages + 1 },
            _ => loans,
        };
        if (ShouldLie && lie == Lie.FlipsCallback && Tell("callbacks"))
            observation.Callbacks ^= (CallbackOwners)(1 << (int)CallbackOwner.HyperV);
        if (ShouldLie && lie == Lie.CountsMemmap && observation.BootMemmapPages >= 0 && Tell("memmap"))
            observation.BootMemmapPages++;
    }

    private NodeObservation Changed(in NodeObservation node) => lie switch
    {
        Lie.FlipsNodeMemory when Tell($"memory of node {node.Node}") => node with { HasMemory = !node.HasMemory },
        Lie.FlipsNodeOnline when Tell($"node {node.Node}") => node with { Online = !node.Online },
        _ => node,
    };

    private PcplistObservation Changed(in PcplistObservation list) => lie switch
    {
        Lie.ListsPage when Tell($"pages on a list of {list.Zone}") => list with { Pages = list.Pages + 1 },
        Lie.RaisesListLimit when Tell($"limit of a list of {list.Zone}") => list with { High = list.High + 1 },
        _ => list,
    };

    private ZoneObservation Changed(in ZoneObservation zone) => lie switch
    {
        Lie.AddsPresentPage when Tell($"present of {zone.Id}") => zone with { Present = zone.Present + 1 },
        Lie.AddsManagedPage when Tell($"managed of {zone.Id}") => zone with { Managed = zone.Managed + 1 },
        Lie.LengthensSpan when Tell($"span of {zone.Id}") => zone with { Spanned = zone.Spanned + 1 },
        Lie.ShiftsSpan when Tell($"start of {zone.Id}") => zone with { Start = zone.Start + 1 },
        Lie.IsolatesPageblock when Tell($"a pageblock of {zone.Id}") => zone with { IsolatedPageblocks = 1 },
        Lie.AddsFreePage when Tell($"free of {zone.Id}") => zone with { Free = zone.Free + 1 },
        _ => zone,
    };

    // A copy must not claim the truth's stamps: a lie told earlier has to show as a change when it ends.
    private void Stamp(Observation observation, BlockObservation truth)
    {
        var copy = observation.Find(truth.Block)!;
        copy.Stamp = truth.Stamp;
    }
}
