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

    /// <summary>A page of memory that holds page descriptors; kernel allocations look the same.</summary>
    internal static PageState Memmap { get; } = new(PageFlags.InUse | PageFlags.Kernel, 0, 0, 1);

    public static Judgement Judge(in Ruling ruling)
    {
        var operation = ruling.Seen.Operation;
        var placed = Placed(ruling.Seen.Outcome);
        if (!ruling.IsOk)
            return JudgeFailure(ruling, operation, placed);
        if (Fault(ruling, operation, placed) is { } fault)
            return ruling.RefuteAnswer(fault.Why, fault.Source);
        var next = Grow(ruling, operation, placed!.Value, out var added, out var cost);
        if (operation.Fourth == (byte)BlockDevices.Unregistered
            && Onlining.BringHidden(ruling, ref next, next.Find(added[0])!.Value) is { } wrong)
            return Judgement.Refuted(wrong);
        var online = operation.Fourth == (byte)BlockDevices.Unregistered ? Judgement.Permitted(next)
            : Onlining.AutoOnlineAll(ruling, next, added, oneByOne: false, out next);
        if (!online.IsPermitted)
            return online;
        var seen = ruling.Seen;
        long taken = 0;
        var judgement = ruling.Permit(next, new PageRule((pages, before, after) =>
        {
            taken += pages.Count;
            return before.IsFree && after == Memmap;
        }));
        return judgement.IsPermitted && seen.Sees(Visibility.Placement | Visibility.BootPages) && taken != cost
            ? Ruling.Refute("add.memmap-cost", $"d{operation.Subject.Id}", $"{cost} pages of memory taken for its memmap", $"{taken}", s_memmap)
            : judgement;
    }

    /// <summary>Where the memmap of the added range lies: mhp_supports_memmap_on_memory(), and the flags of source
    /// document 001.</summary>
    private static MemmapPlacement Placement(in Ruling ruling, in Operation operation)
    {
        var policy = ruling.State.MemmapOnMemory;
        var dialect = ruling.Spec.Dialect;
        var blocks = operation.Amount / ruling.Spec.PagesPerBlock;
        switch ((MemmapPlacement)operation.Choice)
        {
            case MemmapPlacement.Boot:
            case var _ when operation.Third != (byte)CallbackOwner.Generic:
                return MemmapPlacement.Boot;
            case MemmapPlacement.PerDevice:
                return dialect.Has(DialectItem.MemmapGroups) && ruling.Spec.CanSelfHost(policy, blocks)
                    ? MemmapPlacement.PerDevice
                    : MemmapPlacement.Boot;
            default:
                return ruling.Spec.CanSelfHost(policy) && (blocks == 1 || dialect.Has(DialectItem.AltmapMultiBlock))
                    ? MemmapPlacement.PerBlock
                    : MemmapPlacement.Boot;
        }
    }

    // The added block with its part of the vmemmap: its own, or what of its device's lies in it.
    private static Block Laid(in Ruling ruling, Block block, PageRange device, MemmapPlacement placement)
    {
        if (placement == MemmapPlacement.Boot)
            return block;
        var spec = ruling.Spec;
        var policy = ruling.State.MemmapOnMemory;
        var group = placement == MemmapPlacement.PerDevice ? device : block.Range;
        var pages = placement == MemmapPlacement.PerDevice
            ? spec.SelfHostedPages(policy, group.Count / spec.PagesPerBlock)
            : spec.SelfHostedPages(policy);
        var before = block.Range.Start - group.Start;
        return block with
        {
            Hosted = true,
            SelfHosted = (int)Math.Clamp(pages - before, 0, spec.PagesPerBlock),
            HeadSections = before == 0 && spec.Dialect.Has(DialectItem.MemmapGroups) ? (int)(group.Count / spec.PagesPerSection) : 0,
        };
    }

    private static State Grow(in Ruling ruling, in Operation operation, PageRange placed, out List<int> added, out long cost)
    {
        var spec = ruling.Spec;
        var placement = Placement(ruling, operation);
        var id = operation.Subject.Id;
        var next = ruling.State with
        {
            Devices = ruling.State.Devices.Add(new Device(id, placed, operation.Node,
                operation.Third == (byte)CallbackOwner.Generic ? (MemoryGroupKind)operation.Second : MemoryGroupKind.None)
            {
                MemmapPerDevice = placement == MemmapPlacement.PerDevice,
                Driver = (CallbackOwner)operation.Third,
            }),
            NextDevice = Math.Max(ruling.State.NextDevice, id + 1),
        };
        added = [];
        for (var pfn = placed.Start; pfn < placed.End; pfn += spec.PagesPerBlock)
        {
            var number = spec.BlockOf(pfn);
            added.Add(number);
            var block = new Block(number, operation.Node, id, spec.PagesOf(number))
            {
                Driver = (CallbackOwner)operation.Third,
                Hidden = operation.Fourth == (byte)BlockDevices.Unregistered,
            };
            next = next.With(Laid(ruling, block, placed, placement));
        }

        cost = placement != MemmapPlacement.Boot ? 0 : (long)added.Count * spec.VmemmapPagesPerBlock;
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
        if (Callbacks.MayNotAdd(ruling, operation) is { } why)
            return ($"EINVAL ({why})", s_add);
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
            Errno.EINVAL => misaligned || operation.Node >= spec.Nodes || ExplicitUnsupported(ruling, operation)
                || Callbacks.MayNotAdd(ruling, operation) is not null,
            Errno.EEXIST => known ? Taken(ruling.State, range) : false,
            Errno.E2BIG => known ? !spec.DimmRange.Contains(range) : !HasHole(ruling.State, spec, operation.Amount),
            Errno.ENOMEM => NoMemoryForMemmap(ruling, operation),
            _ => false,
        };
        permitted |= operation.Fourth == (byte)BlockDevices.Unregistered && Refusals.IsRefused(ruling, online: true);
        permitted |= Refusals.IsVeto(ruling, VetoPoint.Memmap) || Refusals.IsVeto(ruling, VetoPoint.BlockDevice);
        if (!permitted || !ruling.Answer.IsErrno)
            return ruling.RefuteAnswer("ok, or an errno that its range, node or memory explains", s_add);

        // A device may be plugged although its memory was refused: then it exists without blocks, and can be ejected.
        var next = placed is { } plugged
            ? ruling.State with { Devices = ruling.State.Devices.Add(new Device(operation.Subject.Id, plugged, operation.Node, MemoryGroupKind.None)) }
            : ruling.State;
        return ruling.Permit(next with { NextDevice = Math.Max(next.NextDevice, operation.Subject.Id + 1) }, PageRule.Nothing);
    }

    private static bool ExplicitUnsupported(in Ruling ruling, in Operation operation) => (MemmapPlacement)operation.Choice switch
    {
        MemmapPlacement.PerDevice => !ruling.Spec.Dialect.Has(DialectItem.MemmapGroups),
        MemmapPlacement.PerBlock => Placement(ruling, operation) != MemmapPlacement.PerBlock
            && !ruling.Spec.Dialect.Has(DialectItem.AltmapMultiBlock),
        _ => false,
    };

    // Free chunks of the memmap's order, where it may lie, that certainly could have held it: not enough of them.
    private static bool NoMemoryForMemmap(in Ruling ruling, in Operation operation)
    {
        var spec = ruling.Spec;
        if (Placement(ruling, operation) != MemmapPlacement.Boot)
            return false;
        if (!ruling.Seen.Sees(Visibility.Placement))
            return true;
        var order = spec.MemmapOrder;
        var needed = operation.Amount / spec.PagesPerSection * ((spec.VmemmapPagesPerSection + (1L << order) - 1) >> order);
        foreach (var block in ruling.State.Blocks)
        {
            if (!block.Online || block.Zone == ZoneKind.Movable || (spec.MemmapNode >= 0 && block.Node != spec.MemmapNode)
                || ruling.Seen.Before.Find(block.Number) is not { } shown)
                continue;
            foreach (ref readonly var run in shown.Pages.Runs)
                if (run.State.Has(PageFlags.Buddy) && run.State.Order >= order)
                    needed -= run.Count >> order;
        }

        return needed > 0;
    }

    /// <summary>True if so many pages have a place in the hot-pluggable range.</summary>
    internal static bool HasHole(State state, MachineSpec spec, long pages)
    {
        long run = 0;
        for (var i = 0; i < spec.DimmBlocks; i++)
        {
            run = Taken(state, spec.PagesOf(spec.DimmFirstBlock + i)) ? 0 : run + spec.PagesPerBlock;
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
