namespace Hotplug.Engine.Floors;

/// <summary>What an operation met: states of the memory blocks or the page that it names, and of the machine around
/// them. Several can hold at once.</summary>
public enum SubjectState : byte
{
    /// <summary>There is no memory block at the start of what is named.</summary>
    Absent,
    /// <summary>A block is offline.</summary>
    Offline,
    /// <summary>A block is online in a kernel zone.</summary>
    OnlineKernel,
    /// <summary>A block is online in zone Movable.</summary>
    OnlineMovable,
    /// <summary>A block is online in several zones.</summary>
    SpansZones,
    /// <summary>A block is boot memory.</summary>
    Boot,
    /// <summary>A block belongs to a device that was added.</summary>
    HotAdded,
    /// <summary>A block belongs to device memory.</summary>
    DeviceMemory,
    /// <summary>A block holds page descriptors of its own.</summary>
    SelfHosted,
    /// <summary>A block has PageOffline pages that no balloon holds: unplugged, or not backed.</summary>
    PartlyPlugged,
    /// <summary>A block holds pages of a balloon.</summary>
    Ballooned,
    /// <summary>A block has poisoned pages.</summary>
    Poisoned,
    /// <summary>Somebody uses pages of an online block.</summary>
    Used,
    /// <summary>A block has pages on per-CPU lists.</summary>
    Listed,
    /// <summary>A block is not registered: user space does not see it.</summary>
    Unregistered,
    /// <summary>The page is in the buddy.</summary>
    PageFree,
    /// <summary>The page is on a per-CPU list.</summary>
    PageListed,
    /// <summary>The page is used and can be migrated.</summary>
    PageMovable,
    /// <summary>The page is used and cannot be migrated.</summary>
    PageUnmovable,
    /// <summary>The page is used and has extra references.</summary>
    PagePinned,
    /// <summary>The page is PageOffline and no balloon holds it.</summary>
    PageUnplugged,
    /// <summary>A balloon holds the page.</summary>
    PageBallooned,
    /// <summary>The page holds page descriptors of its block.</summary>
    PageVmemmap,
    /// <summary>The page is poisoned.</summary>
    PagePoisoned,
    /// <summary>The page is of memory that is not online.</summary>
    PageGone,
    /// <summary>No zone has a free page.</summary>
    MemoryFull,
    /// <summary>Somebody holds the per-CPU lists disabled.</summary>
    ListsDisabled,
    /// <summary>CMM has pages on loan.</summary>
    Loaning,
    /// <summary>CMM sleeps out the delay after a removal.</summary>
    LoaningPaused,
    /// <summary>A balloon holds pages.</summary>
    Inflated,
    /// <summary>Some page is poisoned.</summary>
    Corrupted,
    /// <summary>A veto waits for the operation.</summary>
    VetoArmed,
    /// <summary>A sticky error of the notifier chain is set.</summary>
    ErrorArmed,
}
