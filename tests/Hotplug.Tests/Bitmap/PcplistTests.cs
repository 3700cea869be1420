using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Xunit;

namespace Hotplug.Tests.Bitmap;

/// <summary>Per-CPU lists (source document 002): what sits on them, when they are flushed, and who may disable
/// them.</summary>
public sealed class PcplistTests
{
    private static readonly MachineSpec s_spec = Bench.Small with { Cpus = 2, PcpBatch = 2, PcpHigh = 4 };

    [Fact]
    public void A_page_comes_from_the_list_of_its_cpu_which_a_batch_filled()
    {
        var bench = new Bench(s_spec with { PcpBatch = 3 }).Done("alloc a1 pages=1 cpu=1");
        Assert.Equal((0, 2), (Listed(bench, 0), Listed(bench, 1)));
        Assert.Equal(64 - 3, bench.Zone(ZoneKind.Normal).Free);
        Assert.Equal(PageState.Listed(1), bench.After.PageAt(1, 16));
        bench.Done("alloc a2 pages=2 cpu=1");
        Assert.Equal((0, 61L), (Listed(bench, 1), bench.Zone(ZoneKind.Normal).Free));
    }

    [Fact]
    public void A_page_that_is_freed_goes_to_the_list_of_the_cpu_that_frees_it()
    {
        var bench = new Bench(s_spec).Done("alloc a1 pages=2\nget a1[0]\nfree a1 cpu=1");
        Assert.Equal((0, 1), (Listed(bench, 0), Listed(bench, 1)));
        bench.Done("put a1[0] cpu=0");
        Assert.Equal((1, 1), (Listed(bench, 0), Listed(bench, 1)));
    }

    [Fact]
    public void A_list_that_reaches_its_high_mark_gives_its_oldest_batch_back()
    {
        var bench = new Bench(s_spec).Done("alloc a1 pages=10\nfree a1");
        Assert.Equal(2, Listed(bench, 0));
        Assert.Equal(62, bench.Zone(ZoneKind.Normal).Free);
        Assert.True(bench.After.PageAt(0, 16).Has(PageFlags.Buddy));
        Assert.True(bench.After.PageAt(9, 16).Has(PageFlags.Pcplist));
    }

    [Fact]
    public void Larger_chunks_pass_the_lists_by()
    {
        var bench = new Bench(s_spec).Done("alloc a1 pages=4 order=2\nfree a1");
        Assert.Equal((0, 64L), (Listed(bench, 0), bench.Zone(ZoneKind.Normal).Free));
    }

    [Fact]
    public void An_allocation_that_would_fail_drains_the_lists_of_the_others_first()
    {
        var bench = new Bench(s_spec).Done("alloc a1 pages=3\nalloc a2 pages=61\nfree a1 cpu=1");
        Assert.Equal((3, 0L), (Listed(bench, 1), bench.Zone(ZoneKind.Normal).Free));
        bench.Done("alloc a3 pages=3 cpu=0");
        Assert.Equal(Answer.Of(Errno.ENOMEM), bench.Do("alloc a4 pages=1"));
    }

    [Theory]
    [InlineData("offline d1.b0", true)]
    [InlineData("notifier-error event=going-offline errno=EBUSY\noffline d1.b0", false)]
    [InlineData("alloc a3 pages=1 kind=pinned\noffline d1.b0", false)]
    [InlineData("veto errno=EPERM\noffline-remove d1", false)]
    public void Offlining_disables_the_lists_and_enables_them_on_every_way_out(string offline, bool succeeds)
    {
        var bench = new Bench(s_spec).Done("add d1 pages=16\nonline_movable d1.b0\nalloc a1 pages=3\nfree a1 cpu=1");
        Assert.Equal(3, Listed(bench, 1, ZoneKind.Movable));
        Assert.Equal(succeeds, bench.Do(offline).IsOk);
        var effects = bench.Outcome.ToRecord().Effects;
        Assert.Single(effects, static e => e.Kind == EffectKind.PcpDisabled);
        Assert.Single(effects, static e => e.Kind == EffectKind.PcpEnabled);
        Assert.Equal(0, Listed(bench, 1, ZoneKind.Movable));
        Assert.All(bench.After.Pcplists.ToArray(), static l => Assert.Equal((4, 2), (l.High, l.Batch)));
    }

