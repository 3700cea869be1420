using System.Collections.Immutable;
using Hotplug.Contract.Rules;
using static Hotplug.Bitmap.FaultTable;

namespace Hotplug.Bitmap.Faults;

/// <summary>Seeded faults of family zones.</summary>
internal static class ZonesFaults
{
    internal static ImmutableArray<FaultForm> Rows { get; } =
    [
        Row(Fault.SpanNotShrunk, Family.Zones, "B-57",
            "The span of a zone stays as it was when a block at its edge leaves.",
            new("v6.12", "mm/memory_hotplug.c", "shrink_zone_span"),
            "zone.span-tight", 1),
        Row(Fault.SpanNotGrownDown, Family.Zones, "B-57",
            "The span of a zone does not grow towards lower addresses.",
            new("v6.12", "mm/memory_hotplug.c", "resize_zone_range"),
            "zone.span-contains-online-blocks", 2),
        Row(Fault.SpanStopsAtHole, Family.Zones, "B-58",
            "A span that shrinks stops at the first memory that is there, online in the zone or not.",
            new("v6.12", "mm/memory_hotplug.c", "find_smallest_section_pfn"),
            "zone.span-tight", 2),
        Row(Fault.EmptySpanKeepsStart, Family.Zones, "B-57",
            "A zone that lost its last block keeps the start of its span.",
            new("v6.12", "mm/memory_hotplug.c", "shrink_zone_span"),
            "zone.span", 2),
        Row(Fault.VetoedOnlineKeepsSpan, Family.Zones, "B-57",
            "A refused online leaves the zone's span grown.",
            new("v6.12", "mm/memory_hotplug.c", "online_pages"),
            "zone.span-tight", 2),
        Row(Fault.PresentKeptOnOffline, Family.Zones, "B-17",
            "A block that goes offline stays counted as present.",
            new("v6.12", "mm/memory_hotplug.c", "offline_pages"),
            "zone.present-pages", 1),
        Row(Fault.PresentForgottenOnOnline, Family.Zones, "B-61",
            "A block that comes online is not counted as present.",
            new("v6.12", "mm/memory_hotplug.c", "online_pages"),
            "zone.present-pages", 1),
        Row(Fault.OnlineTypeIgnored, Family.Zones, "B-62",
            "online_movable and online_kernel choose the zone as a plain online does.",
            new("v6.12", "drivers/base/memory.c", "state_store"),
            "online.zone", 1),
        Row(Fault.NextToSpanTakenForInside, Family.Zones, "B-57",
            "A block next to a zone's span counts as inside it when its zone is chosen.",
            new("v6.12", "mm/memory_hotplug.c", "default_zone_for_pfn"),
            "blocks.valid-zones", 2),
        Row(Fault.ZoneChoiceStale, Family.Zones, "B-58",
            "What valid_zones shows does not follow when spans change.",
            new("v6.12", "drivers/base/memory.c", "valid_zones_show"),
            "blocks.valid-zones", 2),
        Row(Fault.PolicyTakenForAnother, Family.Zones, "I-37",
            "auto_online_blocks=online_movable sets online_kernel.",
            new("v6.12", "drivers/base/memory.c", "auto_online_blocks_store"),
            "online.zone", 2),
        Row(Fault.HotAddedCountedEarly, Family.Zones, "B-57",
            "Hot-added memory counts as early memory for the auto-movable ratio.",
            new("v6.12", "mm/memory_hotplug.c", "adjust_present_page_count"),
            "blocks.valid-zones", 2),
        Row(Fault.GroupKeepsPresent, Family.Zones, "B-21",
            "A memory group keeps the pages of blocks that went offline.",
            new("v6.12", "mm/memory_hotplug.c", "adjust_present_page_count"),
            "blocks.valid-zones", 2),
    ];
}
