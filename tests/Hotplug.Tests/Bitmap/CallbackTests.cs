using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Tests.Bitmap;

/// <summary>
/// Online callbacks of the optimised machine, and memory that is added before anything is behind it, step by step as
/// source document 004 counts them. Blocks of 16 pages; the first DIMM block is 8.
/// </summary>
public sealed class CallbackTests
{
    private static readonly MachineSpec s_xen = Bench.Small with { Balloons = [new(BalloonDriver.Xen, false)] };
    private static readonly MachineSpec s_hyperV = Bench.Small with { Balloons = [new(BalloonDriver.HyperV, false)] };

    [Fact]
    public void Adding_makes_struct_pages_and_changes_no_zone()
    {
        var bench = new Bench(s_xen).Done("add d1 pages=16 owner=xen");
        Assert.Equal((64, 64), (bench.Zone(ZoneKind.Normal).Spanned, bench.Zone(ZoneKind.Normal).Present));
        Assert.Equal(4, bench.After.BootMemmapPages);
        Assert.Equal(0, bench.After.Device(Name.Device(1))!.Value.PluggedPages);
    }

    [Fact]
    public void Onlining_counts_all_pages_and_gives_none_to_the_buddy()
    {
        var bench = new Bench(s_xen).Done("add d1 pages=16 owner=xen");
        var managed = bench.Zone(ZoneKind.Normal).Managed;
        bench.Done("online d1.b0");
        Assert.Equal((80, managed), (bench.Zone(ZoneKind.Normal).Present, bench.Zone(ZoneKind.Normal).Managed));
        Assert.Equal(9 * 16, bench.Zone(ZoneKind.Normal).Spanned);
        Assert.Equal((16, 16), (bench.After.Find(8)!.Pages.Offline, bench.After.Balloon(BalloonDriver.Xen)!.Value.Pages));
    }

    [Fact]
    public void A_page_that_is_backed_is_in_the_buddy_and_no_other()
    {
        var bench = new Bench(s_xen).Done("add d1 pages=16 owner=xen\nonline d1.b0");
        var managed = bench.Zone(ZoneKind.Normal).Managed;
        bench.Done("back d1.b0+5");
        Assert.True(bench.After.PageAt(133, 16).Has(PageFlags.Buddy));
        Assert.Equal((1, managed + 1), (bench.After.Find(8)!.Pages.Buddy, bench.Zone(ZoneKind.Normal).Managed));
        Assert.Equal(Answer.Of(Errno.EEXIST), bench.Do("back d1.b0+4 pages=3"));
    }

    [Fact]
    public void Memory_that_is_not_registered_is_online_at_once_and_hidden_from_user_space()
    {
        var bench = new Bench(s_xen).Done("add d1 pages=16 owner=xen block-devices=unregistered");
        Assert.True(bench.After.Find(8) is { IsRegistered: false, IsOnline: true });
        Assert.Equal(80, bench.Zone(ZoneKind.Normal).Present);
        Assert.Equal(Answer.Of(Errno.ENOENT), bench.Do("online d1.b0"));
        Assert.Equal(Answer.Of(Errno.ENOENT), bench.Do("offline d1.b0"));
        Assert.Equal(Answer.Of(Errno.ENOENT), bench.Do("write-state d1.b0 text=empty"));
        bench.Done("back d1.b0+0 pages=16");
        Assert.Equal(16, bench.After.Find(8)!.Pages.Buddy);
    }

