namespace Hotplug.Bitmap;

/// <summary>
/// Extra references of pages, sparse: a page in use has its first reference by its bits in the planes (two where it is
/// <see cref="PageUse.Pinned"/>), only what <c>get</c> adds is kept here.
/// </summary>
internal sealed class PageReferences
{
    private readonly Dictionary<long, int> _extra = [];

    /// <summary>Extra references of the page frame.</summary>
    public int Of(long pfn) => _extra.Count == 0 ? 0 : _extra.GetValueOrDefault(pfn);

    /// <summary>Changes the extra references of a page frame of the block by <paramref name="change"/>.</summary>
    public void Add(MemoryBlock block, long pfn, int change)
    {
        var had = _extra.GetValueOrDefault(pfn);
        var has = had + change;
        if (has > 0)
            _extra[pfn] = has;
        else
            _extra.Remove(pfn);
        if (had == 0 && has > 0)
            block.Referenced++;
        else if (had > 0 && has == 0)
            block.Referenced--;
    }

    public PageReferences Clone()
    {
        var copy = new PageReferences();
        foreach (var (pfn, extra) in _extra)
            copy._extra.Add(pfn, extra);
        return copy;
    }
}
