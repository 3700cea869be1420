using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Tests.Bitmap;

/// <summary>Numbers that were seen on real kernels, at true sizes (kernel-semantics 9.3).</summary>
public sealed class GoldenTraceTests
{
    private static readonly MachineSpec s_pc = new() { BootBlocks = 4, DimmFirstBlock = 32, DimmBlocks = 16 };

    private static readonly MachineSpec s_virtioMem = new()
    {
        BootBlocks = 4,
        DimmFirstBlock = 48,
        DimmBlocks = 8,
        DeviceMemories = [new(32, 8, 512, 0)],
    };

    public static TheoryData<string> Dialects => new(Dialect.All.Select(static d => d.Name));

    [Theory]
    [MemberData(nameof(Dialects))]
    public void Two_dimms_come_and_go_in_zone_Movable(string dialect)
    {
        var bench = new Bench(s_pc with { Dialect = Dialect.Find(dialect)! }).Done("add d1 pages=32768");
        var added = bench.After.Find(32)!;
        Assert.Equal((ZoneKind.Normal, ZoneKind.Movable), (added.Zone, added.OtherZone));
        AssertMovable(bench, 0, 0, 0, 0);
        AssertMovable(bench.Done("online_movable d1.b0"), 1048576, 32768, 32768, 32768);
        AssertMovable(bench.Done("add d2 pages=32768\nonline_movable d2.b0"), 1048576, 65536, 65536, 65536);
        AssertMovable(bench.Done("offline d1.b0"), 1081344, 32768, 32768, 32768);
        AssertMovable(bench.Done("offline d2.b0"), 0, 0, 0, 0);
        Assert.Equal(4 * 32768, bench.After.ManagedTotal);
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public void Device_memory_is_resized_while_its_blocks_are_offline_and_online(string dialect)
    {
        var bench = new Bench(s_virtioMem with { Dialect = Dialect.Find(dialect)! }).Done("resize m1 sub-blocks=10");
        AssertVirtioMem(bench, 0, 0, 0, 0);
        AssertVirtioMem(bench.Done("online_movable m1.b0"), 32768, 5120, 27648, 0);
        AssertVirtioMem(bench.Done("resize m1 sub-blocks=15"), 32768, 7680, 25088, 0);
        AssertVirtioMem(bench.Done("resize m1 sub-blocks=8"), 32768, 4096, 25088, 3584);
        AssertVirtioMem(bench.Done("offline m1.b0"), 0, 0, 0, 0);
        AssertVirtioMem(bench.Done("online_movable m1.b0"), 32768, 4096, 28672, 0);
        foreach (var callback in (int[])[4, 1])
        {
            Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do($"veto k={callback} errno=EBUSY\noffline m1.b0"));
            AssertVirtioMem(bench, 32768, 4096, 28672, 0);
        }

        AssertVirtioMem(bench.Done("resize m1 sub-blocks=100"), 32768, 32768, 0, 0);
        Assert.Equal(BlockState.Offline, bench.After.Find(33)!.State);
        AssertVirtioMem(bench.Done("online_movable m1.b1"), 65536, 51200, 14336, 0);
        bench.Done("resize m1 sub-blocks=0");
        Assert.Null(bench.After.Find(32) ?? bench.After.Find(33));
    }

    [Fact]
    public void Balloon_pages_leave_for_the_other_dimm_and_then_for_boot_memory()
    {
        var bench = new Bench(s_pc with { Balloons = [new(BalloonDriver.Virtio, false)] })
            .Done("add d1 pages=32768\nadd d2 pages=32768\nonline_movable d1.b0\nonline_movable d2.b0")
            .Done("inflate pages=17408");
        AssertMovable(bench, 1048576, 65536, 65536, 48128);
        bench.Done("offline d1.b0");
        Assert.Equal(17408, bench.Outcome.PagesOf(WitnessRole.Migrated));
        AssertMovable(bench, 1081344, 32768, 32768, 15360);
        var normal = bench.Zone(ZoneKind.Normal).Managed;
        bench.Done("offline d2.b0");
        Assert.Equal(normal - 17408, bench.Zone(ZoneKind.Normal).Managed);
        bench.Done("online_movable d1.b0\nballoon-target pages=0");
        Assert.Equal(normal, bench.Zone(ZoneKind.Normal).Managed);
        AssertMovable(bench, 1048576, 32768, 32768, 32768);
    }

