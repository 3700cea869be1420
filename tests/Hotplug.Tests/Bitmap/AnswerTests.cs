using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Tests.Bitmap;

/// <summary>Each errno of each operation, and that a refusal changes nothing.</summary>
public sealed class AnswerTests
{
    private const string TwoBlocks = "add d1 pages=32\nonline_movable d1.b0\nonline_kernel d1.b1\n";

    private static readonly MachineSpec s_ballooned =
        Bench.WithDeviceMemory with { Balloons = [new(BalloonDriver.Virtio, false)] };

    [Theory]
    [InlineData("add d1 pages=0", Errno.EINVAL)]
    [InlineData("add d1 pages=17", Errno.EINVAL)]
    [InlineData("add d1 pages=16 node=1", Errno.EINVAL)]
    [InlineData("add d1 pages=16 memmap=per-device", Errno.EINVAL)]
    [InlineData("add d1 pages=16 at=@129", Errno.EINVAL)]
    [InlineData("add d1 pages=144", Errno.E2BIG)]
    [InlineData("add d1 pages=16 at=@16", Errno.E2BIG)]
    [InlineData("add d1 pages=16\nadd d2 pages=16 at=d1.b0", Errno.EEXIST)]
    [InlineData("alloc a1 pages=60 kind=unmovable\nadd d1 pages=32", Errno.ENOMEM)]
    [InlineData("veto point=memmap k=2 errno=ENOMEM\nadd d1 pages=32", Errno.ENOMEM)]
    [InlineData("veto point=block-device k=2 errno=EEXIST\nadd d1 pages=32", Errno.EEXIST)]
    [InlineData(TwoBlocks + "remove d1.b0", Errno.EBUSY)]
    [InlineData("remove d0.b1", Errno.EINVAL)]
    [InlineData("plug m1 sub-blocks=1\nremove m1.b0", Errno.EINVAL)]
    [InlineData(TwoBlocks + "alloc a1 pages=1 kind=unmovable\noffline-remove d1", Errno.EBUSY)]
    [InlineData(TwoBlocks + "notifier-error event=going-offline errno=EIO\neject d1", Errno.EBUSY)]
    [InlineData("eject d0", Errno.EINVAL)]
    public void Adding_and_removing_is_refused(string operations, Errno errno) => AssertRefused(operations, errno);

    [Theory]
    [InlineData("online #9", Errno.ENOENT)]
    [InlineData("offline #9", Errno.ENOENT)]
    [InlineData("write-state #9 text=empty", Errno.ENOENT)]
    [InlineData("write-online #9 value=1", Errno.ENOENT)]
    [InlineData("online d0.b1", Errno.EINVAL)]
    [InlineData("add d1 pages=16\noffline d1.b0", Errno.EINVAL)]
    [InlineData("write-state d0.b1 text=nonsense", Errno.EINVAL)]
    [InlineData("add d1 pages=16\nveto k=2 errno=EPERM\nonline d1.b0", Errno.EPERM)]
    [InlineData("add d1 pages=16\nnotifier-error event=going-online errno=ENOMEM\nonline d1.b0", Errno.ENOMEM)]
    [InlineData("add d1 pages=16\nonline d1.b0\npoison d1.b0+3\noffline d1.b0\nonline d1.b0", Errno.EHWPOISON)]
    [InlineData(TwoBlocks + "alloc a1 pages=1 kind=reclaimable\noffline d1.b1", Errno.EBUSY)]
    [InlineData(TwoBlocks + "veto k=3 errno=EIO\noffline d1.b0", Errno.EIO)]
    public void Onlining_and_offlining_is_refused(string operations, Errno errno) => AssertRefused(operations, errno);

