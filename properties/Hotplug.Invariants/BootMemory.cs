using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>
/// What boot memory keeps from being judged absolutely: on a PC its first block spans two zones and its last one has a
/// hole, so that the pages of these zones are not a whole number of blocks. Such zones are judged by how they change.
/// </summary>
internal static class BootMemory
{
    /// <summary>True if some boot block gives the zone less than all its pages.</summary>
    internal static bool IsPartialIn(Transition seen, ZoneId zone)
    {
        if (!seen.Spec.PcBoot || zone.Node != 0 || !zone.IsKernel)
            return false;
        var last = seen.After.Find(seen.Spec.BootBlocks - 1);
        return last is null || zone.Kind <= last.Zone;
    }

    /// <summary>True if the block may have pages that are not there, or pages of two zones.</summary>
    internal static bool IsPartial(Transition seen, int block) =>
        seen.Spec.PcBoot && (block == 0 || block == seen.Spec.BootBlocks - 1);
}
