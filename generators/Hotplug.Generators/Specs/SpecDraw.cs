using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Generators.Specs;

/// <summary>
/// Draws coherent specs: mostly toys of a few hundred pages, where every corner is near, now and then one at the true
/// ratios of x86.
/// </summary>
public static class SpecDraw
{
    private const int TruePercent = 6;
    private const int MostToyPages = 1 << 10;

    /// <summary>Out of 100 machines, those with per-CPU lists.</summary>
    private const int ListedPercent = 30;

    /// <summary>Sub-blocks of toys have fewer pages.</summary>
    private const int MostPagesOfToy = 64;

    /// <summary>
    /// Out of 100 chains that are drawn, those in which device memory listens: of a driver that does not, PageOffline
    /// pages are foreign ones that nobody gives up.
    /// </summary>
    private const int DrivenPercent = 85;

    private static readonly Dialect[] s_dialects =
    [
        Dialect.Linux612, Dialect.Linux612, Dialect.Linux612, Dialect.Linux612, Dialect.Linux61, Dialect.Linux61,
        Dialect.Source2019,
    ];

    private static readonly AutoOnline[] s_autoOnline =
    [
        AutoOnline.Offline, AutoOnline.Offline, AutoOnline.Offline, AutoOnline.Online, AutoOnline.OnlineKernel,
        AutoOnline.OnlineMovable,
    ];

    private static readonly CallbackRegistry[] s_registries =
    [
        CallbackRegistry.Slot, CallbackRegistry.Slot, CallbackRegistry.Slot, CallbackRegistry.List, CallbackRegistry.List,
        CallbackRegistry.Section,
    ];

    /// <summary>A toy, or now and then a machine at true ratios.</summary>
    public static MachineSpec Any(ref SplitMix random, Levels levels) =>
        random.Chance(TruePercent) ? AtTrueRatios(ref random, levels) : Toy(ref random, levels);

    /// <summary>A machine of a few hundred pages.</summary>
    public static MachineSpec Toy(ref SplitMix random, Levels levels)
    {
        var section = random.Chance(75) ? 16 : 32;
        var spec = new MachineSpec
        {
            PagesPerPageblock = 4,
            PagesPerSection = section,
            SectionsPerBlock = random.Chance(70) ? 1 : 2,
            MaxOrder = random.Between(2, 4),
            // 1024 bytes: the descriptors of 16 pages take 4, one pageblock, so a block can host its own. 512 bytes:
            // half a pageblock, so it can only when that is rounded up. 64 bytes: one page.
            DescriptorBytes = Pick(ref random, [1024, 1024, 1024, 512, 64]),
            BootBlocks = Pick(ref random, [1, 2, 2, 3, 3, 4, 6]),
        };
        return Finish(ref random, levels, spec, mostDimmBlocks: 6, subBlock: spec.PagesPerPageblock);
    }

    /// <summary>A machine with blocks of 128 MiB.</summary>
    public static MachineSpec AtTrueRatios(ref SplitMix random, Levels levels) => Finish(ref random, levels,
        new MachineSpec { BootBlocks = random.Between(2, 4) }, mostDimmBlocks: 3, subBlock: 512);

    private static MachineSpec Finish(
        ref SplitMix random, Levels levels, MachineSpec spec, int mostDimmBlocks, int subBlock)
    {
        spec = spec with
        {
            Nodes = levels.HasFlag(Levels.Numa) ? random.Between(1, 2) : 1,
            Dialect = Pick(ref random, s_dialects),
            PcBoot = spec.BootBlocks > 1 && random.Chance(15),
            AutoOnline = Pick(ref random, s_autoOnline),
            AutoMovable = random.Chance(15),
            AutoMovableRatio = random.Chance(80) ? 301 : Pick(ref random, [0, 50, 100]),
        };
        spec = spec with
        {
            MemmapNode = random.Chance(85) ? -1 : random.Below(spec.Nodes),
            MemmapOrder = random.Chance(90) ? 0 : random.Between(1, Math.Min(2, spec.MaxOrder)),
        };
        if (levels.HasFlag(Levels.Pcplists) && random.Chance(ListedPercent))
        {
            var batch = subBlock > MostPagesOfToy ? new MachineSpec().PcpBatch : random.Between(1, 4);
            spec = spec with { Cpus = random.Between(1, 3), PcpBatch = batch, PcpHigh = batch * random.Between(1, 4) };
        }

        if (levels.HasFlag(Levels.MemmapOnMemory))
            spec = spec with { MemmapOnMemory = Policy(ref random, spec.Dialect) };
        spec = Place(ref random, levels, spec, mostDimmBlocks, subBlock);
        if (levels.HasFlag(Levels.Balloon) && random.Chance(60))
            spec = spec with { Balloons = AnyBalloons(ref random) };
        if (levels.HasFlag(Levels.OnlineCallback))
            spec = spec with { OnlineCallbacks = Pick(ref random, s_registries) };
        if (levels.HasFlag(Levels.Cmm) && random.Chance(30))
            spec = WithCmm(ref random, spec);
        return random.Below(8) switch
        {
            < 4 => spec,
            4 => spec with { Notifiers = NotifierChains.Of(spec.Dialect) },
            _ => spec with { Notifiers = Chain(ref random) },
        };
    }

