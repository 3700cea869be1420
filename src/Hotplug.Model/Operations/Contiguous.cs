using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Operations;

/// <summary><c>contig</c> and <c>contig-free</c>: alloc_contig_range(), free_contig_range() (kernel-semantics
/// 3.11).</summary>
internal static class Contiguous
{
    private static readonly Citation s_valid = new("v6.12", "mm/page_alloc.c", "pfn_range_valid_contig");
    private static readonly Citation s_alloc = new("v6.12", "mm/page_alloc.c", "alloc_contig_range");
    private static readonly Citation s_free = new("v6.12", "mm/page_alloc.c", "free_contig_range");

    /// <summary>Judges <c>contig</c>: all of the range and nothing else, or nothing but migrated pages.</summary>
    public static Judgement JudgeContig(in Ruling ruling)
    {
        var operation = ruling.Seen.Operation;
        var seen = ruling.Seen;
        if (WhyInvalid(ruling.State, ruling.Spec, seen.Target.At, operation.Amount) is { } why)
            return ruling.Demand(Errno.EINVAL, why, s_valid);
        var range = new PageRange(seen.Target.At, operation.Amount);
        var exact = seen.Sees(Visibility.Placement);
        var moved = Migrations.Follow(ruling.State, seen.Outcome);
        if (exact && FirstObstacle(seen, range) is { } obstacle)
            return ruling.Demand(Errno.EBUSY, $"page {obstacle} is {seen.PageBefore(obstacle)}", s_alloc);
        if (ruling.IsOk)
            return Taken(ruling, moved, range, exact);
        var permitted = !exact
            || (ruling.Is(Errno.ENOMEM) && (Refusals.IsVeto(ruling, VetoPoint.Migration) || !HasRoom(ruling.State, seen, range)));
        return permitted
            ? ruling.Permit(moved, new PageRule((pages, before, after) => Migrations.Explain(seen, pages, before, after)))
            : ruling.RefuteAnswer("ok, EBUSY because of a page in the range, or ENOMEM where there is no room to move it to", s_alloc);
    }

    /// <summary>Judges <c>contig-free</c>: as <c>free</c>, of what <c>contig</c> took.</summary>
    public static Judgement JudgeFree(in Ruling ruling) =>
        ruling.State.Allocation(ruling.Seen.Operation.Subject.Id) is { Contig: true }
            ? Allocating.JudgeFree(ruling)
            : ruling.Demand(Errno.EINVAL, "not a contiguous allocation", s_free);

    private static Judgement Taken(in Ruling ruling, State moved, PageRange range, bool exact)
    {
        var id = ruling.Seen.Operation.Subject.Id;
        var outcome = ruling.Seen.Outcome;
        var taken = outcome.PagesOf(WitnessRole.Taken);
        if ((exact || taken > 0) && (taken != range.Count || !Allocating.Covers(outcome, WitnessRole.Taken, range)))
            return Ruling.Refute("contig.range", $"a{id}", $"exactly the pages {range} taken", $"{taken} pages taken", s_alloc, range);
        if (exact && FirstNotTaken(ruling.Seen, range) is { } left)
            return Ruling.Refute("contig.range", $"page {left}", InUse.ToString(), ruling.Seen.PageAfter(left).ToString(), s_alloc,
                new PageRange(left, 1));
        var next = moved.With(new Allocation(id, AllocationKind.Unmovable, [range], range.Count) { Contig = true }) with
        {
            NextAllocation = Math.Max(moved.NextAllocation, id + 1),
        };
        var seen = ruling.Seen;
        return ruling.Permit(next, new PageRule((pages, before, after) =>
            range.Contains(pages) ? after == InUse : Migrations.Explain(seen, pages, before, after)));
    }

    /// <summary>What the caller has to know before it calls: online memory, of one zone. Null if it is.</summary>
    internal static string? WhyInvalid(State state, MachineSpec spec, long at, long pages)
    {
        if (at < 0)
            return "no place is named";
        var zone = default(ZoneId);
        for (var pfn = at; pages > 0;)
        {
            if (state.Find(spec.BlockOf(pfn)) is not { Online: true } block || !block.Range.Contains(pfn))
                return $"page {pfn} is not online";
            if (block.Zone == ZoneKind.None || (zone != default && block.ZoneId != zone))
                return $"block {block.Number} is not of one zone with the rest";
            zone = block.ZoneId;
            pages -= block.Range.End - pfn;
            pfn = block.Range.End;
        }

        return null;
    }

    // test_pages_isolated() without MEMORY_OFFLINE: everything has to be free in the end, so that poisoned and
    // PageOffline pages stand in the way, and what cannot be migrated.
    private static long? FirstObstacle(Transition seen, PageRange range)
    {
        for (var pfn = range.Start; pfn < range.End;)
        {
            var (page, alike) = seen.RunBefore(pfn);
            if (page.Has(PageFlags.HwPoison) || !(page.IsFree || (page.Has(PageFlags.Movable) && page.References == 1)))
                return pfn;
            pfn += alike;
        }

        return null;
    }

    private static long? FirstNotTaken(Transition seen, PageRange range)
    {
        for (var pfn = range.Start; pfn < range.End; pfn++)
            if (seen.PageAfter(pfn) != InUse)
                return pfn;
        return null;
    }

    // Free pages outside of the range, where its movable pages may live.
    private static bool HasRoom(State state, Transition seen, PageRange range)
    {
        long used = 0, free = 0;
        for (var pfn = range.Start; pfn < range.End;)
        {
            var (page, alike) = seen.RunBefore(pfn);
            var count = Math.Min(alike, range.End - pfn);
            if (page.Has(PageFlags.Buddy))
                free -= count;
            else if (!page.IsFree)
                used += count;
            pfn += alike;
        }

        var movable = state.Find(seen.Spec.BlockOf(range.Start))!.Value.Zone == ZoneKind.Movable;
        foreach (ref readonly var zone in seen.Before.Zones)
            if (zone.Id.Kind != ZoneKind.Movable || movable)
                free += zone.Free;
        return free >= used;
    }

    private static PageState InUse => Allocating.WhenAllocated(AllocationKind.Unmovable);
}
