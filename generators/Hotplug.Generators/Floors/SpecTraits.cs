using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Generators.Floors;

/// <summary>Every choice that is made when a machine is drawn.</summary>
public static class SpecTraits
{
    private const int TrueSection = 32768;

    /// <summary>All of them, in the order of the spec's fields.</summary>
    public static ImmutableArray<SpecTrait> All { get; } =
    [
        new("sizes=true", static s => s.PagesPerSection == TrueSection),
        .. Each("section", [16, 32], static s => s.PagesPerSection),
        .. Each("sections-per-block", [1, 2], static s => s.SectionsPerBlock),
        .. Each("max-order", [2, 3, 4], static s => s.MaxOrder),
        .. Each("descriptor-bytes", [1, 8, 16, 64, 512, 1024], static s => s.DescriptorBytes),
        .. Each("boot", [1, 2, 3, 4, 6], static s => s.BootBlocks),
        .. Each("pc-boot", [false, true], static s => s.PcBoot),
        .. Each("dimm", [2, 3, 4, 5, 6], static s => s.DimmBlocks),
        .. Each("nodes", [1, 2], static s => s.Nodes),
        .. Each("dialect", Dialect.All, static s => s.Dialect, static d => d.Name),
        .. Each("auto-online", Enum.GetValues<AutoOnline>(), static s => s.AutoOnline, Words.Of),
        .. Each("auto-movable", [false, true], static s => s.AutoMovable),
        .. Each("auto-movable-ratio", [0, 50, 100, 301], static s => s.AutoMovableRatio),
        .. Each("memmap-node", [-1, 0, 1], static s => s.MemmapNode),
        .. Each("memmap-order", [0, 1, 2], static s => s.MemmapOrder),
        .. Each("memmap-on-memory", Enum.GetValues<MemmapOnMemory>(), static s => s.MemmapOnMemory, Words.Of),
        .. Each("cpus", [1, 2, 3], static s => s.Cpus),
        .. Each("pcplists", [false, true], static s => s.HasPcplists),
        .. Each("pcp-batch", [1, 2, 3, 4], static s => s.HasPcplists ? s.PcpBatch : 0),
        .. Each("pcp-batches", [1, 2, 3, 4], static s => s.PcpHigh / s.PcpBatch),
        .. Each("device-memories", [0, 1, 2], static s => s.DeviceMemories.Length),
        .. Each("device-memory-blocks", [1, 2, 3], static s => s.DeviceMemories.IsEmpty ? 0 : s.DeviceMemories[0].Blocks),
        .. Each("device-memory-node", [0, 1], static s => s.DeviceMemories.IsEmpty ? -1 : s.DeviceMemories[0].Node),
        new("device-memory-first", static s =>
            !s.DeviceMemories.IsEmpty && s.DeviceMemories[0].FirstBlock < s.DimmFirstBlock),
        new("device-memory-last", static s =>
            !s.DeviceMemories.IsEmpty && s.DeviceMemories[^1].FirstBlock > s.DimmFirstBlock),
        new("sub-block=pageblock", static s => s.DeviceMemories.Any(m => m.SubBlockPages == s.PagesPerPageblock)),
        new("sub-block=larger", static s => s.DeviceMemories.Any(m => m.SubBlockPages > s.PagesPerPageblock)),
        .. Each("balloons", [0, 1, 2, 3], static s => s.Balloons.Length),
        .. Enum.GetValues<BalloonDriver>().Select(static driver => new SpecTrait($"balloon={Words.Of(driver)}",
            s => s.Balloons.Any(b => b.Driver == driver))),
        new("deflate-on-oom", static s => s.Balloons.Any(static b => b.DeflateOnOom)),
        .. Each("cmm-hotplug-delay", [0, 2, 5], static s => s.HasCmm ? s.CmmHotplugDelay : -1),
        .. Each("cmm-least-active", [0, 1], static s => s.HasCmm ? s.CmmLeastActive : -1),
        new("cmm-least-active=block", static s => s.HasCmm && s.CmmLeastActive == s.PagesPerBlock),
        new("cmm=unaware", static s => s.HasCmm && !s.HasHotplugAwareCmm),
        .. Each("online-callbacks", Enum.GetValues<CallbackRegistry>(), static s => s.OnlineCallbacks, Words.Of),
        new("notifiers=default", static s => s.Notifiers.SequenceEqual(new MachineSpec().Notifiers)),
        new("notifiers=kernel", static s => s.Notifiers.SequenceEqual(NotifierChains.Of(s.Dialect))),
        .. ((string[])["cmm", "virtio-mem", "listener"]).Select(static name =>
            new SpecTrait($"notifier={name}", s => s.Notifiers.Any(n => n.Name == name))),
        new("notifiers=without-virtio-mem", static s => !s.DeviceMemories.IsEmpty
            && s.Notifiers.All(static n => n.Name != "virtio-mem")),
    ];

    private static IEnumerable<SpecTrait> Each<T>(
        string name, IEnumerable<T> values, Func<MachineSpec, T> of, Func<T, string>? print = null) =>
        values.Select(value => new SpecTrait(
            $"{name}={(print ?? Print)(value)}", s => EqualityComparer<T>.Default.Equals(of(s), value)));

    private static string Print<T>(T value) => value is bool flag ? (flag ? "yes" : "no") : $"{value}";
}