    [Theory]
    [InlineData("linux-6.1", 1, 32256)]
    [InlineData("linux-6.12", 1, 32256)]
    [InlineData("linux-6.1", 2, 65536)]
    [InlineData("linux-6.12", 2, 64512)]
    public void A_block_that_hosts_its_vmemmap_is_all_present_and_not_all_managed(
        string dialect, int blocks, long managed)
    {
        var bench = new Bench(s_pc with { Dialect = Dialect.Find(dialect)!, MemmapOnMemory = MemmapOnMemory.On })
            .Done($"add d1 pages={blocks * 32768}");
        var cost = bench.After.BootMemmapPages;
        for (var block = 0; block < blocks; block++)
            bench.Done($"online_movable d1.b{block}");
        AssertMovable(bench, 1048576, blocks * 32768, blocks * 32768, managed);
        var hosted = blocks * 32768 - managed;
        Assert.Equal(512 * blocks, cost + hosted);
        var first = bench.After.Find(32)!.Pages.At(0);
        Assert.Equal(hosted > 0, first.Has(PageFlags.Vmemmap));
        Assert.Equal(hosted > 0 && dialect == "linux-6.1", first.Has(PageFlags.Reserved));
    }

    [Theory]
    [InlineData("linux-6.1", "")]
    [InlineData("linux-6.12", "prepare-online ")]
    public void Onlining_takes_the_kernels_steps(string dialect, string begin)
    {
        var bench = new Bench(s_pc with { Dialect = Dialect.Find(dialect)! });
        bench.Done("add d1 pages=32768\nonline_movable d1.b0");
        Assert.Equal(begin + "moved-to-zone span-changed going-online pages-to-buddy managed-changed sections-online"
            + " present-changed zonelists-rebuilt unisolated online block-state-changed", bench.Steps());
        Assert.Equal(32, bench.Outcome.ToRecord().Effects
            .Count(static e => e.Kind == EffectKind.PagesToBuddy && e.Range.Count == 1024));
    }

    [Fact]
    public void Offlining_takes_the_kernels_steps()
    {
        var bench = new Bench(s_pc).Done("add d1 pages=32768\nonline_movable d1.b0\noffline d1.b0");
        Assert.Equal("block-state-changed pcp-disabled pcp-drained lru-disabled isolated going-offline sections-offline"
            + " lru-enabled pcp-enabled managed-changed present-changed zonelists-rebuilt offline removed-from-zone"
            + " span-changed finish-offline",
            bench.Steps());
    }

    [Fact]
    public void A_vetoed_onlining_tells_the_whole_chain_and_leaves_the_zone()
    {
        var bench = new Bench(s_pc with { MemmapOnMemory = MemmapOnMemory.On })
            .Done("add d1 pages=32768\nnotifier-error event=going-online errno=ENOMEM");
        Assert.Equal(Answer.Of(Errno.ENOMEM), bench.Do("online_movable d1.b0"));
        Assert.Equal("prepare-online vmemmap-initialised moved-to-zone span-changed going-online cancel-online"
            + " removed-from-zone vmemmap-deinitialised finish-offline", bench.Steps());
        AssertMovable(bench, 0, 0, 0, 0);
    }

    [Fact]
    public void A_vetoed_offlining_leaves_isolation_before_it_tells_the_chain()
    {
        var bench = new Bench(s_pc with { MemmapOnMemory = MemmapOnMemory.On })
            .Done("add d1 pages=32768\nonline_movable d1.b0\nnotifier-error event=going-offline errno=EBUSY");
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("offline d1.b0"));
        Assert.Equal("block-state-changed present-changed pcp-disabled pcp-drained lru-disabled isolated going-offline"
            + " unisolated cancel-offline lru-enabled pcp-enabled", bench.Steps());
        AssertMovable(bench, 1048576, 32768, 32768, 32256);
    }

    private static void AssertMovable(Bench bench, long start, long spanned, long present, long managed)
    {
        var zone = bench.Zone(ZoneKind.Movable);
        Assert.Equal((start, spanned, present, managed), (zone.Start, zone.Spanned, zone.Present, zone.Managed));
    }

    private static void AssertVirtioMem(Bench bench, long present, long managed, int fresh, int taken)
    {
        var zone = bench.Zone(ZoneKind.Movable);
        Assert.Equal((present, managed), (zone.Present, zone.Managed));
        var references = bench.Spec.Dialect.Has(DialectItem.OfflineUnreferencedAtRest) ? 0 : 1;
        int isFresh = 0, isTaken = 0;
        foreach (var block in bench.After.Blocks)
            foreach (var run in block.Pages.Runs.ToArray().Where(static r => r.State.Has(PageFlags.Offline)))
            {
                Assert.Equal((references, (byte)1), (run.State.References, run.State.Owner));
                if (run.State.Has(PageFlags.NeverOnlined))
                    isFresh += run.Count;
                else
                    isTaken += run.Count;
            }

        Assert.Equal((fresh, taken), (isFresh, isTaken));
    }
}
