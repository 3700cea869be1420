using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Operations;

/// <summary><c>add</c>: add_memory_resource() (kernel-semantics 3.1).</summary>
internal static class Adding
{
    private static readonly Citation s_check = new("v6.12", "mm/memory_hotplug.c", "check_hotplug_memory_range");
    private static readonly Citation s_add = new("v6.12", "mm/memory_hotplug.c", "add_memory_resource");
    private static readonly Citation s_resource = new("v6.12", "mm/memory_hotplug.c", "register_memory_resource");
    private static readonly Citation s_memmap = new("v6.12", "mm/sparse-vmemmap.c", "__populate_section_memmap");

    public static Judgement Judge(in Ruling ruling)
    {
        var operation = ruling.Seen.Operation;
        var placed = Placed(ruling.Seen.Outcome);
        if (!ruling.IsOk)
            return JudgeFailure(ruling, operation, placed);
        if (Fault(ruling, operation, placed) is { } fault)
            return ruling.RefuteAnswer(fault.Why, fault.Source);
        var next = Grow(ruling, operation, placed!.Value, out var added, out var cost);
        var online = Onlining.AutoOnlineAll(ruling, next, added, out next);
        if (!online.IsPermitted)
            return online;
        var seen = ruling.Seen;
        long taken = 0;
        var judgement = ruling.Permit(next, new PageRule((pages, before, after) =>
        {
            taken += pages.Count;
            return before.Has(PageFlags.Buddy) && after.HasAny(PageFlags.InUse) && after.Has(PageFlags.Kernel);
        }));
        return judgement.IsPermitted && seen.Sees(Visibility.Placement | Visibility.BootPages) && taken != cost
            ? Ruling.Refute("add.memmap-cost", $"d{operation.Subject.Id}", $"{cost} pages of memory taken for its memmap", $"{taken}", s_memmap)
            : judgement;
    }

    /// <summary>Vmemmap pages at the start of each added block: mhp_supports_memmap_on_memory().</summary>
    private static int SelfHosted(in Ruling ruling, in Operation operation)
    {
        var policy = operation.Choice switch
        {
            (byte)MemmapPlacement.Boot => MemmapOnMemory.Off,
            (byte)MemmapPlacement.PerBlock => ruling.State.MemmapOnMemory == MemmapOnMemory.Off
                ? MemmapOnMemory.Off : ruling.State.MemmapOnMemory,
            _ => ruling.State.MemmapOnMemory,
        };
        var oneBlock = operation.Amount == ruling.Spec.PagesPerBlock;
        return ruling.Spec.CanSelfHost(policy) && (oneBlock || ruling.Spec.Dialect.Has(DialectItem.AltmapMultiBlock))
            ? ruling.Spec.SelfHostedPages(policy)
            : 0;
    }

    private static State Grow(in Ruling ruling, in Operation operation, PageRange placed, out List<int> added, out long cost)
    {
        var spec = ruling.Spec;
        var hosted = SelfHosted(ruling, operation);
        var id = operation.Subject.Id;
        var next = ruling.State with
        {
            Devices = ruling.State.Devices.Add(new Device(id, placed, operation.Node, (MemoryGroupKind)operation.Second)),
            NextDevice = Math.Max(ruling.State.NextDevice, id + 1),
        };
        added = [];
        for (var pfn = placed.Start; pfn < placed.End; pfn += spec.PagesPerBlock)
        {
            var number = spec.BlockOf(pfn);
            added.Add(number);
            next = next.With(new Block(number, operation.Node, id, spec.PagesOf(number)) { SelfHosted = hosted });
        }

        cost = hosted > 0 ? 0 : (long)added.Count * spec.VmemmapPagesPerBlock;
        return next;
    }

    // Why success is not permitted.
    private static (string Why, Citation Source)? Fault(in Ruling ruling, in Operation operation, PageRange? placed)
    {
        if (placed is not { } range)
            return ("a witness that says where it was placed", s_add);
        if (range.Count != operation.Amount || range.Count == 0 || !Aligned(ruling.Spec, range))
            return ("EINVAL (start and size are whole memory blocks)", s_check);
        if (ruling.Seen.Target.At >= 0 && range.Start != ruling.Seen.Target.At)
            return ($"placement at {ruling.Seen.Target.At}", s_add);
        if (!ruling.Spec.DimmRange.Contains(range))
            return ("E2BIG (outside the hot-pluggable range)", s_resource);
        if (operation.Node >= ruling.Spec.Nodes)
            return ("EINVAL (node not possible)", s_add);
        if (Taken(ruling.State, range))
            return ("EEXIST (the range is taken)", s_resource);
        if (ExplicitUnsupported(ruling, operation))
            return ("EINVAL (memmap placement not supported)", s_add);
        return null;
    }

