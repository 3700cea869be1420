namespace Hotplug.Contract.Observations;

/// <summary>What a machine's observations show. What is not shown is never asserted.</summary>
[Flags]
public enum Visibility
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>Memory blocks, their state, node and zones.</summary>
    Blocks = 1 << 0,
    /// <summary>Zone counters spanned, present and managed.</summary>
    Zones = 1 << 1,
    /// <summary>The start of a zone that has pages.</summary>
    ZoneStart = 1 << 2,
    /// <summary>Free pages and isolated pageblocks of a zone, exactly.</summary>
    ZoneFree = 1 << 3,
    /// <summary>PageOffline, poison and vmemmap of the pages of online blocks that are not
    /// <see cref="PageFlags.Unseen"/>.</summary>
    PageTypes = 1 << 4,
    /// <summary>Reference counts that are not <see cref="PageState.Unknown"/>.</summary>
    References = 1 << 5,
    /// <summary>Every page of every online block: who has it, exactly; nothing moves unless the witness says
    /// so.</summary>
    Placement = 1 << 6,
    /// <summary>The boot blocks' pages as well.</summary>
    BootPages = 1 << 7,
    /// <summary>Devices and their sizes.</summary>
    Devices = 1 << 8,
    /// <summary>The size of balloons.</summary>
    Balloons = 1 << 9,
    /// <summary>Sum of managed pages and number of poisoned pages.</summary>
    Counters = 1 << 10,
    /// <summary>Which nodes are online and which have memory.</summary>
    Nodes = 1 << 11,
    /// <summary>Added ranges as registered resources.</summary>
    Resources = 1 << 12,
    /// <summary>Who owns a PageOffline page.</summary>
    Owners = 1 << 13,
    /// <summary>Whose online_page callbacks are set.</summary>
    Callbacks = 1 << 14,
    /// <summary>Per-CPU lists: how many pages are on each, and its limits.</summary>
    Pcplists = 1 << 15,
    /// <summary>Everything.</summary>
    All = (1 << 16) - 1,
}
