using System.Diagnostics;
using System.Numerics;

namespace Hotplug.Bitmap;

/// <summary>
/// A binary buddy allocator over the free chunks of blocks. Chunks merge whenever they can, so the free pages alone
/// decide what the chunks are: undoing in any order restores them.
/// </summary>
internal sealed class BuddyAllocator(BlockLayout layout, MachineState state)
{
    /// <summary>
    /// Gives the pages [start, start + count) of the block to the buddy; the planes are the caller's.
    /// </summary>
    public void Free(MemoryBlock block, int start, int count)
    {
        Debug.Assert(count > 0);
        block.FreePages += count;
        if (block.IsListed)
            state.Zones[block.Home].Free += count;
        var end = start + count;
        while (start < end)
        {
            var order = Math.Min(layout.MaxOrder, BitOperations.Log2((uint)(end - start)));
            if (start != 0)
                order = Math.Min(order, BitOperations.TrailingZeroCount(start));
            Merge(block, start, order);
            start += 1 << order;
        }
    }

    /// <summary>Takes the pages [start, start + count) of the block, all of them free, out of the buddy.</summary>
    public void Take(MemoryBlock block, int start, int count)
    {
        block.FreePages -= count;
        if (block.IsListed)
            state.Zones[block.Home].Free -= count;
        var end = start + count;
        while (start < end)
        {
            var order = OrderAround(block, start);
            var first = start >> order << order;
            var after = first + (1 << order);
            Unset(block, order, first >> order);
            if (first < start)
                Split(block, first, start - first);
            if (end < after)
                Split(block, end, after - end);
            start = after;
        }
    }

    /// <summary>Takes the first pages of a free chunk that was found.</summary>
    public void TakeFront(MemoryBlock block, int offset, int order, int count)
    {
        Debug.Assert(count <= 1 << order);
        block.FreePages -= count;
        if (block.IsListed)
            state.Zones[block.Home].Free -= count;
        Unset(block, order, offset >> order);
        if (count < 1 << order)
            Split(block, offset + count, (1 << order) - count);
    }

    /// <summary>
    /// Finds the smallest free chunk of at least this order in the zone: the block, its offset and its order. False if
    /// there is none.
    /// </summary>
    public bool TryFind(Zone zone, int order, bool last, out MemoryBlock block, out int offset, out int found)
    {
        var orders = order < 32 ? zone.FreeOrders >> order << order : 0;
        if (orders == 0)
        {
            (block, offset, found) = (null!, 0, 0);
            return false;
        }

        found = BitOperations.TrailingZeroCount(orders);
        block = state.Blocks[zone.BlockWith(found, last)];
        var shape = layout.Chunks(found);
        var words = layout.ChunkWords(block.Words, found);
        offset = (last ? shape.Last(words) : shape.First(words)) << found;
        return true;
    }

    /// <summary>The order of the free chunk that starts at this offset; there must be one.</summary>
    public int OrderAt(MemoryBlock block, int offset)
    {
        // The largest order first: most free memory is in large chunks.
        for (var orders = block.FreeOrders; orders != 0;)
        {
            var order = 31 - BitOperations.LeadingZeroCount(orders);
            orders &= ~(1u << order);
            if ((offset & ((1 << order) - 1)) == 0
                && SummaryShape.Get(layout.ChunkWords(block.Words, order), offset >> order))
                return order;
        }

        throw new UnreachableException($"block {block.Number}: no free chunk starts at {offset}");
    }

    /// <summary>The end of the free chunks of this order that follow each other from this one on.</summary>
    public int EndOfChunks(MemoryBlock block, int offset, int order)
    {
        var words = layout.ChunkWords(block.Words, order);
        var chunk = (offset >> order) + 1;
        while (chunk < layout.Chunks(order).Bits && SummaryShape.Get(words, chunk))
            chunk++;
        return chunk << order;
    }

    /// <summary>Lets the zone allocate from the block.</summary>
    public void List(MemoryBlock block)
    {
        Debug.Assert(!block.IsListed && block.Home >= 0);
        block.IsListed = true;
        var zone = state.Zones[block.Home];
        zone.Free += block.FreePages;
        for (var orders = block.FreeOrders; orders != 0; orders &= orders - 1)
            zone.List(BitOperations.TrailingZeroCount(orders), block.Number);
    }

    /// <summary>Keeps the zone from allocating from the block.</summary>
    public void Unlist(MemoryBlock block)
    {
        Debug.Assert(block.IsListed);
        block.IsListed = false;
        var zone = state.Zones[block.Home];
        zone.Free -= block.FreePages;
        for (var orders = block.FreeOrders; orders != 0; orders &= orders - 1)
            zone.Unlist(BitOperations.TrailingZeroCount(orders), block.Number);
    }

    /// <summary>Forgets all free chunks of an unlisted block.</summary>
    public void Clear(MemoryBlock block)
    {
        Debug.Assert(!block.IsListed);
        for (var orders = block.FreeOrders; orders != 0; orders &= orders - 1)
            layout.ChunkWords(block.Words, BitOperations.TrailingZeroCount(orders)).Clear();
        block.FreeOrders = 0;
        block.FreePages = 0;
    }

    // __free_one_page(): the buddy of a chunk differs from it in one bit of its number.
    private void Merge(MemoryBlock block, int start, int order)
    {
        while (order < layout.MaxOrder)
        {
            var buddy = (start >> order) ^ 1;
            if ((block.FreeOrders >> order & 1) == 0 || !SummaryShape.Get(layout.ChunkWords(block.Words, order), buddy))
                break;
            Unset(block, order, buddy);
            order++;
            start = start >> order << order;
        }

        Put(block, order, start >> order);
    }

    // Parts of a chunk that was just taken apart: nothing to merge with.
    private void Split(MemoryBlock block, int start, int count)
    {
        var end = start + count;
        while (start < end)
        {
            var order = BitOperations.Log2((uint)(end - start));
            if (start != 0)
                order = Math.Min(order, BitOperations.TrailingZeroCount(start));
            Put(block, order, start >> order);
            start += 1 << order;
        }
    }

    private int OrderAround(MemoryBlock block, int offset)
    {
        for (var orders = block.FreeOrders; orders != 0; orders &= orders - 1)
        {
            var order = BitOperations.TrailingZeroCount(orders);
            if (SummaryShape.Get(layout.ChunkWords(block.Words, order), offset >> order))
                return order;
        }

        throw new UnreachableException($"block {block.Number}: page {offset} is not free");
    }

    private void Put(MemoryBlock block, int order, int chunk)
    {
        layout.Chunks(order).Set(layout.ChunkWords(block.Words, order), chunk);
        if ((block.FreeOrders >> order & 1) != 0)
            return;
        block.FreeOrders |= 1u << order;
        if (block.IsListed)
            state.Zones[block.Home].List(order, block.Number);
    }

    private void Unset(MemoryBlock block, int order, int chunk)
    {
        var words = layout.ChunkWords(block.Words, order);
        layout.Chunks(order).Clear(words, chunk);
        if (!layout.Chunks(order).IsEmpty(words))
            return;
        block.FreeOrders &= ~(1u << order);
        if (block.IsListed)
            state.Zones[block.Home].Unlist(order, block.Number);
    }
}
