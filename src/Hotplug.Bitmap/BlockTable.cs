using System.Runtime.InteropServices;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>
/// The memory blocks that exist, by number; removed ones are kept for reuse, so that add allocates nothing once warm.
/// </summary>
internal sealed class BlockTable(BlockLayout layout)
{
    // What a block is when it is added.
    private static readonly MemoryBlock s_new = new(words: 0);

    private readonly MemoryBlock?[] _blocks = new MemoryBlock?[layout.BlockNumbers.Bits];
    private readonly Stack<MemoryBlock> _pool = new();
    private readonly ulong[] _offline = new ulong[layout.BlockNumbers.Words];

    /// <summary>Numbers of the blocks that exist, ascending.</summary>
    public List<int> Numbers { get; } = [];

    /// <summary>The block with this number, or null.</summary>
    public MemoryBlock? Find(int number) => (uint)number < (uint)_blocks.Length ? _blocks[number] : null;

    /// <summary>The block with this number; it must exist.</summary>
    public MemoryBlock this[int number] => _blocks[number]!;

    /// <summary>
    /// Numbers of the blocks that exist in the range of pages, ascending; valid until blocks come or go.
    /// </summary>
    public ReadOnlySpan<int> In(PageRange range)
    {
        var first = FirstFrom(range.Start >> layout.BlockShift);
        var after = FirstFrom((range.End + layout.PagesPerBlock - 1) >> layout.BlockShift);
        return CollectionsMarshal.AsSpan(Numbers)[first..Math.Max(first, after)];
    }

    /// <summary>The first offline block from this number on; −1 if there is none.</summary>
    public int NextOffline(int number) => layout.BlockNumbers.Next(_offline, number);

    public void SetState(MemoryBlock block, BlockState value)
    {
        block.State = value;
        if (value == BlockState.Offline)
            layout.BlockNumbers.Set(_offline, block.Number);
        else
            layout.BlockNumbers.Clear(_offline, block.Number);
    }

    /// <summary>A new offline block without anything special.</summary>
    public MemoryBlock Add(int number)
    {
        var block = _pool.Count > 0 ? _pool.Pop() : new MemoryBlock(layout.Words);
        block.CopyStateFrom(s_new);
        block.Number = number;
        _blocks[number] = block;
        SetState(block, BlockState.Offline);
        var index = Numbers.BinarySearch(number);
        Numbers.Insert(~index, number);
        return block;
    }

    public void Remove(MemoryBlock block)
    {
        _blocks[block.Number] = null;
        layout.BlockNumbers.Clear(_offline, block.Number);
        Numbers.RemoveAt(Numbers.BinarySearch(block.Number));
        _pool.Push(block);
    }

    public BlockTable Clone()
    {
        var copy = new BlockTable(layout);
        foreach (var number in Numbers)
        {
            var block = new MemoryBlock(layout.Words);
            block.CopyFrom(_blocks[number]!);
            copy._blocks[number] = block;
        }

        _offline.AsSpan().CopyTo(copy._offline);
        copy.Numbers.AddRange(Numbers);
        return copy;
    }

    // Index of the first number that is at least this.
    private int FirstFrom(long number)
    {
        if (number > int.MaxValue)
            return Numbers.Count;
        var index = Numbers.BinarySearch((int)number);
        return index >= 0 ? index : ~index;
    }
}
