using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Xunit;

namespace Hotplug.Tests.Bitmap;

/// <summary>
/// The memmap on the added memory and elsewhere, with the numbers of source document 001 (kernel-semantics 4.2.2).
/// </summary>
public sealed class MemmapTests
{
    private const int Block = 32768;

    private static readonly MachineSpec s_pc = new()
    {
        BootBlocks = 4,
        DimmFirstBlock = 64,
        DimmBlocks = 64,
        MemmapOnMemory = MemmapOnMemory.On,
        Dialect = Dialect.Source2019,
    };

    private static readonly MachineSpec s_small = Bench.Small with
    {
        MemmapOnMemory = MemmapOnMemory.On,
        Dialect = Dialect.Source2019,
    };

    [Theory]
    [InlineData(1, 1, 512)]      // 128 MiB
    [InlineData(3, 3, 1536)]     // 384 MiB
    [InlineData(8, 8, 4096)]     // 1 GiB
    [InlineData(64, 64, 32768)]  // 8 GiB: the first memory block is all vmemmap
    public void Per_device_one_head_counts_every_section_and_holds_their_memmap(int blocks, int references, int pages)
    {
        var bench = new Bench(s_pc).Done($"add d1 pages={blocks * Block} memmap=per-device");
        Assert.Equal([(64L * Block, pages, references)], Heads(bench));
        Assert.Equal(0, bench.After.BootMemmapPages);
        bench.Done("online_movable d1.b0");
        var shown = bench.After.Find(64)!.Pages;
        Assert.Equal((Math.Min(pages, Block), references, 1),
            (shown.Vmemmap, shown.At(0).References, shown.At(1).References));
        Assert.Equal(Block - Math.Min(pages, Block), bench.Zone(ZoneKind.Movable).Managed);
        Assert.Equal(Block, bench.Zone(ZoneKind.Movable).Present);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(64)]
    public void Per_block_every_block_has_a_head_of_one_section_and_512_pages(int blocks)
    {
        var bench = new Bench(s_pc).Done($"add d1 pages={blocks * Block} memmap=per-block");
        Assert.Equal(Enumerable.Range(64, blocks).Select(static b => ((long)b * Block, 512, 1)), Heads(bench));
        bench.Done($"online_movable d1.b{blocks - 1}");
        Assert.Equal((512, 1), (bench.After.Find(63 + blocks)!.Pages.Vmemmap,
            bench.After.Find(63 + blocks)!.Pages.At(0).References));
    }

    [Theory]
    [InlineData("per-device")]
    [InlineData("per-block")]
    public void A_block_of_2_GiB_has_a_head_of_16_sections_and_8192_pages_either_way(string memmap)
    {
        var bench = new Bench(s_pc with { SectionsPerBlock = 16, DimmFirstBlock = 4, DimmBlocks = 2 })
            .Done($"add d1 pages={16 * Block} memmap={memmap}");
        Assert.Equal([(4L * 16 * Block, 8192, 16)], Heads(bench));
        bench.Done("online_movable d1.b0");
        Assert.Equal(16 * Block - 8192, bench.Zone(ZoneKind.Movable).Managed);
        Assert.Equal(16 * Block, bench.Zone(ZoneKind.Movable).Present);
    }

