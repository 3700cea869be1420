using Hotplug.Contract;

namespace Hotplug.Bitmap;

/// <summary>Registered ranges of added memory, ascending and disjoint.</summary>
internal sealed class ResourceTable
{
    public List<PageRange> Ranges { get; } = [];

    public bool Intersects(PageRange range)
    {
        foreach (var taken in Ranges)
            if (taken.Intersects(range))
                return true;
        return false;
    }

    public void Add(PageRange range)
    {
        var index = 0;
        while (index < Ranges.Count && Ranges[index].Start < range.Start)
            index++;
        Ranges.Insert(index, range);
    }

    /// <summary>Releases a range: resources inside go, others shrink or are split.</summary>
    public void Remove(PageRange range)
    {
        for (var i = Ranges.Count - 1; i >= 0; i--)
        {
            var taken = Ranges[i];
            if (!taken.Intersects(range))
                continue;
            Ranges.RemoveAt(i);
            if (taken.End > range.End)
                Ranges.Insert(i, new PageRange(range.End, taken.End - range.End));
            if (taken.Start < range.Start)
                Ranges.Insert(i, new PageRange(taken.Start, range.Start - taken.Start));
        }
    }

    public ResourceTable Clone()
    {
        var copy = new ResourceTable();
        copy.Ranges.AddRange(Ranges);
        return copy;
    }
}
