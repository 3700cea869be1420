using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace Hotplug.Bitmap;

/// <summary>Moves ranges into zones and out of them: spans and present pages (kernel-semantics 1.4).</summary>
internal sealed class ZoneMembership<TRules>(MachineState state, TRules rules)
    where TRules : struct, IRules
{
    /// <summary>move_pfn_range_to_zone(): the span grows to cover the range.</summary>
    public void Enter(Zone zone, PageRange range, EffectLog log)
    {
        log.Add(EffectKind.MovedToZone, range, zone.Id);
        var isEmpty = zone.End == zone.Start;
        SetSpan(zone, isEmpty ? range.Start
            : rules.Keeps(Fault.SpanNotGrownDown) ? Math.Min(zone.Start, range.Start) : zone.Start,
            isEmpty ? range.End : Math.Max(zone.End, range.End), log);
    }

    /// <summary>
    /// remove_pfn_range_from_zone(): the span shrinks when the range was at its edge, to the next online block of the
    /// zone: edge holes are jumped over. The range must not be among the zone's online blocks any more.
    /// </summary>
    public void Leave(Zone zone, PageRange range, EffectLog log)
    {
        log.Add(EffectKind.RemovedFromZone, range, zone.Id);
        if (!rules.Keeps(Fault.SpanNotShrunk) || (zone.Start != range.Start && zone.End != range.End))
            return;
        if (!zone.HasMembers)
            SetSpan(zone, rules.Keeps(Fault.EmptySpanKeepsStart) ? 0 : zone.Start,
                rules.Keeps(Fault.EmptySpanKeepsStart) ? 0 : zone.Start, log);
        else if (zone.Start == range.Start)
            SetSpan(zone, rules.Keeps(Fault.SpanStopsAtHole) ? FirstPage(zone) : range.End, zone.End, log);
        else
            SetSpan(zone, zone.Start, LastPage(zone), log);
    }

    /// <summary>adjust_present_page_count()</summary>
    public void ChangePresent(MemoryBlock block, Zone zone, PageRange range, int sign, EffectLog log)
    {
        var hadMemory = state.HasMemory(zone.Id.Node);
        var change = sign * range.Count;
        zone.Present += change;
        state.Zones.Generation++;
        if (block.Device == 0 || !rules.Keeps(Fault.HotAddedCountedEarly))
            zone.PresentEarly += change;
        if (block.Group > 0 && (sign > 0 || rules.Keeps(Fault.GroupKeepsPresent)))
        {
            ref var group = ref state.Groups[block.Group];
            if (zone.Id.Kind == ZoneKind.Movable)
                group.PresentMovable += change;
            else
                group.PresentKernel += change;
        }

        log.Add(EffectKind.PresentChanged, range, zone.Id, change);
        if (hadMemory != state.HasMemory(zone.Id.Node))
            log.Add(EffectKind.NodeMemory, default, new ZoneId(zone.Id.Node, ZoneKind.None), hadMemory ? 0 : 1);
    }

    private long FirstPage(Zone zone)
    {
        var block = state.Blocks[zone.FirstMember];
        return state.PageOf(block, block.Foreign);
    }

    private long LastPage(Zone zone)
    {
        var block = state.Blocks[zone.LastMember];
        return state.PageOf(block, state.Layout.PagesPerBlock - block.Hole);
    }

    private void SetSpan(Zone zone, long start, long end, EffectLog log)
    {
        if (start == zone.Start && end == zone.End)
            return;
        (zone.Start, zone.End) = (start, end);
        state.Zones.Generation++;
        log.Add(EffectKind.SpanChanged, new PageRange(start, end - start), zone.Id);
    }
}