    // Pages of 64 bytes: a list page holds six addresses then, and a toy has many. Descriptors shrink with them.
    private static MachineSpec WithCmm(ref SplitMix random, MachineSpec spec)
    {
        spec = spec with { Balloons = spec.Balloons.Add(new BalloonSpec(BalloonDriver.Cmm, false)) };
        if (spec.PagesPerBlock > MostToyPages)
            return spec;
        var isSmall = random.Chance(75);
        return spec with
        {
            PageBytes = isSmall ? 64 : spec.PageBytes,
            DescriptorBytes = isSmall ? spec.DescriptorBytes / 64 : spec.DescriptorBytes,
            CmmLeastActive = Pick(ref random, [0, 0, 1, spec.PagesPerBlock]),
            CmmOomPages = random.Between(1, 9),
            CmmHotplugDelay = Pick(ref random, [5, 5, 5, 2, 0]),
        };
    }

    // Boot memory, DIMMs and device memory with gaps between them or without: spans of zones then have holes or not.
    private static MachineSpec Place(
        ref SplitMix random, Levels levels, MachineSpec spec, int mostDimmBlocks, int subBlock)
    {
        var dimms = random.Between(2, mostDimmBlocks);
        var next = spec.BootBlocks + random.Below(3);
        var memories = ImmutableArray.CreateBuilder<DeviceMemorySpec>();
        var count = levels.HasFlag(Levels.DeviceMemory) ? Pick(ref random, [0, 1, 1, 1, 2]) : 0;
        var dimmsAfter = random.Below(count + 1);
        for (var i = 0; i <= count; i++)
        {
            if (i == dimmsAfter)
            {
                spec = spec with { DimmFirstBlock = next, DimmBlocks = dimms };
                next += dimms + random.Below(3);
            }

            if (i == count)
                break;
            var blocks = random.Between(1, 3);
            var largest = spec.PagesPerBlock / subBlock;
            memories.Add(new DeviceMemorySpec(next, blocks, subBlock * Pick(ref random, [1, 1, Math.Min(2, largest)]),
                (short)random.Below(spec.Nodes)));
            next += blocks + random.Below(3);
        }

        return spec with { DeviceMemories = memories.ToImmutable() };
    }

    private static ImmutableArray<BalloonSpec> AnyBalloons(ref SplitMix random) => random.Below(10) switch
    {
        < 6 => [new BalloonSpec(BalloonDriver.Virtio, random.Chance(40))],
        6 => [new BalloonSpec(BalloonDriver.HyperV, false)],
        7 => [new BalloonSpec(BalloonDriver.Xen, false)],
        8 => [new BalloonSpec(BalloonDriver.Xen, false), new BalloonSpec(BalloonDriver.HyperV, false)],
        _ => [new BalloonSpec(BalloonDriver.Virtio, false),
            new BalloonSpec(random.Chance(50) ? BalloonDriver.HyperV : BalloonDriver.Xen, false)],
    };

    // "force" came with 6.12.
    private static MemmapOnMemory Policy(ref SplitMix random, Dialect dialect) => random.Below(10) switch
    {
        < 4 => MemmapOnMemory.Off,
        < 8 => MemmapOnMemory.On,
        _ => dialect == Dialect.Linux612 ? MemmapOnMemory.Force : MemmapOnMemory.On,
    };

    private static ImmutableArray<NotifierSpec> Chain(ref SplitMix random)
    {
        var chain = ImmutableArray.CreateBuilder<NotifierSpec>();
        foreach (var name in (string[])["slub", NotifierChains.Cmm, "page-ext", "virtio-mem", "injector", "listener"])
            if (random.Chance(name switch { "listener" => 50, "virtio-mem" or NotifierChains.Cmm => DrivenPercent, _ => 100 }))
                chain.Insert(random.Below(chain.Count + 1), new NotifierSpec(name, random.Between(-1, 2)));
        return chain.ToImmutable();
    }

    private static T Pick<T>(ref SplitMix random, ReadOnlySpan<T> values) => values[random.Below(values.Length)];
}