    [Fact]
    public void Isolation_that_is_refused_enables_them_as_well()
    {
        var bench = new Bench(s_spec).Done("alloc a1 pages=1 kind=unmovable");
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("offline d0.b3"));
        Assert.Equal("block-state-changed pcp-disabled pcp-drained lru-disabled lru-enabled pcp-enabled", bench.Steps());
        Assert.All(bench.After.Pcplists.ToArray(), static l => Assert.Equal((4, 2), (l.High, l.Batch)));
    }

    [Fact]
    public void While_somebody_holds_the_lock_nothing_stays_on_a_list_and_offlining_waits()
    {
        var bench = new Bench(s_spec).Done("alloc a1 pages=3\nalloc a2 pages=3\nfree a1\npcp do=disable");
        Assert.Equal(64 - 3, bench.Zone(ZoneKind.Normal).Free);
        bench.Done("free a2 cpu=1");
        Assert.All(bench.After.Pcplists.ToArray(), static l => Assert.Equal((0, 0, 1), (l.Pages, l.High, l.Batch)));
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("pcp do=disable"));
        Assert.Equal(Answer.Unfinished, bench.Do("offline d0.b1"));
        Assert.Equal("", bench.Steps());
        bench.Done("pcp do=enable\noffline d0.b1");
        Assert.Equal(Answer.Of(Errno.EINVAL), bench.Do("pcp do=enable"));
        Assert.All(bench.After.Pcplists.ToArray(), static l => Assert.Equal((4, 2), (l.High, l.Batch)));
    }

    [Fact]
    public void A_drain_empties_every_list()
    {
        var bench = new Bench(s_spec).Done("alloc a1 pages=2\nget a1[0]\nfree a1\nput a1[0] cpu=1\npcp do=drain");
        Assert.Equal((0, 0, 64L), (Listed(bench, 0), Listed(bench, 1), bench.Zone(ZoneKind.Normal).Free));
    }

    [Fact]
    public void Poison_takes_a_page_off_its_list_with_the_lists_disabled()
    {
        var bench = new Bench(s_spec).Done("alloc a1 pages=2\nfree a1\npoison d0.b0+1");
        Assert.Equal("pcp-disabled pcp-drained pcp-enabled poisoned", bench.Steps());
        Assert.Equal(0, Listed(bench, 0));
        Assert.True(bench.After.PageAt(1, 16).Has(PageFlags.HwPoison));
    }

    [Fact]
    public void A_snapshot_holds_the_lists_and_their_lock()
    {
        var bench = new Bench(s_spec).Done("alloc a1 pages=3\nfree a1\n");
        var picture = bench.Picture();
        var snapshot = ((ISnapshots)bench.Machine).Snapshot();
        bench.Done("pcp do=disable\nalloc a2 pages=5");
        ((ISnapshots)bench.Machine).Restore(snapshot);
        bench.Machine.Observe(bench.After);
        Assert.Equal(picture, bench.Picture());
        Assert.All(bench.After.Pcplists.ToArray(), static l => Assert.Equal((4, 2), (l.High, l.Batch)));
    }

    [Fact]
    public void A_machine_without_lists_shows_none()
    {
        var bench = new Bench(Bench.Small).Done("alloc a1 pages=3\nfree a1");
        Assert.True(bench.After.Pcplists.IsEmpty);
        Assert.Equal(64, bench.Zone(ZoneKind.Normal).Free);
    }

    private static int Listed(Bench bench, int cpu, ZoneKind zone = ZoneKind.Normal) =>
        bench.After.Pcplists.ToArray().Single(l => l.Cpu == cpu && l.Zone.Kind == zone).Pages;
}
