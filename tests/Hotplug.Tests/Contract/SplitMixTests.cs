using Hotplug.Contract;
using Xunit;

namespace Hotplug.Tests.Contract;

/// <summary>The one source of randomness is the published generator.</summary>
public sealed class SplitMixTests
{
    [Fact]
    public void Seed_0_gives_the_published_numbers()
    {
        var random = default(SplitMix);
        Assert.Equal([0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC],
            new[] { random.Next(), random.Next(), random.Next(), random.Next() });
    }

    [Fact]
    public void Equal_seeds_give_equal_numbers()
    {
        var one = new SplitMix(42);
        var other = new SplitMix(42);
        for (var i = 0; i < 100; i++)
            Assert.Equal(one.Next(), other.Next());
    }

    [Fact]
    public void Every_number_below_a_bound_is_drawn_and_no_other()
    {
        var random = new SplitMix(7);
        var small = new HashSet<int>();
        var large = new HashSet<long>();
        for (var i = 0; i < 1000; i++)
        {
            small.Add(random.Below(5));
            large.Add(random.Below(5L));
        }

        Assert.Equal([0, 1, 2, 3, 4], small.Order());
        Assert.Equal([0L, 1, 2, 3, 4], large.Order());
    }

    [Fact]
    public void A_bound_beyond_32_bits_is_used_whole()
    {
        var random = new SplitMix(7);
        Assert.Contains(Enumerable.Range(0, 100).Select(_ => random.Below(1L << 40)).ToArray(), static n =>
            n > 1L << 39);
    }

    [Fact]
    public void Between_includes_both_ends()
    {
        var random = new SplitMix(3);
        Assert.Equal([-1, 0, 1], Enumerable.Range(0, 200).Select(_ => random.Between(-1, 1)).Distinct().Order());
    }

    [Fact]
    public void A_chance_of_0_never_and_of_100_always_happens()
    {
        var random = new SplitMix(3);
        for (var i = 0; i < 200; i++)
            Assert.False(random.Chance(0) | !random.Chance(100));
    }

    [Fact]
    public void Parts_of_one_seed_have_seeds_of_their_own()
    {
        var seeds = Enumerable.Range(0, 10_000).Select(static part => SplitMix.Derive(1, (ulong)part)).ToHashSet();
        Assert.Equal(10_000, seeds.Count);
        Assert.NotEqual(SplitMix.Derive(1, 0), SplitMix.Derive(2, 0));
    }
}
