using FsCheck.Xunit;
using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Xunit;

namespace Hotplug.Tests.Contract;

/// <summary>The walk over two run lists finds what a comparison page by page finds.</summary>
public sealed class PageDiffTests
{
    [Property(MaxTest = 500, Replay = "11,13", QuietOnSuccess = true)]
    public void It_finds_the_pages_that_a_comparison_page_by_page_finds(ulong seed)
    {
        var random = new SplitMix(seed);
        var before = Draw(ref random);
        var after = Draw(ref random);
        var found = new List<(int, PageState, PageState)>();
        foreach (var change in new PageDiff(before, after))
            for (var page = change.Start; page < change.End; page++)
                found.Add((page, change.Before, change.After));
        Assert.Equal(PageByPage(before, after), found);
    }

    [Fact]
    public void A_block_that_appears_or_goes_differs_whole()
    {
        var block = new Observation().Open(7);
        block.Pages.Add(4, PageState.Free(2));
        Assert.Equal([new PageChange(0, 4, PageState.NotSeen, PageState.Free(2))], Changes(null, block));
        Assert.Equal([new PageChange(0, 4, PageState.Free(2), PageState.NotSeen)], Changes(block, null));
    }

    [Fact]
    public void Two_absent_blocks_do_not_differ() => Assert.Empty(Changes(null, null));

    private static List<PageChange> Changes(BlockObservation? before, BlockObservation? after)
    {
        var changes = new List<PageChange>();
        foreach (var change in new PageDiff(before, after))
            changes.Add(change);
        return changes;
    }

    private static IEnumerable<(int, PageState, PageState)> PageByPage(BlockObservation? before,
        BlockObservation? after)
    {
        for (var page = 0; page < Math.Max(before?.Pages.Pages ?? 0, after?.Pages.Pages ?? 0); page++)
        {
            var old = before?.Pages.At(page) ?? PageState.NotSeen;
            var now = after?.Pages.At(page) ?? PageState.NotSeen;
            if (old != now)
                yield return (page, old, now);
        }
    }

    private static BlockObservation? Draw(ref SplitMix random)
    {
        if (random.Chance(5))
            return null;
        var block = new Observation().Open(1);
        for (var runs = random.Below(6); runs > 0; runs--)
            block.Pages.Add(random.Between(1, 5), PageState.Free(random.Below(3)));
        return block;
    }
}