    [Fact]
    public void A_block_that_is_all_vmemmap_comes_online_and_goes_offline_and_is_announced_as_a_whole()
    {
        // Of 16 pages 4 are a block's memmap: that of 5 blocks fills the first one and a quarter of the second.
        var bench = new Bench(s_small).Done("add d1 pages=80 memmap=per-device\nonline_movable d1.b0");
        Assert.Equal("vmemmap-initialised moved-to-zone span-changed going-online sections-online present-changed"
            + " zonelists-rebuilt unisolated online block-state-changed", bench.Steps());
        Assert.Equal((16L, 0L), (bench.Zone(ZoneKind.Movable).Present, bench.Zone(ZoneKind.Movable).Managed));
        bench.Done("online_movable d1.b1");
        Assert.Equal((32L, 12L), (bench.Zone(ZoneKind.Movable).Present, bench.Zone(ZoneKind.Movable).Managed));
        bench.Done("alloc a1 pages=5\noffline d1.b0");
        Assert.All(bench.Outcome.ToRecord().Effects.Where(static e => e.Kind == EffectKind.Notified),
            static e => Assert.Equal(new PageRange(128, 16), e.Range));
        Assert.Empty(bench.Outcome.Witness.ToArray());
        Assert.Equal((16L, 12L), (bench.Zone(ZoneKind.Movable).Present, bench.Zone(ZoneKind.Movable).Managed));
    }

    [Fact]
    public void Vmemmap_in_zone_Movable_does_not_keep_a_block_online_and_is_still_there_when_it_comes_back()
    {
        var bench = new Bench(s_small).Done("add d1 pages=32 memmap=per-device\nonline_movable d1.b0");
        bench.Done("alloc a1 pages=3\nonline_movable d1.b1\noffline d1.b0");
        Assert.All(bench.Outcome.Witness.ToArray(), static w => Assert.True(w.From >= 128 + 8));
        bench.Done("online_movable d1.b0");
        Assert.Equal((8, 2), (bench.After.Find(8)!.Pages.Vmemmap, bench.After.Find(8)!.Pages.At(0).References));
    }

    [Fact]
    public void Teardown_of_a_device_counts_down_to_its_last_section_and_then_frees_backwards()
    {
        var bench = new Bench(s_small).Done("add d1 pages=48 memmap=per-device\nremove d1");
        var effects = bench.Outcome.ToRecord().Effects;
        Assert.Equal([2, 1, 0], effects.Where(static e => e.Kind == EffectKind.VmemmapHeadReference)
            .Select(static e => e.Value));
        Assert.Equal([160, 144, 128], effects.Where(static e => e.Kind == EffectKind.VmemmapFreed)
            .Select(static e => e.Range.Start));
        Assert.Equal("block-destroyed vmemmap-head-reference vmemmap-freed resource-released", bench.Steps());
    }

    [Theory]
    [InlineData("per-block", Errno.None)]
    [InlineData("per-device", Errno.EINVAL)]
    public void Removal_at_another_granularity_than_the_add(string memmap, Errno expected)
    {
        var bench = new Bench(s_small).Done($"add d1 pages=48 memmap={memmap}");
        foreach (var block in (int[])[1, 0, 2])
            Assert.Equal(Answer.Of(expected), bench.Do($"remove d1.b{block} blocks=1"));
        Assert.Equal(expected == Errno.None ? Answer.Unbound : Answer.Ok, bench.Do("remove d1"));
        Assert.Null(bench.After.Find(8));
    }

    [Fact]
    public void Eight_blocks_of_1_GiB_leave_one_by_one_in_any_order_when_each_hosts_its_own()
    {
        var bench = new Bench(s_pc).Done($"add d1 pages={8 * Block} memmap=per-block");
        foreach (var block in (int[])[3, 7, 0, 1, 6, 2, 5, 4])
            bench.Done($"remove d1.b{block} blocks=1");
        Assert.Empty(bench.After.Devices.ToArray());
        Assert.Equal(0, bench.After.BootMemmapPages);
    }

    [Theory]
    [InlineData("source-2019", Errno.None)]
    [InlineData("linux-6.1", Errno.EINVAL)]
    [InlineData("linux-6.12", Errno.EINVAL)]
    public void Only_source_document_001_knows_a_memmap_per_device(string dialect, Errno expected) => Assert.Equal(
        Answer.Of(expected),
        new Bench(s_small with { Dialect = Dialect.Find(dialect)! }).Do("add d1 pages=32 memmap=per-device"));