    [Theory]
    [InlineData("alloc a1 pages=65", Errno.ENOMEM)]
    [InlineData("alloc a1 pages=9223372036854775807", Errno.ENOMEM)]
    [InlineData("alloc a1 pages=1 order=9", Errno.ENOMEM)]
    [InlineData("alloc a1 pages=1 node=5", Errno.EINVAL)]
    [InlineData(TwoBlocks + "alloc a2 pages=79 kind=unmovable", Errno.ENOMEM)]
    [InlineData("alloc a1 pages=2\nput a1[0]", Errno.EINVAL)]
    [InlineData("inflate driver=xen pages=1", Errno.EINVAL)]
    [InlineData("plug m1 sub-blocks=17", Errno.EINVAL)]
    [InlineData("resize m1 sub-blocks=17", Errno.EINVAL)]
    public void Taking_pages_is_refused(string operations, Errno errno) => AssertRefused(operations, errno);

    [Theory]
    [InlineData("add d1 pages=16\npoison d1.b0+3", Errno.ENXIO)]
    [InlineData("poison d0.b0+3\npoison d0.b0+3", Errno.EHWPOISON)]
    [InlineData("add d1 pages=16\nunpoison d1.b0+3", Errno.EIO)]
    [InlineData("unpoison d0.b0+3", Errno.EBUSY)]
    [InlineData("add d1 pages=16\nsoft-offline d1.b0+3", Errno.EIO)]
    [InlineData("alloc a1 pages=1 kind=pinned\nsoft-offline a1[0]", Errno.EBUSY)]
    [InlineData("alloc a1 pages=1\nveto point=migration errno=EAGAIN\nsoft-offline a1[0]", Errno.EAGAIN)]
    [InlineData("plug m1 sub-blocks=1\nonline_movable m1.b0\npoison m1.b0+9\nunpoison m1.b0+9", Errno.EBUSY)]
    [InlineData("notifier-error event=online errno=EIO", Errno.EINVAL)]
    [InlineData("policy set=auto-nonsense", Errno.EINVAL)]
    [InlineData("policy set=memmap-on", Errno.EACCES)]
    public void Failing_memory_and_settings_are_refused(string operations, Errno errno) =>
        AssertRefused(operations, errno);

    [Theory]
    [InlineData("alloc a1 pages=64 kind=unmovable\nplug m1 sub-blocks=1", Errno.ENOMEM, 0)]
    [InlineData("plug m1 sub-blocks=2\nonline m1.b0\nalloc a1 pages=68 kind=pinned\nunplug m1 sub-blocks=2", Errno.EBUSY, 2)]
    [InlineData("veto point=block-device k=2 errno=ENOMEM\nplug m1 sub-blocks=8", Errno.ENOMEM, 4)]
    public void A_request_that_falls_short_keeps_what_it_reached(string operations, Errno errno, int subBlocks)
    {
        var bench = new Bench(s_ballooned);
        Assert.Equal(Answer.Of(errno), bench.Do(operations));
        Assert.Equal(subBlocks * 4, bench.After.Device(Name.DeviceMemory(1))!.Value.PluggedPages);
    }

    [Fact]
    public void At_most_a_gibibyte_of_device_memory_waits_offline()
    {
        var spec = Bench.WithDeviceMemory with { PageBytes = 1 << 20, PagesPerSection = 512 };
        spec = spec with { DeviceMemories = [new(20, 4, 512, 0)] };
        var bench = new Bench(spec);
        Assert.Equal(Answer.Of(Errno.ENOSPC), bench.Do("plug m1 sub-blocks=4"));
        Assert.Equal(1024, bench.After.Device(Name.DeviceMemory(1))!.Value.PluggedPages);
        Assert.Equal(Answer.Ok, bench.Do("online m1.b0\nplug m1 sub-blocks=1"));
    }

