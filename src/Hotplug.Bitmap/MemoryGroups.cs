namespace Hotplug.Bitmap;

/// <summary>A memory group: the blocks of one device (kernel-semantics 1.6).</summary>
internal struct MemoryGroup
{
    public bool IsLive;

    /// <summary>Dynamic, with the memory block as its unit; otherwise static.</summary>
    public bool IsDynamic;
    public int Node;

    /// <summary>Static: the pages that the device may ever have.</summary>
    public long MostPages;
    public long PresentKernel;
    public long PresentMovable;

    /// <summary>Blocks that are in it.</summary>
    public int Blocks;
}

/// <summary>The memory groups, numbered from 1; 0 is no group.</summary>
internal sealed class MemoryGroups
{
    private MemoryGroup[] _groups = new MemoryGroup[8];

    /// <summary>Highest number in use, and some above.</summary>
    public int Count => _groups.Length;

    public ref MemoryGroup this[int group] => ref _groups[group - 1];

    public int Add(MemoryGroup group)
    {
        var index = Array.FindIndex(_groups, static g => !g.IsLive);
        if (index < 0)
        {
            index = _groups.Length;
            Array.Resize(ref _groups, index * 2);
        }

        _groups[index] = group with { IsLive = true };
        return index + 1;
    }

    public MemoryGroups Clone() => new() { _groups = (MemoryGroup[])_groups.Clone() };
}
