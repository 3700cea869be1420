using Hotplug.Contract;
using Hotplug.Engine.Run;
using Xunit;

namespace Hotplug.Tests.Engine;

/// <summary>Where the pages of an allocation are is kept in runs. Here it is kept page by page too, and compared.</summary>
public class AllocationBindingTests
{
    private const ulong Seeds = 80;
    private const int Steps = 24;
    private const int Pfns = 24;

    [Fact]
    public void Its_runs_say_what_a_list_page_by_page_says()
    {
        for (var seed = 0UL; seed < Seeds; seed++)
        {
            var random = new SplitMix(SplitMix.Derive(0xA110C, seed));
            var (binding, pages) = (new AllocationBinding(), new PageByPage());
            for (var step = 0; step < Steps; step++)
            {
                Take(ref random, binding, pages);
                Demand(pages, binding);
            }
        }
    }

    [Fact]
    public void A_page_stays_as_often_as_it_was_got()
    {
        var binding = new AllocationBinding();
        binding.Append(new PageRange(40, 3));
        foreach (var page in (long[])[1, 0, 0, 0])
            binding.Get(page);
        binding.Free();
        foreach (var left in (long[])[40, 40, -1])
        {
            binding.Put(0);
            Assert.Equal((left, 41L, -1L, true), (binding.Locate(0), binding.Locate(1), binding.Locate(2), binding.IsAlive));
        }

        binding.Put(1);
        Assert.False(binding.IsAlive);
    }

    [Fact]
    public void A_copy_stays_as_it_was_whatever_becomes_of_the_original()
    {
        for (var seed = 0UL; seed < Seeds; seed++)
        {
            var random = new SplitMix(SplitMix.Derive(0xC0B1, seed));
            var (binding, pages) = (new AllocationBinding(), new PageByPage());
            // What the copy was before does not show either.
            var (copy, was) = (new AllocationBinding(), new PageByPage());
            for (var step = 0; step < Steps; step++)
            {
                Take(ref random, binding, pages);
                Take(ref random, copy, was);
            }

            copy.CopyFrom(binding);
            was = pages.Copy();
            for (var step = 0; step < Steps; step++)
                Take(ref random, binding, pages);
            Demand(was, copy);
            binding.Clear();
            Demand(new PageByPage(), binding);
            Demand(was, copy);
        }
    }

    private static void Take(ref SplitMix random, AllocationBinding binding, PageByPage pages)
    {
        var (start, count, page) = (random.Below(Pfns), 1 + random.Below(6), random.Below(Pfns));
        switch (random.Below(12))
        {
            case <= 2:
                binding.Append(new PageRange(start, count));
                pages.Places.AddRange(Enumerable.Range(start, count).Select(static pfn => (long)pfn));
                break;
            case <= 5:
                binding.Move(start, page, count);
                pages.Move(start, page, count);
                break;
            case 6:
                binding.Lose(new PageRange(start, count));
                pages.Move(start, -1, count);
                break;
            case <= 8:
                binding.Get(page);
                pages.Extra[page] = pages.Extra.GetValueOrDefault(page) + 1;
                break;
            case <= 10:
                binding.Put(page);
                if (pages.Extra.GetValueOrDefault(page) > 0)
                    pages.Extra[page]--;
                break;
            default:
                binding.Free();
                pages.IsFreed = true;
                break;
        }
    }

    private static void Demand(PageByPage pages, AllocationBinding binding)
    {
        Assert.Equal(!pages.IsFreed, binding.IsOwned);
        Assert.Equal(!pages.IsFreed || pages.Extra.Values.Any(static n => n > 0), binding.IsAlive);
        for (var page = 0; page < pages.Places.Count + 2; page++)
            Assert.Equal(pages.Locate(page), binding.Locate(page));
    }

    private sealed class PageByPage
    {
        internal List<long> Places { get; private init; } = [];

        internal Dictionary<long, int> Extra { get; private init; } = [];

        internal bool IsFreed { get; set; }

        internal long Locate(int page) => page >= Places.Count || (IsFreed && Extra.GetValueOrDefault(page) == 0)
            ? -1 : Places[page];

        internal void Move(long from, long to, long count)
        {
            for (var i = 0; i < Places.Count; i++)
                if (Places[i] >= from && Places[i] < from + count)
                    Places[i] = to < 0 ? -1 : to + (Places[i] - from);
        }

        internal PageByPage Copy() => new() { Places = [.. Places], Extra = new(Extra), IsFreed = IsFreed };
    }
}
