using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Tests.Contract;

/// <summary>Which specs are coherent, and what is said of those that are not.</summary>
public sealed class SpecRulesTests
{
    [Fact]
    public void The_default_machine_is_coherent() => Assert.Null(SpecRules.Check(new MachineSpec()));

    [Fact]
    public void A_toy_of_32_pages_is_coherent() => Assert.Null(SpecRules.Check(new MachineSpec
    {
        PagesPerPageblock = 1,
        PagesPerSection = 4,
        MaxOrder = 2,
        DescriptorBytes = 1024,
        BootBlocks = 2,
        DimmFirstBlock = 2,
        DimmBlocks = 6,
    }));

    [Fact]
    public void A_machine_of_16_TiB_is_coherent()
    {
        var spec = new MachineSpec
        {
            SectionsPerBlock = 16,
            BootBlocks = 4096,
            DimmFirstBlock = 4096,
            DimmBlocks = 4096
        };
        Assert.Null(SpecRules.Check(spec));
        Assert.Equal(16L << 40, spec.DimmRange.End * spec.PageBytes);
    }

    public static TheoryData<MachineSpec, string> Incoherent()
    {
        var spec = new MachineSpec();
        return new TheoryData<MachineSpec, string>
        {
            { spec with { BootBlocks = 0 }, "boot=0: allowed is 1 to 16777216" },
            { spec with { PageBytes = 5000 }, "page-bytes=5000: allowed is a power of two" },
            { spec with { PagesPerPageblock = 500 }, "pageblock=500: allowed is a power of two" },
            { spec with { SectionsPerBlock = 3 }, "block-sections=3: allowed is a power of two" },
            { spec with { PagesPerSection = 256 }, "section=256: a section is whole pageblocks, pageblock=512" },
            { spec with { PagesPerSection = 1 << 24, SectionsPerBlock = 1 << 8 },
                "block-sections=256: a memory block holds at most" },
            { spec with { MaxOrder = 16 }, "max-order=16: a free chunk lies inside one section, section=32768" },
            { spec with { DescriptorBytes = 4096 }, "descriptor-bytes=4096: page descriptors must take less than" },
            { spec with { PcpHigh = 10 }, "pcp-high=10: allowed is 0, or pcp-batch=63 and more" },
            { spec with { MemmapNode = 1 }, "memmap-node=1: allowed is −1 to 0, nodes=1" },
            { spec with { MemmapOrder = 11 }, "memmap-order=11: allowed is 0 to max-order=10" },
            { spec with { DimmFirstBlock = 3 }, "dimm blocks [3,19) overlap boot blocks [0,4): ranges are disjoint" },
            { spec with { DimmBlocks = 1 << 20 }, "dimm ends at block" },
            { spec with { DeviceMemories = [new(32, 0, 512, 0)] }, "device-memory blocks=0: allowed is 1 and more" },
            { spec with { DeviceMemories = [new(32, 9, 512, 0)] },
                "device-memory blocks [32,41) overlap dimm blocks [40,56)" },
            { spec with { DeviceMemories = [new(32, 8, 256, 0)] },
                "device-memory sub-block=256: allowed is a power of two from pageblock=512 to 32768" },
            { spec with { DeviceMemories = [new(32, 8, 512, 1)] }, "device-memory node=1: allowed is 0 to 0, nodes=1" },
            { spec with { Balloons = [new(BalloonDriver.Xen, false), new(BalloonDriver.Xen, true)] },
                "balloon=xen: at most one of a driver" },
            { spec with { Notifiers = [new("my chain", 0)] }, "notifier 'my chain': a name is letters, digits and -" },
        };
    }

    [Theory]
    [MemberData(nameof(Incoherent))]
    public void An_incoherent_machine_is_refused_with_the_value_and_the_rule(MachineSpec spec, string message) =>
        Assert.StartsWith(message, SpecRules.Check(spec));

    [Fact]
    public void The_memmap_of_a_block_is_self_hosted_in_whole_pageblocks_only()
    {
        var spec = new MachineSpec { DescriptorBytes = 32 };
        Assert.Equal(256, spec.SelfHostedPages(MemmapOnMemory.On));
        Assert.False(spec.CanSelfHost(MemmapOnMemory.On));
        Assert.Equal(512, spec.SelfHostedPages(MemmapOnMemory.Force));
        Assert.True(spec.CanSelfHost(MemmapOnMemory.Force));
        Assert.False(spec.CanSelfHost(MemmapOnMemory.Off));
    }

    [Fact]
    public void Blocks_are_numbered_by_address()
    {
        var spec = new MachineSpec();
        Assert.Equal(new PageRange(40L * 32768, 32768), spec.PagesOf(40));
        Assert.Equal(40, spec.BlockOf(spec.PagesOf(41).Start - 1));
    }
}
