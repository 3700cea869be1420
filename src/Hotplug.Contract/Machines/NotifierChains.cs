using System.Collections.Immutable;

namespace Hotplug.Contract.Machines;

/// <summary>
/// The memory notifier chains that kernels really have: who registers, with which priority, in which order where
/// priorities are equal (kernel-semantics 3.0.3). CMM and the drivers of device memory are modules: they come after
/// what is built in.
/// </summary>
public static class NotifierChains
{
    /// <summary>Name of CMM's callback.</summary>
    public const string Cmm = "cmm";

    /// <summary>CMM's priority (CMM_MEM_HOTPLUG_PRI): low, and yet before all those that have 0.</summary>
    public const int CmmPriority = 1;

    /// <summary>Of Linux 6.1.</summary>
    public static ImmutableArray<NotifierSpec> Linux61 { get; } =
    [
        new("ksm", 100), new("memory-tiers", 100), new("vm-committed", 10), new("cpuset", 10), new("slub", 1),
        new(Cmm, CmmPriority), new("page-ext", 0), new("kasan", 0), new("kcore", 0), new("mmap-reserve", 0),
        new("virtio-mem", 0), new("injector", 0),
    ];

    /// <summary>Of Linux 6.12.</summary>
    public static ImmutableArray<NotifierSpec> Linux612 { get; } =
    [
        new("ksm", 100), new("memory-tiers", 100), new("vm-committed", 10), new("cpuset", 10), new("cxl", 5),
        new("hmat", 2), new("slub", 1), new(Cmm, CmmPriority), new("page-ext", 0), new("kasan", 0), new("kcore", 0),
        new("mmap-reserve", 0), new("crash", 0), new("iommu", 0), new("virtio-mem", 0), new("injector", 0),
    ];

    /// <summary>The chain of the kernel that a dialect follows.</summary>
    public static ImmutableArray<NotifierSpec> Of(Dialect dialect) =>
        dialect.Has(DialectItem.PrepareFinishEvents) ? Linux612 : Linux61;

    /// <summary>The word of a whole chain in the text form of a spec; null for a chain without one.</summary>
    public static string? WordOf(ImmutableArray<NotifierSpec> chain) =>
        chain.SequenceEqual(Linux61) ? Dialect.Linux61.Name : chain.SequenceEqual(Linux612) ? Dialect.Linux612.Name : null;

    /// <summary>The chain with this word; null if there is none.</summary>
    public static ImmutableArray<NotifierSpec>? Find(string word) =>
        word == Dialect.Linux61.Name ? Linux61 : word == Dialect.Linux612.Name ? Linux612 : null;
}
