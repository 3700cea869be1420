using System.Collections.Immutable;
using Hotplug.Contract;

namespace Hotplug.Model.States;

/// <summary>Sets of pages as ranges: ascending, apart from each other, none empty; equal sets are equal
/// sequences.</summary>
internal static class PageSets
{
    /// <summary>The set with the range, of which it holds no page yet.</summary>
    public static ImmutableArray<PageRange> With(this ImmutableArray<PageRange> set, PageRange range)
    {
        var (start, end) = (range.Start, range.End);
        var joined = ImmutableArray.CreateBuilder<PageRange>(set.Length + 1);
        foreach (var one in set)
            if (one.End == start || one.Start == end)
                (start, end) = (Math.Min(start, one.Start), Math.Max(end, one.End));
            else
                joined.Add(one);
        joined.Add(new PageRange(start, end - start));
        joined.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        return joined.ToImmutable();
    }

    /// <summary>The set without the pages of the range.</summary>
    public static ImmutableArray<PageRange> Without(this ImmutableArray<PageRange> set, PageRange range)
    {
        if (set.CountIn(range) == 0)
            return set;
        var left = ImmutableArray.CreateBuilder<PageRange>(set.Length + 1);
        foreach (var one in set)
        {
            if (one.Start < Math.Min(one.End, range.Start))
                left.Add(new PageRange(one.Start, Math.Min(one.End, range.Start) - one.Start));
            if (one.End > Math.Max(one.Start, range.End))
                left.Add(new PageRange(Math.Max(one.Start, range.End), one.End - Math.Max(one.Start, range.End)));
        }

        return left.ToImmutable();
    }

    /// <summary>How many pages of the range it holds.</summary>
    public static long CountIn(this ImmutableArray<PageRange> set, PageRange range)
    {
        long pages = 0;
        foreach (var one in set)
            pages += Math.Max(0, Math.Min(one.End, range.End) - Math.Max(one.Start, range.Start));
        return pages;
    }
}
