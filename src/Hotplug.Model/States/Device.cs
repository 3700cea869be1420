using Hotplug.Contract;
using Hotplug.Contract.Operations;

namespace Hotplug.Model.States;

/// <summary>A hot-added device (a DIMM).</summary>
/// <param name="Id">N of dN.</param>
/// <param name="Range">Its address range.</param>
/// <param name="Node">NUMA node.</param>
/// <param name="Group">The memory group that its blocks are.</param>
internal readonly record struct Device(int Id, PageRange Range, short Node, MemoryGroupKind Group)
{
    /// <summary>The memmap of all its blocks lies at its start: they are removed together or not at all.</summary>
    public bool MemmapPerDevice { get; init; }

    /// <summary>The balloon driver that added it; generic for none.</summary>
    public CallbackOwner Driver { get; init; }
}
