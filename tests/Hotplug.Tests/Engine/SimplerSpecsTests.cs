using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Shrink;
using Xunit;

namespace Hotplug.Tests.Engine;

/// <summary>Whatever a machine has that a failure does not need is tried without.</summary>
public sealed class SimplerSpecsTests
{
    private static readonly MachineSpec s_plain = new() { BootBlocks = 1, DimmFirstBlock = 1, DimmBlocks = 0, Notifiers = [] };
    private static readonly DeviceMemorySpec s_memory = new(1, 1, 512, 0);
    private static readonly MachineSpec s_cmm = s_plain with { Balloons = [new BalloonSpec(BalloonDriver.Cmm, false)] };

    // What it has, and the same without.
    private static readonly Dictionary<string, (MachineSpec From, MachineSpec To)> s_steps = new()
    {
        ["another registry"] = (s_plain with { OnlineCallbacks = CallbackRegistry.List }, s_plain),
        ["another dialect"] = (s_plain with { Dialect = Dialect.Linux61 }, s_plain),
        ["small pages"] = (s_plain with { PageBytes = 64, DescriptorBytes = 16 }, s_plain),
        ["large descriptors"] = (s_plain with { DescriptorBytes = 1024 }, s_plain),
        ["another ratio"] = (s_plain with { AutoMovableRatio = 50 }, s_plain),
        ["a PC's boot memory"] = (s_plain with { BootBlocks = 2, DimmFirstBlock = 2, PcBoot = true },
            s_plain with { BootBlocks = 2, DimmFirstBlock = 2 }),
        ["memmap on memory"] = (s_plain with { MemmapOnMemory = MemmapOnMemory.On }, s_plain),
        ["blocks that come online"] = (s_plain with { AutoOnline = AutoOnline.Online }, s_plain),
        ["automatic zones"] = (s_plain with { AutoMovable = true }, s_plain),
        ["memmap in chunks"] = (s_plain with { MemmapOrder = 1 }, s_plain),
        ["memmap of a node"] = (s_plain with { MemmapNode = 0 }, s_plain),
        ["another OOM share"] = (s_cmm with { CmmOomPages = 9 }, s_cmm),
        ["pages that stay"] = (s_cmm with { CmmLeastActive = 1 }, s_cmm),
        ["another delay"] = (s_cmm with { CmmHotplugDelay = 2 }, s_cmm),
        ["CMM"] = (s_cmm, s_plain),
        ["a balloon that gives back"] = (s_plain with { Balloons = [new BalloonSpec(BalloonDriver.Virtio, true)] },
            s_plain with { Balloons = [new BalloonSpec(BalloonDriver.Virtio, false)] }),
        ["two nodes"] = (s_plain with { Nodes = 2 }, s_plain),
        ["two CPUs"] = (s_plain with { Cpus = 2 }, s_plain),
        ["room for a DIMM"] = (s_plain with { DimmBlocks = 1 }, s_plain),
        ["more boot memory"] = (s_plain with { BootBlocks = 2, DimmFirstBlock = 2 },
            s_plain with { BootBlocks = 1, DimmFirstBlock = 2 }),
        ["per-CPU lists"] = (s_plain with { PcpHigh = 8, PcpBatch = 4 }, s_plain),
        ["a batch"] = (s_plain with { PcpHigh = 8, PcpBatch = 4 }, s_plain with { PcpHigh = 8, PcpBatch = 1 }),
        ["a high mark"] = (s_plain with { PcpHigh = 8, PcpBatch = 4 }, s_plain with { PcpHigh = 4, PcpBatch = 4 }),
        ["callbacks"] = (s_plain with { Notifiers = [new("slub", 1), new("injector", 0)] }, s_plain),
        ["a callback"] = (s_plain with { Notifiers = [new("slub", 1), new("injector", 0)] },
            s_plain with { Notifiers = [new("slub", 1)] }),
        ["device memory"] = (s_plain with { DeviceMemories = [s_memory] }, s_plain),
        ["two device memories"] = (s_plain with { DeviceMemories = [s_memory, s_memory with { FirstBlock = 2 }] },
            s_plain with { DeviceMemories = [s_memory] }),
        ["large device memory"] = (s_plain with { DeviceMemories = [s_memory with { Blocks = 2 }] },
            s_plain with { DeviceMemories = [s_memory] }),
        ["a gap"] = (s_plain with { DeviceMemories = [s_memory with { FirstBlock = 3 }] },
            s_plain with { DeviceMemories = [s_memory] }),
        ["two sections"] = (s_plain with { SectionsPerBlock = 2 }, s_plain),
        ["a higher order"] = (s_plain, s_plain with { MaxOrder = 0 }),
    };

    public static TheoryData<string> Steps => [.. s_steps.Keys];

    [Theory]
    [MemberData(nameof(Steps))]
    public void It_is_tried_without(string what)
    {
        var (from, to) = s_steps[what];
        Assert.Null(SpecRules.Check(from));
        Assert.Contains(SpecText.Print(to), SimplerSpecs.Of(new Trace(from, [])).Select(static t => SpecText.Print(t.Spec)));
    }

    [Theory]
    [InlineData("dimm", 9, "0 4 8")]
    [InlineData("dimm", 3, "0 1 2")]
    [InlineData("dimm", 2, "0 1")]
    [InlineData("dimm", 1, "0")]
    [InlineData("cpus", 6, "1 3 5")]
    [InlineData("nodes", 2, "1")]
    public void A_size_is_tried_at_its_smallest_at_half_and_one_less(string key, int value, string tried)
    {
        var spec = s_plain;
        Assert.True(SpecText.TryApply(ref spec, key, value.ToString(), out var error), error);
        var get = SpecText.Numbers.Single(n => n.Key == key).Get;
        Assert.Equal(tried, string.Join(' ', SimplerSpecs.Of(new Trace(spec, [])).Select(t => get(t.Spec)).Where(v => v != value).Distinct().Order()));
    }

    [Fact]
    public void Smaller_blocks_keep_the_number_of_blocks_of_what_is_added()
    {
        var spec = s_plain with { PagesPerPageblock = 4, PagesPerSection = 16, MaxOrder = 3, SectionsPerBlock = 2, DimmBlocks = 8 };
        var (whole, half) = (Operation.Add(Name.Device(1), 64), Operation.Add(Name.Device(2), 40));
        var tick = Operation.Tick(32);

        var fitted = SimplerSpecs.Of(new Trace(spec, [whole, half, tick])).Where(t => t.Spec.PagesPerBlock != spec.PagesPerBlock).ToList();

        Assert.Equal([4, 8, 16], fitted.Select(static t => t.Spec.PagesPerSection).Distinct().Order());
        Assert.Contains(fitted, static t => t.Spec is { SectionsPerBlock: 1, PagesPerSection: 16 });
        Assert.All(fitted, t => Assert.Equal([2L * t.Spec.PagesPerBlock, 40, 32], t.Operations.Select(static o => o.Amount)));
    }
}