    [Fact]
    public void Switched_off_at_run_time_the_flags_are_ignored_and_the_memmap_comes_from_boot_memory()
    {
        var bench = new Bench(s_small).Done("policy set=memmap-off\nadd d1 pages=32 memmap=per-device");
        Assert.Equal(8, bench.After.BootMemmapPages);
        Assert.Empty(Heads(bench));
        bench.Done("policy set=memmap-on\nadd d2 pages=32 memmap=per-device");
        Assert.Equal(8, bench.After.BootMemmapPages);
        Assert.Equal([(10 * 16L, 8, 2)], Heads(bench));
        Assert.Equal(Answer.Of(Errno.EACCES),
            new Bench(s_small with { Dialect = Dialect.Linux612 }).Do("policy set=memmap-off"));
    }

    [Fact]
    public void Without_it_an_add_costs_memory_of_another_node_before_anything_is_online()
    {
        var bench = new Bench(new MachineSpec { BootBlocks = 4, Nodes = 2 });
        var free = bench.Zone(ZoneKind.Normal).Free;
        bench.Done($"add d1 pages={8 * Block} node=1");
        Assert.Equal((free - 4096, 4096L), (bench.Zone(ZoneKind.Normal).Free, bench.After.BootMemmapPages));
        Assert.Equal(0, bench.Zone(ZoneKind.Movable, node: 1).Present + bench.Zone(ZoneKind.Normal, node: 1).Present);
        bench.Done("remove d1");
        Assert.Equal((free, 0L), (bench.Zone(ZoneKind.Normal).Free, bench.After.BootMemmapPages));
    }

    [Theory]
    [InlineData(0, Errno.None)]
    [InlineData(2, Errno.ENOMEM)]
    public void In_large_orders_an_add_fails_and_leaves_nothing_although_enough_single_pages_are_free(
        int order, Errno expected)
    {
        // 48 pages in chunks of 2, each second one freed: no chunk of 4 is left.
        var bench = new Bench(Bench.Small with { BootBlocks = 3, MemmapOrder = order });
        for (var i = 1; i <= 24; i++)
            bench.Done($"alloc a{i} pages=2 kind=unmovable order=1");
        for (var i = 1; i <= 24; i += 2)
            bench.Done($"free a{i}");
        var before = bench.Picture();
        Assert.Equal(Answer.Of(expected), bench.Do("add d1 pages=16"));
        if (expected != Errno.None)
            Assert.Equal(before, bench.Picture());
    }

    [Fact]
    public void An_add_that_runs_out_of_memory_half_way_leaves_nothing_behind()
    {
        var bench = new Bench(Bench.Small with { BootBlocks = 1 }).Done("alloc a1 pages=6 kind=unmovable");
        var before = bench.Picture();
        Assert.Equal(Answer.Of(Errno.ENOMEM), bench.Do("add d1 pages=48"));
        Assert.Equal(before, bench.Picture());
        Assert.Equal(Answer.Ok, bench.Do("add d1 pages=32"));
    }

    [Fact]
    public void A_vetoed_block_device_takes_the_group_of_a_whole_device_back_down()
    {
        var bench = new Bench(s_small);
        var before = bench.Picture();
        Assert.Equal(Answer.Of(Errno.ENOMEM),
            bench.Do("veto point=block-device k=3 errno=ENOMEM\nadd d1 pages=48 memmap=per-device"));
        Assert.Equal([160, 144, 128], bench.Outcome.ToRecord().Effects
            .Where(static e => e.Kind == EffectKind.VmemmapFreed).Select(static e => e.Range.Start));
        Assert.Equal(before, bench.Picture());
    }

    private static IEnumerable<(long Head, int Pages, int References)> Heads(Bench bench) => bench.Outcome.ToRecord()
        .Effects.Where(static e => e.Kind == EffectKind.VmemmapHeadReference)
        .Select(static e => (e.Range.Start, (int)e.Range.Count, (int)e.Value));
}
