using Hotplug.Contract;
using Hotplug.Contract.Observations;

namespace Hotplug.Model.States;

/// <summary>
/// What a zone has besides the memory blocks that are counted in it: parts of boot blocks that span zones. Read from
/// the first observation.
/// </summary>
/// <param name="Id">Which zone.</param>
/// <param name="Range">Pages of those parts; empty if there are none.</param>
/// <param name="Present">Present pages besides those of its blocks; negative where a boot block has a hole that cannot
/// be seen.</param>
/// <param name="EarlyPages">Pages present from boot, for the auto-movable policy.</param>
internal readonly record struct ZoneBase(ZoneId Id, PageRange Range, long Present, long EarlyPages);
