using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Engine.Floors;

/// <summary>Tells what an operation met, as bits of <see cref="SubjectState"/>. Follows the run for what cannot be
/// seen: what is armed.</summary>
internal sealed class SubjectStates
{
    private const byte GoingOnline = 1, GoingOffline = 2;

    private bool _vetoArmed;
    private byte _errorsArmed;

    internal void Begin()
    {
        _vetoArmed = false;
        _errorsArmed = 0;
    }

    /// <summary>What the operation met.</summary>
    internal ulong Of(Transition seen)
    {
        var bits = OfMachine(seen.Before);
        if (_vetoArmed)
            bits |= Bit(SubjectState.VetoArmed);
        if (_errorsArmed != 0)
            bits |= Bit(SubjectState.ErrorArmed);
        var range = seen.Target.Range;
        if (range.Count > 0)
            bits |= OfBlocks(seen, range);
        return OperationTable.Of(seen.Operation.Kind).Subject == SubjectKind.Page && range.Count == 1
            ? bits | OfPage(seen.PageBefore(range.Start))
            : bits;
    }

    /// <summary>What is armed after the operation.</summary>
    internal void Follow(Transition seen)
    {
        switch (seen.Operation.Kind)
        {
            case OperationKind.Veto:
                _vetoArmed = seen.Answer.IsOk;
                break;
            case OperationKind.Tick or OperationKind.Policy:
                break;
            case OperationKind.NotifierError when seen.Answer.IsOk:
                var bit = seen.Operation.Choice == (byte)MemoryNotification.GoingOnline ? GoingOnline : GoingOffline;
                _errorsArmed = (byte)(seen.Operation.Errno == Errno.None ? _errorsArmed & ~bit : _errorsArmed | bit);
                _vetoArmed = false;
                break;
            default:
                _vetoArmed = false;
                break;
        }
    }

    private static ulong OfMachine(Observation before)
    {
        ulong bits = 0;
        var free = 0L;
        foreach (ref readonly var zone in before.Zones)
            free += zone.Free;
        if (free == 0)
            bits |= Bit(SubjectState.MemoryFull);
        foreach (ref readonly var list in before.Pcplists)
            if (list.High == 0)
                bits |= Bit(SubjectState.ListsDisabled);
        foreach (ref readonly var balloon in before.Balloons)
            if (balloon.Pages > 0)
                bits |= Bit(SubjectState.Inflated);
        if (before.PoisonedPages > 0)
            bits |= Bit(SubjectState.Corrupted);
        if (before.Loans is not { } loans)
            return bits;
        if (loans.Pages > 0)
            bits |= Bit(SubjectState.Loaning);
        return loans.Paused ? bits | Bit(SubjectState.LoaningPaused) : bits;
    }

    private static ulong OfBlocks(Transition seen, PageRange range)
    {
        var first = seen.Spec.BlockOf(range.Start);
        var last = seen.Spec.BlockOf(range.End - 1);
        ulong bits = 0;
        for (var number = first; number <= last; number++)
            if (seen.Before.Find(number) is { } block)
                bits |= OfBlock(block) | PlaceOf(seen.Spec, number);
            else if (number == first)
                bits |= Bit(SubjectState.Absent);
        return bits;
    }

    private static ulong PlaceOf(MachineSpec spec, int block) =>
        block < spec.BootBlocks ? Bit(SubjectState.Boot)
        : spec.DeviceMemoryOf(block) > 0 ? Bit(SubjectState.DeviceMemory) : Bit(SubjectState.HotAdded);

    private static ulong OfBlock(BlockObservation block)
    {
        var pages = block.Pages;
        var bits = !block.IsOnline ? Bit(SubjectState.Offline) : block.Zone switch
        {
            ZoneKind.None => Bit(SubjectState.SpansZones),
            ZoneKind.Movable => Bit(SubjectState.OnlineMovable),
            _ => Bit(SubjectState.OnlineKernel),
        };
        if (pages.Vmemmap > 0)
            bits |= Bit(SubjectState.SelfHosted);
        if (pages.Offline > pages.Ballooned)
            bits |= Bit(SubjectState.PartlyPlugged);
        if (pages.Ballooned > 0)
            bits |= Bit(SubjectState.Ballooned);
        if (pages.Poisoned > 0)
            bits |= Bit(SubjectState.Poisoned);
        if (pages.Listed > 0)
            bits |= Bit(SubjectState.Listed);
        if (!block.IsRegistered)
            bits |= Bit(SubjectState.Unregistered);
        return block.IsOnline && pages.Buddy + pages.Listed + pages.Offline + pages.Vmemmap < pages.Pages
            ? bits | Bit(SubjectState.Used)
            : bits;
    }

    private static ulong OfPage(PageState page)
    {
        if (page.HasAny(PageFlags.NoPage | PageFlags.Unseen))
            return Bit(SubjectState.PageGone);
        var bits = page.Has(PageFlags.HwPoison) ? Bit(SubjectState.PagePoisoned) : 0;
        if (page.Has(PageFlags.Offline))
            return bits | Bit(page.Owner >= PageState.BalloonOwner
                ? SubjectState.PageBallooned : SubjectState.PageUnplugged);
        if (page.Has(PageFlags.Vmemmap))
            return bits | Bit(SubjectState.PageVmemmap);
        if (page.IsFree)
            return bits | Bit(page.Has(PageFlags.Pcplist) ? SubjectState.PageListed : SubjectState.PageFree);
        if (!page.Has(PageFlags.InUse))
            return bits;
        bits |= Bit(page.Has(PageFlags.Movable) ? SubjectState.PageMovable : SubjectState.PageUnmovable);
        return page.References > 1 ? bits | Bit(SubjectState.PagePinned) : bits;
    }

    private static ulong Bit(SubjectState state) => 1UL << (int)state;
}
