using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Tests.Contract;

/// <summary>Runs of pages and the sums that are kept with them.</summary>
public sealed class PageRunsTests
{
    private const byte Virtio = PageState.BalloonOwner + (byte)BalloonDriver.Virtio;

    private static readonly PageState s_used = new(PageFlags.InUse, 0, 0, 1);

    [Fact]
    public void Neighbours_in_the_same_state_are_one_run()
    {
        var runs = new PageRuns();
        runs.Add(3, PageState.Free(0));
        runs.Add(2, PageState.Free(0));
        runs.Add(1, s_used);
        Assert.Equal([new PageRun(0, 5, PageState.Free(0)), new PageRun(5, 1, s_used)], runs.Runs.ToArray());
        Assert.Equal(6, runs.Pages);
    }

    [Fact]
    public void Sums_follow_what_is_added()
    {
        var runs = new PageRuns();
        runs.Add(8, new PageState(PageFlags.Vmemmap, 0, 0, 1));
        runs.Add(4, PageState.Free(2));
        runs.Add(5, new PageState(PageFlags.Offline, 0, 1, 1));
        runs.Add(3, new PageState(PageFlags.Offline | PageFlags.HwPoison, 0, Virtio, 1));
        runs.Add(2, new PageState(PageFlags.InUse | PageFlags.HwPoison, 0, 0, 1));
        Assert.Equal((22, 4, 8, 8, 3), (runs.Pages, runs.Buddy, runs.Offline, runs.Vmemmap, runs.Ballooned));
        Assert.Equal((5, 3, false), (runs.Poisoned, runs.PoisonedOffline, runs.HasUnseen));
        runs.Add(1, PageState.NotSeen);
        Assert.True(runs.HasUnseen);
    }

    [Fact]
    public void A_page_is_found_by_its_offset()
    {
        var runs = new PageRuns();
        runs.Add(3, PageState.Free(0));
        runs.Add(2, s_used);
        Assert.Equal([PageState.NotSeen, PageState.Free(0), PageState.Free(0), s_used, s_used, PageState.NotSeen],
            new[] { -1, 0, 2, 3, 4, 5 }.Select(runs.At));
    }

    [Fact]
    public void No_pages_add_nothing_and_fewer_are_malformed()
    {
        var runs = new PageRuns();
        runs.Add(0, s_used);
        Assert.False(runs.IsMalformed);
        runs.Add(-1, s_used);
        Assert.True(runs.IsMalformed);
        Assert.Equal(0, runs.Pages);
    }

    [Fact]
    public void A_copy_is_the_same_and_stays_so()
    {
        var runs = new PageRuns();
        runs.Add(3, PageState.Free(0));
        var copy = new PageRuns();
        copy.Add(9, s_used);
        copy.CopyFrom(runs);
        Assert.True(copy.SameAs(runs));
        runs.Clear();
        Assert.Equal((3, 3), (copy.Pages, copy.Buddy));
        Assert.False(copy.SameAs(runs));
    }

    [Fact]
    public void A_page_prints_its_flags_its_owner_and_its_references()
    {
        Assert.Equal("buddy references 0", PageState.Free(3).ToString());
        Assert.Equal("offline of m2 references 1", new PageState(PageFlags.Offline, 0, 2, 1).ToString());
        Assert.Equal("offline of balloon Virtio", new PageState(PageFlags.Offline, 0, Virtio, PageState.Unknown)
            .ToString());
        Assert.Equal("unmarked references 0", default(PageState).ToString());
    }
}