    [Fact]
    public void A_refused_notification_undoes_an_unregistered_add()
    {
        var bench = new Bench(s_xen);
        var before = bench.Picture();
        bench.Done("veto k=2 errno=EBUSY");
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("add d1 pages=16 owner=xen block-devices=unregistered"));
        Assert.Equal(before, bench.Picture());
    }

    [Fact]
    public void A_balloon_asked_for_more_than_it_holds_adds_a_block_and_backs_what_it_needs()
    {
        var bench = new Bench(s_xen).Done("inflate driver=xen pages=6\ndeflate driver=xen pages=10");
        Assert.True(bench.After.Find(8) is { IsRegistered: false, IsOnline: true });
        Assert.Equal((4, 12), (bench.After.Find(8)!.Pages.Buddy, bench.After.Find(8)!.Pages.Offline));
        Assert.Equal(12, bench.After.Balloon(BalloonDriver.Xen)!.Value.Pages);
        Assert.Null(bench.After.Device(Name.Device(1)));
    }

    [Fact]
    public void Hyper_V_leaves_gaps_and_the_tail_of_a_chunk_out()
    {
        var bench = new Bench(s_hyperV)
            .Done("add d1 pages=16 owner=hyper-v\nback d1.b0+0 pages=6\nback d1.b0+8 pages=4\nonline d1.b0");
        var pages = bench.After.Find(8)!.Pages;
        Assert.Equal((10, 6, 0), (pages.Buddy, pages.Offline, pages.Ballooned));
        Assert.True(pages.At(6).Has(PageFlags.Unbacked) && pages.At(12).Has(PageFlags.Unbacked));
        Assert.Equal(10, bench.After.Device(Name.Device(1))!.Value.PluggedPages);
        Assert.Equal(0, bench.After.Balloon(BalloonDriver.HyperV)!.Value.Pages);
    }

    [Fact]
    public void Hyper_V_remembers_over_an_offline_what_is_backed_and_Xen_does_not()
    {
        const string Life = "back d1.b0+0 pages=16\noffline d1.b0\nonline d1.b0";
        var hyperV = new Bench(s_hyperV).Done("add d1 pages=16 owner=hyper-v\nonline d1.b0\n" + Life);
        Assert.Equal(16, hyperV.After.Find(8)!.Pages.Buddy);
        var xen = new Bench(s_xen).Done("add d1 pages=16 owner=xen\nonline d1.b0\n" + Life);
        Assert.Equal(16, xen.After.Find(8)!.Pages.Offline);
    }

    [Theory]
    [InlineData("linux-6.1", false)]
    [InlineData("linux-6.12", true)]
    public void A_block_with_unbacked_pages_is_refused_before_or_after_its_drivers_are_asked(string dialect, bool asked)
    {
        var bench = new Bench(s_xen with { Dialect = Dialect.Find(dialect)! }).Done("add d1 pages=16 owner=xen\nonline_movable d1.b0");
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("offline d1.b0"));
        Assert.Equal(asked, bench.Steps().Contains("cancel-offline", StringComparison.Ordinal));
        Assert.Equal(dialect == "linux-6.1", bench.After.PageAt(128, 16).Has(PageFlags.Reserved));
    }

    [Theory]
    [InlineData(BalloonDriver.HyperV)]
    [InlineData(BalloonDriver.Xen)]
    public void An_inflated_page_of_Hyper_V_or_Xen_keeps_its_block_and_a_virtio_page_moves(BalloonDriver driver)
    {
        var held = new Bench(Bench.Small with { Balloons = [new(driver, false)] });
        Assert.Equal(Answer.Ok, held.Do(Operation.Inflate(driver, 3)));
        Assert.Equal(Answer.Of(Errno.EBUSY), held.Do("offline d0.b0"));
        Assert.Contains("going-offline", held.Steps(), StringComparison.Ordinal);
        var virtio = new Bench(Bench.Small with { Balloons = [new(BalloonDriver.Virtio, false)] });
        virtio.Done("inflate pages=3\noffline d0.b0");
        Assert.Equal(3, virtio.After.Balloon(BalloonDriver.Virtio)!.Value.Pages);
    }

    [Fact]
    public void A_DIMM_is_onlined_by_the_generic_path_whoever_holds_the_slot()
    {
        var bench = new Bench(s_xen).Done("add d1 pages=16\nonline d1.b0");
        Assert.Equal(CallbackOwners.Xen, bench.After.Callbacks);
        Assert.Equal(16, bench.After.Find(8)!.Pages.Buddy);
    }

    [Fact]
    public void The_slot_is_its_owners_to_give_up_and_only_without_memory()
    {
        var bench = new Bench(s_xen with { Balloons = [new(BalloonDriver.Xen, false), new(BalloonDriver.HyperV, false)] });
        Assert.Equal(Answer.Of(Errno.EINVAL), bench.Do("set-callback owner=hyper-v"));
        Assert.Equal(Answer.Of(Errno.EINVAL), bench.Do("set-callback owner=hyper-v action=restore"));
        Assert.Equal(Answer.Of(Errno.EINVAL), bench.Do("add d1 pages=16 owner=hyper-v"));
        bench.Done("add d1 pages=16 owner=xen");
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("set-callback owner=xen action=restore"));
        bench.Done("remove d1\nset-callback owner=xen action=restore\nset-callback owner=hyper-v\nadd d1 pages=16 owner=hyper-v");
    }

    [Theory]
    [InlineData(CallbackRegistry.List, CallbackOwners.Xen | CallbackOwners.HyperV)]
    [InlineData(CallbackRegistry.Section, CallbackOwners.None)]
    public void In_a_list_or_with_the_section_each_decides_about_its_own(CallbackRegistry registry, CallbackOwners set)
    {
        var bench = new Bench(s_xen with
        {
            Balloons = [new(BalloonDriver.Xen, false), new(BalloonDriver.HyperV, false)],
            OnlineCallbacks = registry,
        }).Done("""
            add d1 pages=16 owner=xen
            add d2 pages=16 owner=hyper-v
            add d3 pages=16
            back d2.b0+0 pages=8
            online d1.b0
            online d2.b0
            online d3.b0
            """);
        Assert.Equal(set, bench.After.Callbacks);
        Assert.Equal((0, 8, 16), (bench.After.Find(8)!.Pages.Buddy, bench.After.Find(9)!.Pages.Buddy, bench.After.Find(10)!.Pages.Buddy));
    }

    [Fact]
    public void Device_memory_without_its_callback_has_no_driver()
    {
        var bench = new Bench(Bench.WithDeviceMemory).Done("set-callback owner=virtio-mem action=restore");
        Assert.Equal(Answer.Of(Errno.ENODEV), bench.Do("plug m1 sub-blocks=1"));
        bench.Done("set-callback owner=virtio-mem\nplug m1 sub-blocks=1");
    }
}
