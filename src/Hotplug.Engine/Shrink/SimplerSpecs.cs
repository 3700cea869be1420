using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Traces;

namespace Hotplug.Engine.Shrink;

/// <summary>Simpler machines to try for a trace, boldest first.</summary>
internal static class SimplerSpecs
{
    private static readonly MachineSpec s_default = new();

    /// <summary>
    /// Coherent machines that are simpler by <see cref="SpecMeasures"/>, with the operations fitted to them.
    /// </summary>
    internal static IEnumerable<Trace> Of(Trace trace) =>
        Fewer(trace.Spec).Concat(Smaller(trace.Spec)).Select(trace.With).Concat(SmallerBlocks(trace))
            .Concat(Usual(trace.Spec).Concat(Closer(trace.Spec)).Select(trace.With))
            .Where(t => SpecRules.Check(t.Spec) is null && SpecMeasures.Compare(t.Spec, trace.Spec) < 0);

    private static Trace With(this Trace trace, MachineSpec spec) => trace with { Spec = spec };

    // Names of device memories count from the front of the list, so only the last may go without renaming.
    private static IEnumerable<MachineSpec> Fewer(MachineSpec spec)
    {
        if (!spec.DeviceMemories.IsEmpty)
        {
            yield return spec with { DeviceMemories = [] };
            yield return spec with { DeviceMemories = spec.DeviceMemories.RemoveAt(spec.DeviceMemories.Length - 1) };
        }

        if (!spec.Balloons.IsEmpty)
            yield return spec with { Balloons = [] };
        for (var i = spec.Balloons.Length - 1; i >= 0; i--)
            yield return spec with { Balloons = spec.Balloons.RemoveAt(i) };
        for (var i = spec.Balloons.Length - 1; i >= 0; i--)
            yield return spec with
            {
                Balloons = spec.Balloons.SetItem(i, spec.Balloons[i] with { DeflateOnOom = false }),
            };
        if (spec.HasPcplists)
            yield return spec with { PcpHigh = 0, PcpBatch = s_default.PcpBatch };
        if (!spec.Notifiers.IsEmpty)
            yield return spec with { Notifiers = [] };
        for (var i = spec.Notifiers.Length - 1; i >= 0; i--)
            yield return spec with { Notifiers = spec.Notifiers.RemoveAt(i) };
    }

    private static IEnumerable<MachineSpec> Smaller(MachineSpec spec)
    {
        yield return spec with
        {
            Nodes = 1,
            MemmapNode = Math.Min(spec.MemmapNode, 0),
            DeviceMemories = [.. spec.DeviceMemories.Select(static m => m with { Node = 0 })],
        };
        foreach (var nodes in Below(spec.Nodes, 1))
            yield return spec with { Nodes = nodes };
        foreach (var cpus in Below(spec.Cpus, 1))
            yield return spec with { Cpus = cpus };
        foreach (var blocks in Below(spec.DimmBlocks, 0))
            yield return spec with { DimmBlocks = blocks };
        foreach (var blocks in Below(spec.BootBlocks, 1))
            yield return spec with { BootBlocks = blocks };
        for (var i = 0; i < spec.DeviceMemories.Length; i++)
            foreach (var blocks in Below(spec.DeviceMemories[i].Blocks, 1))
                yield return spec with
                {
                    DeviceMemories = spec.DeviceMemories.SetItem(i, spec.DeviceMemories[i] with { Blocks = blocks }),
                };
        if (spec.HasPcplists)
        {
            foreach (var batch in Below(spec.PcpBatch, 1))
                yield return spec with { PcpBatch = batch };
            foreach (var high in Below(spec.PcpHigh, spec.PcpBatch))
                yield return spec with { PcpHigh = high };
        }

        yield return spec with { PcBoot = false };
        yield return spec with { MemmapOnMemory = MemmapOnMemory.Off };
        yield return spec with { AutoOnline = AutoOnline.Offline };
        yield return spec with { AutoMovable = false };
        yield return spec with { MemmapOrder = 0 };
        yield return spec with { MemmapNode = -1 };
        yield return spec with { CmmOomPages = s_default.CmmOomPages };
        yield return spec with { CmmLeastActive = s_default.CmmLeastActive };
        yield return spec with { CmmHotplugDelay = s_default.CmmHotplugDelay };
    }

    // What nothing depends on is as it is by default.
    private static IEnumerable<MachineSpec> Usual(MachineSpec spec)
    {
        yield return spec with { OnlineCallbacks = s_default.OnlineCallbacks };
        yield return spec with { Dialect = s_default.Dialect };
        yield return spec with { PageBytes = s_default.PageBytes, DescriptorBytes = s_default.DescriptorBytes };
        yield return spec with { DescriptorBytes = s_default.DescriptorBytes };
        yield return spec with { AutoMovableRatio = s_default.AutoMovableRatio };
    }

    // No holes between the regions: boot memory, then DIMMs, then device memory.
    private static IEnumerable<MachineSpec> Closer(MachineSpec spec)
    {
        var next = spec.BootBlocks;
        var packed = spec with { DimmFirstBlock = next };
        next += spec.DimmBlocks;
        foreach (var memory in spec.DeviceMemories)
        {
            packed = packed with { DeviceMemories = packed.DeviceMemories.Replace(memory, memory with { FirstBlock = next }) };
            next += memory.Blocks;
        }

        yield return packed;
        yield return spec with { DimmFirstBlock = spec.BootBlocks };
    }

    // A block of fewer pages: what was added keeps its number of blocks, chunks and sub-blocks stay inside.
    private static IEnumerable<Trace> SmallerBlocks(Trace trace)
    {
        var spec = trace.Spec;
        foreach (var sections in Below(spec.SectionsPerBlock, 1))
            yield return Fit(trace, spec with { SectionsPerBlock = sections });
        foreach (var pages in Below(spec.PagesPerSection, spec.PagesPerPageblock))
            yield return Fit(trace, spec with { PagesPerSection = pages });
        foreach (var pages in Below(spec.PagesPerPageblock, 1))
            yield return Fit(trace, spec with { PagesPerPageblock = pages });
        foreach (var order in Below(spec.MaxOrder, 0))
            yield return Fit(trace, spec with { MaxOrder = order });
    }

    private static Trace Fit(Trace trace, MachineSpec spec)
    {
        var order = Math.Min(spec.MaxOrder, System.Numerics.BitOperations.Log2((uint)spec.PagesPerSection));
        spec = spec with
        {
            MaxOrder = order,
            MemmapOrder = Math.Min(spec.MemmapOrder, order),
            DeviceMemories = [.. spec.DeviceMemories.Select(
                m => m with { SubBlockPages = Math.Clamp(m.SubBlockPages, spec.PagesPerPageblock, spec.PagesPerBlock) })],
        };
        return new Trace(spec, [.. trace.Operations.Select(o => Fit(o, trace.Spec.PagesPerBlock, spec.PagesPerBlock))]);
    }

    private static Operation Fit(Operation operation, int was, int now) =>
        operation.Kind == OperationKind.Add && operation.Amount % was == 0
            ? operation with { Amount = operation.Amount / was * now }
            : operation;

    private static IEnumerable<int> Below(int value, int lowest)
    {
        if (value <= lowest)
            yield break;
        yield return lowest;
        if (value / 2 > lowest)
            yield return value / 2;
        if (value - 1 > lowest && value - 1 != value / 2)
            yield return value - 1;
    }
}
