using Hotplug.Bitmap;
using Hotplug.Contract;
using Xunit;

namespace Hotplug.Tests.Bitmap;

public sealed class RunPoolTests
{
    private const int PagesPerBlock = 64;

    [Fact]
    public void Runs_hold_what_lists_of_pages_hold()
    {
        var pool = new RunPool();
        var blocks = Enumerable.Range(0, 4).Select(static n => new MemoryBlock(0) { Number = n, Runs = -1 }).ToArray();
        var holders = Enumerable.Range(0, 3).Select(_ => pool.AddHolder()).ToArray();
        var twins = holders.Select(static _ => new List<long>()).ToArray();
        var taken = new HashSet<long>();
        var random = new SplitMix(3);
        for (var i = 0; i < 4_000; i++)
        {
            var h = random.Below(holders.Length);
            var action = random.Below(10);
            if (action < 5)
                Append(pool, blocks, holders[h], twins[h], taken, ref random);
            else if (action < 8 && twins[h].Count > 0)
                RemoveOne(pool, blocks, holders[h], twins[h], taken, ref random);
            else if (twins[h].Count > 0)
                MoveOne(pool, blocks, holders[h], twins[h], taken, ref random);
            Assert.Equal(twins[h], PagesOf(pool, holders[h]));
            Assert.Equal(twins[h].Count, pool.HolderOf(holders[h]).Pages);
        }

        for (var block = 0; block < blocks.Length; block++)
            Assert.Equal(taken.Where(p => p / PagesPerBlock == block).Order(), PagesIn(pool, blocks[block]).Order());
    }

    private static void Append(RunPool pool, MemoryBlock[] blocks, int holder, List<long> twin, HashSet<long> taken,
        ref SplitMix random)
    {
        long start = random.Below(blocks.Length * PagesPerBlock);
        var end = start;
        while (end < start + 6 && end / PagesPerBlock == start / PagesPerBlock && !taken.Contains(end))
            end++;
        if (end == start)
            return;
        pool.Append(holder, blocks[start / PagesPerBlock], start, (int)(end - start));
        for (var pfn = start; pfn < end; pfn++)
        {
            twin.Add(pfn);
            taken.Add(pfn);
        }
    }

    private static void RemoveOne(RunPool pool, MemoryBlock[] blocks, int holder, List<long> twin, HashSet<long> taken,
        ref SplitMix random)
    {
        var pfn = twin[random.Below(twin.Count)];
        var block = blocks[pfn / PagesPerBlock];
        Assert.Equal(pool.FindOf(holder, pfn), pool.Find(block, pfn));
        pool.Remove(pool.Single(pool.Find(block, pfn), block, pfn), block);
        twin.Remove(pfn);
        taken.Remove(pfn);
    }

    private static void MoveOne(RunPool pool, MemoryBlock[] blocks, int holder, List<long> twin, HashSet<long> taken,
        ref SplitMix random)
    {
        var pfn = twin[random.Below(twin.Count)];
        long to = random.Below(blocks.Length * PagesPerBlock);
        if (!taken.Add(to))
            return;
        var block = blocks[pfn / PagesPerBlock];
        pool.Move(pool.Single(pool.FindOf(holder, pfn), block, pfn), block, blocks[to / PagesPerBlock], to);
        twin[twin.IndexOf(pfn)] = to;
        taken.Remove(pfn);
    }

    private static IEnumerable<long> PagesOf(RunPool pool, int holder)
    {
        for (var run = pool.HolderOf(holder).First; run >= 0; run = pool[run].NextOfHolder)
            for (var i = 0; i < pool[run].Count; i++)
                yield return pool[run].Start + i;
    }

    private static IEnumerable<long> PagesIn(RunPool pool, MemoryBlock block)
    {
        for (var run = block.Runs; run >= 0; run = pool[run].NextInBlock)
            for (var i = 0; i < pool[run].Count; i++)
                yield return pool[run].Start + i;
    }
}