    private static Judgement JudgeFailure(in Ruling ruling, in Operation operation, PageRange? placed)
    {
        var spec = ruling.Spec;
        var at = ruling.Seen.Target.At;
        var range = placed ?? new PageRange(at, operation.Amount);
        var known = placed is not null || at >= 0;
        var misaligned = operation.Amount % spec.PagesPerBlock != 0 || operation.Amount == 0 || (known && !Aligned(spec, range));
        var permitted = ruling.Answer.Errno switch
        {
            Errno.EINVAL => misaligned || operation.Node >= spec.Nodes || ExplicitUnsupported(ruling, operation),
            Errno.EEXIST => known ? Taken(ruling.State, range) : false,
            Errno.E2BIG => known ? !spec.DimmRange.Contains(range) : !HasHole(ruling, operation.Amount),
            Errno.ENOMEM => NoMemoryForMemmap(ruling, operation),
            _ => false,
        };
        permitted |= Refusals.IsVeto(ruling, VetoPoint.Memmap) || Refusals.IsVeto(ruling, VetoPoint.BlockDevice);
        if (!permitted || !ruling.Answer.IsErrno)
            return ruling.RefuteAnswer("ok, or an errno that its range, node or memory explains", s_add);

        // A device may be plugged although its memory was refused: then it exists without blocks, and can be ejected.
        var next = placed is { } plugged
            ? ruling.State with { Devices = ruling.State.Devices.Add(new Device(operation.Subject.Id, plugged, operation.Node, MemoryGroupKind.None)) }
            : ruling.State;
        return ruling.Permit(next with { NextDevice = Math.Max(next.NextDevice, operation.Subject.Id + 1) }, PageRule.Nothing);
    }

    private static bool ExplicitUnsupported(in Ruling ruling, in Operation operation) =>
        operation.Choice == (byte)MemmapPlacement.PerDevice
        || (operation.Choice == (byte)MemmapPlacement.PerBlock && SelfHosted(ruling, operation) == 0
            && !ruling.Spec.Dialect.Has(DialectItem.AltmapMultiBlock));

    // Free pages that certainly could have held the memmap.
    private static bool NoMemoryForMemmap(in Ruling ruling, in Operation operation)
    {
        if (SelfHosted(ruling, operation) > 0)
            return false;
        if (!ruling.Seen.Sees(Visibility.Placement) || ruling.Spec.MemmapOrder > 0)
            return true;
        var needed = operation.Amount / ruling.Spec.PagesPerBlock * ruling.Spec.VmemmapPagesPerBlock;
        long free = 0;
        foreach (ref readonly var zone in ruling.Seen.Before.Zones)
            if (zone.Id.IsKernel && (ruling.Spec.MemmapNode < 0 || zone.Id.Node == ruling.Spec.MemmapNode))
                free += zone.Free;
        return free < needed;
    }

    private static bool HasHole(in Ruling ruling, long pages)
    {
        long run = 0;
        for (var i = 0; i < ruling.Spec.DimmBlocks; i++)
        {
            run = Taken(ruling.State, ruling.Spec.PagesOf(ruling.Spec.DimmFirstBlock + i)) ? 0 : run + ruling.Spec.PagesPerBlock;
            if (run >= pages)
                return true;
        }

        return false;
    }

    private static bool Taken(State state, PageRange range)
    {
        foreach (var block in state.Blocks)
            if (block.Range.Intersects(range))
                return true;
        return false;
    }

    private static bool Aligned(MachineSpec spec, PageRange range) =>
        range.Start % spec.PagesPerBlock == 0 && range.Count % spec.PagesPerBlock == 0;

    private static PageRange? Placed(Outcome outcome)
    {
        foreach (ref readonly var witness in outcome.Witness)
            if (witness.Role == WitnessRole.Placed)
                return witness.Range;
        return null;
    }
}