    [Fact]
    public void A_page_that_cannot_be_handled_is_flagged_all_the_same()
    {
        var bench = new Bench(s_ballooned)
            .Done("alloc a1 pages=1 kind=unmovable\nplug m1 sub-blocks=1\nonline_movable m1.b0");
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("poison a1[0]"));
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("poison m1.b0+9"));
        Assert.Equal(2, bench.After.PoisonedPages);
    }

    [Fact]
    public void Six_one_refuses_a_placement_that_it_cannot_meet_and_six_twelve_falls_back()
    {
        var spec = Bench.Small with { MemmapOnMemory = MemmapOnMemory.On };
        var old = new Bench(spec with { Dialect = Dialect.Linux61 });
        Assert.Equal(Answer.Of(Errno.EINVAL), old.Do("add d1 pages=32 memmap=per-block"));
        var off = new Bench(Bench.Small with { Dialect = Dialect.Linux61 });
        Assert.Equal(Answer.Of(Errno.EINVAL), off.Do("add d1 pages=16 memmap=per-block"));
        Assert.Equal(Answer.Ok, new Bench(Bench.Small).Do("add d1 pages=16 memmap=per-block"));
    }

    [Theory]
    [InlineData("pinned")]
    [InlineData("unmigratable")]
    public void A_page_that_never_moves_keeps_offlining_from_ending(string kind)
    {
        var bench = new Bench(Bench.Small).Done($"alloc a1 pages=1 kind={kind}");
        var block = bench.Spec.BlockOf(bench.Outcome.Witness[0].Range.Start);
        Assert.Equal(Answer.Unfinished, bench.Do($"offline #{block}"));
        Assert.Equal(WitnessRole.Culprit, bench.Outcome.Witness[^1].Role);
        Assert.Equal(BlockState.Online, bench.After.Find(block)!.State);
    }

    [Fact]
    public void Offlining_does_not_end_without_room_elsewhere()
    {
        var bench = new Bench(Bench.Small).Done("add d1 pages=16\nonline_movable d1.b0\nalloc a1 pages=76");
        Assert.Equal(Answer.Unfinished, bench.Do("offline d1.b0"));
        Assert.Equal(76, bench.After.Blocks.ToArray().Sum(static b => b.Pages.Runs.ToArray()
            .Where(static r => r.State.Has(PageFlags.InUse | PageFlags.Movable)).Sum(static r => r.Count)));
    }

    [Fact]
    public void A_refused_removal_brings_blocks_back_in_their_former_zones()
    {
        var bench = new Bench(Bench.Small).Done(TwoBlocks + "alloc a1 pages=1 kind=unmovable");
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("eject d1"));
        Assert.Equal(ZoneKind.Movable, bench.After.Find(8)!.Zone);
    }

    [Fact]
    public void A_failed_write_leaves_its_online_type_behind()
    {
        var bench = new Bench(Bench.Small).Done("add d1 pages=16\nonline_kernel d1.b0");
        Assert.Equal(Answer.Of(Errno.EINVAL), bench.Do("online_movable d1.b0"));
        Assert.Equal(ZoneKind.Movable, bench.Done("offline d1.b0\nwrite-online d1.b0 value=1").After.Find(8)!.Zone);
        Assert.Equal(ZoneKind.Normal, bench.Done("offline d1.b0\nwrite-online d1.b0 value=1").After.Find(8)!.Zone);
    }

    [Fact]
    public void PageOffline_that_nobody_gives_up_cancels_offlining()
    {
        var spec = Bench.WithDeviceMemory with { Notifiers = [new("injector", 0)] };
        var bench = new Bench(spec).Done("plug m1 sub-blocks=1\nonline_movable m1.b0");
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("offline m1.b0"));
        Assert.Contains("going-offline unisolated cancel-offline", bench.Steps());
    }

    // The last operation is refused, and everything that can be seen is as before.
    private static void AssertRefused(string operations, Errno errno)
    {
        var bench = new Bench(s_ballooned);
        var lines = operations.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var line in lines[..^1])
            bench.Do(line);
        var before = bench.Picture();
        Assert.Equal(Answer.Of(errno), bench.Do(lines[^1]));
        Assert.Equal(before, bench.Picture());
    }
}
