using Hotplug.Contract.Machines;

namespace Hotplug.Bitmap;

/// <summary>
/// A device memory (virtio-mem, sub-block mode): which sub-blocks of its region are plugged at the device.
/// </summary>
internal sealed class DeviceMemory(int id, DeviceMemorySpec spec, int pagesPerBlock)
{
    private readonly ulong[] _plugged = new ulong[((spec.Blocks * (pagesPerBlock / spec.SubBlockPages)) + 63) / 64];

    /// <summary>N of mN, and the owner number of its PageOffline pages.</summary>
    public int Id { get; } = id;

    public DeviceMemorySpec Spec { get; } = spec;

    public int SubBlocksPerBlock { get; } = pagesPerBlock / spec.SubBlockPages;

    /// <summary>Sub-blocks of the region.</summary>
    public long SubBlocks => (long)Spec.Blocks * SubBlocksPerBlock;

    /// <summary>Plugged sub-blocks.</summary>
    public long Plugged { get; private set; }

    /// <summary>Sub-blocks that the host asked for.</summary>
    public long Requested { get; set; }

    /// <summary>Its callback saw a GOING event whose end it has not seen.</summary>
    public bool HotplugActive { get; set; }

    /// <summary>Its dynamic memory group; 0 before its first block.</summary>
    public int Group { get; set; }

    /// <summary>Number of the first sub-block of the memory block.</summary>
    public int FirstOf(MemoryBlock block) => (block.Number - Spec.FirstBlock) * SubBlocksPerBlock;

    public bool IsPlugged(int subBlock) => BitRanges.Get(_plugged, subBlock);

    public int PluggedIn(MemoryBlock block) => BitRanges.Count(_plugged, FirstOf(block), SubBlocksPerBlock);

    public void Plug(int start, int count)
    {
        BitRanges.Set(_plugged, start, count);
        Plugged += count;
    }

    public void Unplug(int start, int count)
    {
        BitRanges.Clear(_plugged, start, count);
        Plugged -= count;
    }

    /// <summary>
    /// The end of the run of sub-blocks that are as plugged as this one; at most <paramref name="limit"/>.
    /// </summary>
    public int RunEnd(int subBlock, int limit)
    {
        var plugged = IsPlugged(subBlock);
        while (subBlock < limit && IsPlugged(subBlock) == plugged)
            subBlock++;
        return subBlock;
    }

    public DeviceMemory Clone()
    {
        var copy = new DeviceMemory(Id, Spec, SubBlocksPerBlock * Spec.SubBlockPages)
        {
            Plugged = Plugged,
            Requested = Requested,
            HotplugActive = HotplugActive,
            Group = Group,
        };
        _plugged.AsSpan().CopyTo(copy._plugged);
        return copy;
    }
}
