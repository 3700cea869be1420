using Hotplug.Contract;

namespace Hotplug.Model.States;

/// <summary>A hot-added device (a DIMM).</summary>
/// <param name="Id">N of dN.</param>
/// <param name="Range">Its address range.</param>
/// <param name="Node">NUMA node.</param>
/// <param name="Grouped">Its blocks are one static memory group.</param>
internal readonly record struct Device(int Id, PageRange Range, short Node, bool Grouped);
