using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Operations;

namespace Hotplug.Model.States;

/// <summary>Pages that <c>alloc</c> took and somebody still holds.</summary>
/// <param name="Id">N of aN.</param>
/// <param name="Kind">Mobility.</param>
/// <param name="Pages">Where its pages are, in the order of the allocation. Empty when the machine does not show
/// it.</param>
/// <param name="Count">How many pages.</param>
internal sealed record Allocation(int Id, AllocationKind Kind, ImmutableArray<PageRange> Pages, long Count)
{
    // A frame number that no page has, far enough below 0 for any run to stay there.
    internal const long Nowhere = -(1L << 40);

    /// <summary>Its own references were dropped.</summary>
    public bool Freed { get; init; }

    /// <summary>It came from alloc_contig_range().</summary>
    public bool Contig { get; init; }

    /// <summary>Extra references, by page of the allocation; ascending.</summary>
    public ImmutableSortedDictionary<long, int> Extra { get; init; } = ImmutableSortedDictionary<long, int>.Empty;

    /// <summary>True for kinds that offlining cannot move while they live.</summary>
    public bool NeverMoves => Kind is AllocationKind.Unmigratable or AllocationKind.Pinned or AllocationKind.LongTermPinned;

    /// <summary>The page frame of its page <paramref name="index"/>; −1 when unknown.</summary>
    public long FrameOf(long index)
    {
        foreach (var range in Pages)
        {
            if (index < range.Count)
                return Math.Max(-1, range.Start + index);
            index -= range.Count;
        }

        return -1;
    }

    /// <summary>
    /// The index of the page frame inside the allocation, −1 if it is not one of its pages; and how many frames from it
    /// on are the pages that follow.
    /// </summary>
    public (long Index, long Count) RunFrom(long pfn)
    {
        long before = 0;
        foreach (var range in Pages)
        {
            if (range.Contains(pfn))
                return (before + pfn - range.Start, range.End - pfn);
            before += range.Count;
        }

        return (-1, 1);
    }

    /// <summary>
    /// The allocation after a block left that still held some of its pages: only poisoned pages stay behind when a
    /// block goes offline. Nothing is left of them, references included.
    /// </summary>
    public Allocation Without(PageRange block)
    {
        var left = this;
        foreach (var range in Pages)
        {
            var start = Math.Max(range.Start, block.Start);
            var end = Math.Min(range.End, block.End);
            if (start < end)
                left = left.Moved(start, Nowhere, end - start);
        }

        foreach (var index in left.Extra.Keys)
            if (left.FrameOf(index) < 0)
                left = left with { Extra = left.Extra.Remove(index) };
        return left;
    }

    /// <summary>The allocation after a run of <paramref name="count"/> pages moved.</summary>
    public Allocation Moved(long from, long to, long count)
    {
        var source = new PageRange(from, count);
        if (!Pages.Any(p => p.Intersects(source)))
            return this;
        var pages = ImmutableArray.CreateBuilder<PageRange>();
        foreach (var range in Pages)
        {
            var start = Math.Max(range.Start, source.Start);
            var end = Math.Min(range.End, source.End);
            if (start >= end)
            {
                pages.Add(range);
                continue;
            }

            if (range.Start < start)
                pages.Add(new PageRange(range.Start, start - range.Start));
            pages.Add(new PageRange(to + start - from, end - start));
            if (end < range.End)
                pages.Add(new PageRange(end, range.End - end));
        }

        return this with { Pages = pages.ToImmutable() };
    }

    /// <inheritdoc/>
    public bool Equals(Allocation? other) => other is not null && Id == other.Id && Kind == other.Kind
        && Count == other.Count && Freed == other.Freed && Contig == other.Contig && Pages.SequenceEqual(other.Pages)
        && Extra.SequenceEqual(other.Extra);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Id, Kind, Count, Freed, Extra.Count);
}
