using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>What every page of the online blocks is. Immutable; compares by value.</summary>
internal sealed class PageMap : IEquatable<PageMap>
{
    private readonly int _pagesPerBlock;
    private readonly ImmutableArray<BlockPages> _blocks;

    private PageMap(int pagesPerBlock, ImmutableArray<BlockPages> blocks)
    {
        _pagesPerBlock = pagesPerBlock;
        _blocks = blocks;
    }

    /// <summary>The online blocks, ascending.</summary>
    public ReadOnlySpan<BlockPages> Blocks => _blocks.AsSpan();

    /// <summary>What was seen. Of what a balloon's driver added nothing is known.</summary>
    public static PageMap Seen(State structure, Observation observation)
    {
        var blocks = ImmutableArray.CreateBuilder<BlockPages>();
        foreach (var block in observation.Blocks)
            if (block.IsOnline)
                blocks.Add(structure.Find(block.Block) is { Driver: not CallbackOwner.Generic }
                    ? BlockPages.Alike(block.Block, structure.Spec.PagesPerBlock, PageState.NotSeen)
                    : BlockPages.Seen(block));
        return new PageMap(structure.Spec.PagesPerBlock, blocks.ToImmutable());
    }

    /// <summary>The pages of the block with this number; null if it is not online.</summary>
    public BlockPages? Find(int block) => IndexOf(block) is >= 0 and var index ? _blocks[index] : null;

    /// <summary>The state of a page; none outside of online blocks.</summary>
    public PageState At(long pfn) => RunAt(pfn).State;

    /// <summary>The state of a page, and how many pages from it on share it inside its block, 1 and up.</summary>
    public (PageState State, long Count) RunAt(long pfn)
    {
        if (pfn < 0 || Find((int)(pfn / _pagesPerBlock)) is not { } block)
            return (PageState.None, 1);
        var offset = (int)(pfn % _pagesPerBlock);
        var run = block.RunAt(offset);
        return (run.State, run.End - offset);
    }

    /// <summary>The pages [<paramref name="range"/>), run by run.</summary>
    public IEnumerable<(PageRange Pages, PageState State)> RunsIn(PageRange range)
    {
        for (var pfn = range.Start; pfn < range.End;)
        {
            var (state, alike) = RunAt(pfn);
            var count = Math.Min(alike, range.End - pfn);
            yield return (new PageRange(pfn, count), state);
            pfn += count;
        }
    }

    /// <summary>The map with the pages of the range in this state; those of blocks that are not online have
    /// none.</summary>
    public PageMap With(PageRange range, PageState state)
    {
        var blocks = _blocks;
        for (var pfn = range.Start; pfn < range.End;)
        {
            var offset = (int)(pfn % _pagesPerBlock);
            var count = (int)Math.Min(_pagesPerBlock - offset, range.End - pfn);
            var index = IndexOf((int)(pfn / _pagesPerBlock));
            if (index >= 0)
                blocks = blocks.SetItem(index, blocks[index].With(offset, count, state));
            pfn += count;
        }

        return new PageMap(_pagesPerBlock, blocks);
    }

    /// <summary>The map with a block that came online.</summary>
    public PageMap With(BlockPages block) => new(_pagesPerBlock, _blocks.Insert(~IndexOf(block.Number), block));

    /// <summary>The map without a block, which went offline.</summary>
    public PageMap Without(int block) => new(_pagesPerBlock, _blocks.RemoveAt(IndexOf(block)));

    public bool Equals(PageMap? other) => ReferenceEquals(this, other)
        || (other is not null && Blocks.SequenceEqual(other.Blocks));

    public override bool Equals(object? obj) => Equals(obj as PageMap);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var block in _blocks)
            hash.Add(block);
        return hash.ToHashCode();
    }

    private int IndexOf(int number)
    {
        int low = 0, high = _blocks.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (_blocks[middle].Number == number)
                return middle;
            if (_blocks[middle].Number < number)
                low = middle + 1;
            else
                high = middle - 1;
        }

        return ~low;
    }
}
