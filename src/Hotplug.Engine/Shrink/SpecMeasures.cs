using System.Collections.Immutable;
using Hotplug.Contract.Machines;

namespace Hotplug.Engine.Shrink;

/// <summary>
/// What makes one machine simpler than another: numbers that are compared one after the other, smaller is simpler.
/// </summary>
public static class SpecMeasures
{
    // What is printed only when it differs is simplest when it does not.
    private static readonly MachineSpec s_usual = new();

    private static readonly ImmutableArray<Func<MachineSpec, long>> s_measures =
    [
        static s => s.DeviceMemories.Length,
        static s => s.Balloons.Length,
        static s => s.HasPcplists ? 1 : 0,
        static s => s.Notifiers.Length,
        static s => s.Nodes,
        static s => s.Cpus,
        static s => s.DimmBlocks,
        static s => s.BootBlocks,
        static s => s.DeviceMemories.Sum(static m => (long)m.Blocks),
        static s => s.PcBoot ? 1 : 0,
        static s => (long)s.MemmapOnMemory,
        static s => (long)s.AutoOnline,
        static s => s.AutoMovable ? 1 : 0,
        static s => s.Balloons.Count(static b => b.DeflateOnOom),
        static s => s.SectionsPerBlock,
        static s => s.PagesPerSection,
        static s => s.PagesPerPageblock,
        static s => s.MaxOrder,
        static s => s.MemmapOrder,
        static s => s.MemmapNode,
        static s => s.PcpBatch,
        static s => s.PcpHigh,
        static s => s.CmmOomPages == s_usual.CmmOomPages ? 0 : 1,
        static s => s.CmmLeastActive == s_usual.CmmLeastActive ? 0 : 1,
        static s => s.CmmHotplugDelay == s_usual.CmmHotplugDelay ? 0 : 1,
        static s => (long)s.OnlineCallbacks,
        static s => s.Dialect == s_usual.Dialect ? 0 : 1,
        static s => s.PageBytes == s_usual.PageBytes ? 0 : 1,
        static s => s.DescriptorBytes == s_usual.DescriptorBytes ? 0 : 1,
        static s => s.AutoMovableRatio == s_usual.AutoMovableRatio ? 0 : 1,
        static s => s.DeviceMemories.Sum(static m => (long)m.SubBlockPages),
        static s => s.DimmFirstBlock,
        static s => s.DeviceMemories.Sum(static m => (long)m.FirstBlock),
    ];

    /// <summary>Negative if the first machine is simpler, 0 if neither is.</summary>
    public static int Compare(MachineSpec one, MachineSpec other)
    {
        foreach (var measure in s_measures)
            if (measure(one).CompareTo(measure(other)) is var order and not 0)
                return order;
        return 0;
    }
}
