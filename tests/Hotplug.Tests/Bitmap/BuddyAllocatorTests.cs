using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Xunit;

namespace Hotplug.Tests.Bitmap;

public sealed class BuddyAllocatorTests
{
    private static readonly MachineSpec s_spec = Bench.Small with { PagesPerSection = 256, MaxOrder = 5, BootBlocks = 3 };

    [Fact]
    public void Chunks_are_always_what_the_free_pages_alone_decide()
    {
        var state = Boot.Start(s_spec, new Journal());
        var buddy = new BuddyAllocator(state.Layout, state);
        var free = new bool[s_spec.BootBlocks * s_spec.PagesPerBlock];
        Array.Fill(free, true);
        var random = new SplitMix(11);
        for (var i = 0; i < 3_000; i++)
        {
            var start = random.Below(free.Length);
            var block = state.BlockOf(start);
            var end = start;
            var last = Math.Min((block.Number + 1) * s_spec.PagesPerBlock, start + random.Between(1, 60));
            while (end < last && free[end] == free[start])
                end++;
            if (free[start])
                buddy.Take(block, state.OffsetOf(start), end - start);
            else
                buddy.Free(block, state.OffsetOf(start), end - start);
            Array.Fill(free, !free[start], start, end - start);
            AssertAs(free, state, buddy);
        }
    }

    [Fact]
    public void The_smallest_chunk_that_suffices_is_found_at_the_lowest_or_the_highest_address()
    {
        var state = Boot.Start(s_spec, new Journal());
        var buddy = new BuddyAllocator(state.Layout, state);
        var zone = state.Zones.Of(0, ZoneKind.Normal);
        buddy.Take(state.Blocks[1], 0, 256);
        buddy.Free(state.Blocks[1], 8, 8);
        buddy.Free(state.Blocks[1], 64, 8);

        Assert.True(buddy.TryFind(zone, 2, last: false, out var block, out var offset, out var order));
        Assert.Equal((1, 8, 3), (block.Number, offset, order));
        Assert.True(buddy.TryFind(zone, 2, last: true, out block, out offset, out order));
        Assert.Equal((1, 64, 3), (block.Number, offset, order));
        Assert.True(buddy.TryFind(zone, 4, last: false, out block, out offset, out order));
        Assert.Equal((0, 0, 5), (block.Number, offset, order));
        Assert.False(buddy.TryFind(zone, 6, last: false, out _, out _, out _));
    }

    [Fact]
    public void An_unlisted_block_is_not_found_and_its_free_pages_do_not_count()
    {
        var state = Boot.Start(s_spec with { BootBlocks = 1 }, new Journal());
        var buddy = new BuddyAllocator(state.Layout, state);
        var zone = state.Zones.Of(0, ZoneKind.Normal);
        buddy.Unlist(state.Blocks[0]);
        Assert.Equal(0, zone.Free);
        Assert.False(buddy.TryFind(zone, 0, last: false, out _, out _, out _));
        buddy.Take(state.Blocks[0], 3, 1);
        buddy.List(state.Blocks[0]);
        Assert.Equal(s_spec.PagesPerBlock - 1, zone.Free);
        Assert.True(buddy.TryFind(zone, 0, last: false, out _, out var offset, out var order));
        Assert.Equal((2, 0), (offset, order));
    }

    // The slow twin: greedy, from the largest order down.
    private static void AssertAs(bool[] free, MachineState state, BuddyAllocator buddy)
    {
        var pages = s_spec.PagesPerBlock;
        long sum = 0;
        for (var pfn = 0; pfn < free.Length;)
        {
            if (!free[pfn])
            {
                pfn++;
                continue;
            }

            var order = s_spec.MaxOrder;
            while (pfn % (1 << order) != 0 || free.AsSpan(pfn, 1 << order).Contains(false))
                order--;
            Assert.Equal(order, buddy.OrderAt(state.Blocks[pfn / pages], pfn % pages));
            pfn += 1 << order;
            sum += 1 << order;
        }

        Assert.Equal(sum, state.Zones.Of(0, ZoneKind.Normal).Free);
    }
}
