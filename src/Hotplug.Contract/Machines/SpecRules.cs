using System.Numerics;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Machines;

/// <summary>Says whether a <see cref="MachineSpec"/> is coherent.</summary>
public static class SpecRules
{
    /// <summary>The largest number of pages: 16 TiB of 4 KiB pages, four times over.</summary>
    public const long MostPages = 1L << 34;

    /// <summary>The first rule that the spec breaks, with the value and what is allowed; null if it is
    /// coherent.</summary>
    public static string? Check(MachineSpec spec) =>
        CheckNumbers(spec) ?? CheckUnits(spec) ?? CheckRanges(spec) ?? CheckDrivers(spec);

    private static string? CheckNumbers(MachineSpec spec)
    {
        foreach (var field in SpecText.Numbers)
        {
            var value = field.Get(spec);
            if (value < field.Low || value > field.High)
                return $"{field.Key}={value}: allowed is {field.Low} to {field.High}";
        }

        return null;
    }

    private static string? CheckUnits(MachineSpec spec)
    {
        foreach (var (key, value) in new[]
        {
            ("page-bytes", spec.PageBytes), ("pageblock", spec.PagesPerPageblock), ("section", spec.PagesPerSection),
            ("block-sections", spec.SectionsPerBlock),
        })
            if (!BitOperations.IsPow2(value))
                return $"{key}={value}: allowed is a power of two";
        if (spec.PagesPerSection < spec.PagesPerPageblock)
            return $"section={spec.PagesPerSection}: a section is whole pageblocks, pageblock={spec.PagesPerPageblock}";
        if ((long)spec.PagesPerSection * spec.SectionsPerBlock > int.MaxValue)
            return $"block-sections={spec.SectionsPerBlock}: a memory block holds at most {int.MaxValue} pages";
        if (1L << spec.MaxOrder > spec.PagesPerSection)
            return $"max-order={spec.MaxOrder}: a free chunk lies inside one section, section={spec.PagesPerSection}";
        if ((long)spec.PagesPerSection * spec.DescriptorBytes / spec.PageBytes >= spec.PagesPerSection)
            return $"descriptor-bytes={spec.DescriptorBytes}: page descriptors must take less than the pages they describe, page-bytes={spec.PageBytes}";
        if (spec.PcBoot && spec.BootBlocks < 2)
            return $"pc-boot=1: boot={spec.BootBlocks}: the block that spans two zones and the one with a hole are two, allowed is 2 and more";
        if (spec.HasPcplists && spec.PcpHigh < spec.PcpBatch)
            return $"pcp-high={spec.PcpHigh}: allowed is 0, or pcp-batch={spec.PcpBatch} and more";
        if (spec.MemmapNode >= spec.Nodes)
            return $"memmap-node={spec.MemmapNode}: allowed is −1 to {spec.Nodes - 1}, nodes={spec.Nodes}";
        return spec.MemmapOrder > spec.MaxOrder
            ? $"memmap-order={spec.MemmapOrder}: allowed is 0 to max-order={spec.MaxOrder}"
            : null;
    }

    private static string? CheckRanges(MachineSpec spec)
    {
        var ranges = new List<(string Name, PageRange Blocks)>
        {
            ("boot", new PageRange(0, spec.BootBlocks)),
            ("dimm", new PageRange(spec.DimmFirstBlock, spec.DimmBlocks)),
        };
        foreach (var memory in spec.DeviceMemories)
            ranges.Add(("device-memory", new PageRange(memory.FirstBlock, memory.Blocks)));
        for (var i = 0; i < ranges.Count; i++)
        {
            if (ranges[i].Blocks.End > MostPages / spec.PagesPerBlock)
                return $"{ranges[i].Name} ends at block {ranges[i].Blocks.End}: a machine has at most {MostPages} pages, a block {spec.PagesPerBlock}";
            for (var j = 0; j < i; j++)
                if (ranges[i].Blocks.Intersects(ranges[j].Blocks))
                    return $"{ranges[i].Name} blocks {ranges[i].Blocks} overlap {ranges[j].Name} blocks {ranges[j].Blocks}: ranges are disjoint";
        }

        return null;
    }

    private static string? CheckDrivers(MachineSpec spec)
    {
        foreach (var memory in spec.DeviceMemories)
        {
            if (memory.Blocks < 1)
                return $"device-memory blocks={memory.Blocks}: allowed is 1 and more";
            if (!BitOperations.IsPow2(memory.SubBlockPages) || memory.SubBlockPages < spec.PagesPerPageblock
                || memory.SubBlockPages > spec.PagesPerBlock)
                return $"device-memory sub-block={memory.SubBlockPages}: allowed is a power of two from pageblock={spec.PagesPerPageblock} to {spec.PagesPerBlock}";
            if (memory.Node < 0 || memory.Node >= spec.Nodes)
                return $"device-memory node={memory.Node}: allowed is 0 to {spec.Nodes - 1}, nodes={spec.Nodes}";
        }

        if (spec.DeviceMemories.Length >= PageOwners)
            return $"device-memory: {spec.DeviceMemories.Length} given, allowed is {PageOwners - 1}";
        foreach (var driver in Enum.GetValues<BalloonDriver>())
            if (spec.Balloons.Count(b => b.Driver == driver) > 1)
                return $"balloon={Words.Of(driver)}: at most one of a driver";
        if (spec.Balloons.Length > (spec.HasCmm ? 2 : 1) && spec.Balloons.Any(static b => b.DeflateOnOom))
            return "balloon=virtio-oom: its pages stay managed, those of others do not; allowed is no balloon beside it but cmm";
        foreach (var notifier in spec.Notifiers)
            if (notifier.Name.Length == 0 || !notifier.Name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '-'))
                return $"notifier '{notifier.Name}': a name is letters, digits and -";
        return null;
    }

    private const int PageOwners = Observations.PageState.BalloonOwner;
}
