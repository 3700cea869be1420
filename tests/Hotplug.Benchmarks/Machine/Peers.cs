using Hotplug.Contract;

namespace Hotplug.Benchmarks.Machine;

/// <summary>The same work with the collections that everybody reaches for first.</summary>
internal static class Peers
{
    /// <summary>Allocates the lowest free page and frees a random one, with a sorted set of free pages.</summary>
    internal static long SortedPairs(int pages, int pairs)
    {
        var free = new SortedSet<int>(Enumerable.Range(0, pages));
        var taken = new int[pages / 2];
        for (var i = 0; i < taken.Length; i++)
            taken[i] = Take(free);
        var random = new SplitMix(1);
        for (var i = 0; i < pairs; i++)
        {
            var victim = random.Below(taken.Length);
            free.Add(taken[victim]);
            taken[victim] = Take(free);
        }

        return pairs;
    }

    /// <summary>Takes every page of a block out of a set of free pages, and puts it back.</summary>
    internal static long HashedBlocks(int pagesPerBlock, int blocks)
    {
        var free = new HashSet<long>(Enumerable.Range(0, pagesPerBlock * 8).Select(static p => (long)p));
        for (var i = 0; i < blocks; i++)
        {
            for (long pfn = 0; pfn < pagesPerBlock; pfn++)
                free.Remove(pfn);
            for (long pfn = 0; pfn < pagesPerBlock; pfn++)
                free.Add(pfn);
        }

        return blocks;
    }

    private static int Take(SortedSet<int> free)
    {
        var lowest = free.Min;
        free.Remove(lowest);
        return lowest;
    }
}
