using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>The operations contig and contig-free (kernel-semantics 3.11).</summary>
internal sealed class Contig<TRules>(
    MachineState state, ContigRange<TRules> contig, IsolatedParts<TRules> isolated, PcplistSteps<TRules> pcplists,
    Allocating<TRules> allocating, TRules rules)
    where TRules : struct, IRules
{
    /// <summary>alloc_contig_range(): exactly the range, or nothing but moved pages.</summary>
    public Errno Alloc(in Operation operation, in Target target, EffectLog log)
    {
        var id = operation.Subject.Id;
        if (target.At < 0 || operation.Amount > long.MaxValue - target.At || state.Allocations.TryGet(id, out _))
            return Errno.EINVAL;
        var range = new PageRange(target.At, operation.Amount);
        if (FindZone(range) is not { } zone)
            return Errno.EINVAL;

        // start_isolate_page_range() refuses what has_unmovable_pages() finds, before anything is touched, and what
        // somebody else has isolated.
        if (AnyObstacle(range, log) || (rules.Overlaps && AnyIsolated(range)))
        {
            if (!rules.Keeps(Fault.ContigMigratesFirst))
                foreach (var part in PartsOf(range))
                    contig.MoveOthers(part.Block, part.Start, part.End, PageUse.Free, default, log);
            return Errno.EBUSY;
        }

        var pageblocks = Outward(range);
        log.Add(EffectKind.Isolated, pageblocks, zone.Id);
        if (rules.Overlaps)
            return AllocOverlapping(id, range, pageblocks, zone, log);
        pcplists.Drain(ZoneTable.IndexOf(zone.Id.Node, zone.Id.Kind));
        log.Add(EffectKind.PcpDrained, default, zone.Id);
        var isEmptied = TryEmpty(range, log);
        log.Add(EffectKind.Unisolated, pageblocks, zone.Id);
        if (!isEmptied)
            return Errno.ENOMEM;
        Hold(id, range, log);
        return Errno.None;
    }

    // Free pages are held from the start, and those that are freed meanwhile; in the end all must be.
    private Errno AllocOverlapping(int id, PageRange range, PageRange pageblocks, Zone zone, EffectLog log)
    {
        if (rules.Keeps(RaceFault.ContigNotIsolated))
            foreach (var part in PartsOf(range))
                isolated.Enter(part);
        rules.At(SchedulePoint.ContigAfterIsolation, range.Start);
        pcplists.Drain(ZoneTable.IndexOf(zone.Id.Node, zone.Id.Kind));
        log.Add(EffectKind.PcpDrained, default, zone.Id);
        var hasRoom = true;
        foreach (var part in PartsOf(range))
            hasRoom = hasRoom
                && contig.MoveOthers(part.Block, part.Start, part.End, PageUse.Kernel, default, log);
        rules.At(SchedulePoint.ContigAfterMigration, range.Start);
        var isHeld = true;
        foreach (var part in PartsOf(range))
        {
            if (rules.Keeps(RaceFault.ContigNotIsolated))
                IsolatedParts<TRules>.Leave(part);
            else
                isolated.TakeWhatIsLeft(part);
            isHeld &= isolated.IsHeld(part);
        }

        log.Add(EffectKind.Unisolated, pageblocks, zone.Id);
        if (hasRoom && isHeld)
        {
            Hold(id, range, log);
            return Errno.None;
        }

        foreach (var part in PartsOf(range))
            isolated.GiveBack(part);
        return hasRoom ? Errno.EBUSY : Errno.ENOMEM;
    }

    // A block that goes offline, or part of one that somebody else takes.
    private bool AnyIsolated(PageRange range)
    {
        foreach (var part in PartsOf(range))
            if (isolated.IsRefused(part))
                return true;
        return false;
    }

    private List<BlockPart> PartsOf(PageRange range)
    {
        var parts = new List<BlockPart>();
        for (var pfn = range.Start; pfn < range.End; pfn = EndOfPart(pfn, range))
            parts.Add(new BlockPart(state.BlockOf(pfn), state.OffsetOf(pfn), EndOffset(pfn, range)));
        return parts;
    }

    /// <summary>free_contig_range(): only for what <see cref="Alloc"/> gave.</summary>
    public Errno Free(int id, EffectLog log) =>
        state.Allocations.TryGet(id, out var holder)
        && (state.Runs.HolderOf(holder).IsContig || !rules.Keeps(Fault.ContigFreesOthers))
            ? allocating.Free(id, cpu: 0, log)
            : Errno.EINVAL;

    // The caller's duty in the kernel, pfn_range_valid_contig(): online memory of one zone.
    private Zone? FindZone(PageRange range)
    {
        var home = -1;
        for (var pfn = range.Start; pfn < range.End; pfn = EndOfPart(pfn, range))
        {
            if (state.FindBlockOf(pfn) is not { IsOnline: true, SpansZones: false } block
                || (home >= 0 && block.Home != home)
                || EndOfPart(pfn, range) - pfn + state.OffsetOf(pfn) > state.Layout.PagesPerBlock - block.Hole)
                return null;
            home = block.Home;
        }

        return state.Zones[home];
    }

    private bool AnyObstacle(PageRange range, EffectLog log)
    {
        for (var pfn = range.Start; pfn < range.End; pfn = EndOfPart(pfn, range))
        {
            var block = state.BlockOf(pfn);
            var start = state.OffsetOf(pfn);
            var obstacle = contig.FindObstacle(block, start, start + (int)(EndOfPart(pfn, range) - pfn),
                rules.Keeps(Fault.ContigTakesPageOffline));
            if (obstacle < 0)
                continue;
            contig.Blame(block, obstacle, log);
            return true;
        }

        return false;
    }

    // All free pages first: so no page of the range moves to another part of it.
    private bool TryEmpty(PageRange range, EffectLog log)
    {
        for (var pfn = range.Start; pfn < range.End; pfn = EndOfPart(pfn, range))
            contig.TakeFree(state.BlockOf(pfn), state.OffsetOf(pfn), EndOffset(pfn, range), PageUse.Kernel);
        for (var pfn = range.Start; pfn < range.End; pfn = EndOfPart(pfn, range))
        {
            if (contig.MoveOthers(
                state.BlockOf(pfn), state.OffsetOf(pfn), EndOffset(pfn, range), PageUse.Kernel, default, log))
                continue;
            GiveBack(range);
            return false;
        }

        return true;
    }

    private void GiveBack(PageRange range)
    {
        for (var pfn = range.Start; pfn < range.End; pfn = EndOfPart(pfn, range))
            contig.GiveBackTaken(state.BlockOf(pfn), state.OffsetOf(pfn), EndOffset(pfn, range), PageUse.Kernel);
    }

    private void Hold(int id, PageRange range, EffectLog log)
    {
        var holder = state.Runs.AddHolder();
        state.Runs.HolderOf(holder).Use = PageUse.Kernel;
        state.Runs.HolderOf(holder).IsContig = true;
        state.Allocations.Add(id, holder);
        for (var pfn = range.Start; pfn < range.End; pfn = EndOfPart(pfn, range))
        {
            var block = state.BlockOf(pfn);
            var count = (int)(EndOfPart(pfn, range) - pfn);
            if (!rules.Keeps(Fault.ContigTakesPageOffline))
                state.Fill(block, state.OffsetOf(pfn), count, PageUse.Kernel);
            state.Runs.Append(holder, block, pfn, count);
            log.Witness(WitnessRole.Taken, new PageRange(pfn, count));
        }
    }

    private PageRange Outward(PageRange range)
    {
        var unit = state.Spec.PagesPerPageblock;
        var start = range.Start / unit * unit;
        return new PageRange(start, (range.End + unit - 1) / unit * unit - start);
    }

    private long EndOfPart(long pfn, PageRange range) =>
        Math.Min(range.End, ((pfn >> state.Layout.BlockShift) + 1) << state.Layout.BlockShift);

    private int EndOffset(long pfn, PageRange range) => state.OffsetOf(pfn) + (int)(EndOfPart(pfn, range) - pfn);
}
