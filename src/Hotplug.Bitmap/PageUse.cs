namespace Hotplug.Bitmap;

/// <summary>
/// What a page of an online block is used for: three bits, one in each of the block's planes. Poison, extra references
/// and who holds a page are kept apart, because few pages have them. Vmemmap and holes are prefixes and suffixes of
/// blocks.
/// </summary>
internal enum PageUse : byte
{
    /// <summary>In the buddy, or on a per-CPU list.</summary>
    Free,
    /// <summary>On the LRU. With poison: held by nobody but memory_failure().</summary>
    Movable,
    /// <summary>The kernel's own; also memmap of added memory, self-hosted vmemmap and what does not exist.</summary>
    Kernel,
    /// <summary>On the LRU, no way to migrate it.</summary>
    Unmigratable,
    /// <summary>PageOffline of a device memory, never in the buddy since its block came online.</summary>
    NeverOnlined,
    /// <summary>PageOffline of a device memory, taken from the buddy.</summary>
    Unplugged,
    /// <summary>PageOffline of the balloon: movable.</summary>
    Ballooned,
    /// <summary>On the LRU, with one more reference of its allocation.</summary>
    Pinned,
}
