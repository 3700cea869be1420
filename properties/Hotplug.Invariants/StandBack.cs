using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>
/// Where rules do not judge: a machine that is only looked at from outside may still be working on a device or a
/// balloon, and then what concerns its blocks lags. Everything else holds. Checks ask only after they found a
/// difference, so that the passing path pays nothing.
/// </summary>
internal static class StandBack
{
    /// <summary>The block belongs to a device that was in flight before or is after.</summary>
    internal static bool ForBlock(Transition seen, int block) => seen.InFlight(block);

    /// <summary>The block, or a balloon that may hold some of its pages, was in flight before or is after.</summary>
    internal static bool ForPages(Transition seen, int block) => seen.BalloonInFlight || seen.InFlight(block);

    /// <summary>As <see cref="ForPages"/>, after only: for rules about how a page is, not how it changed.</summary>
    internal static bool ForPagesAfter(Transition seen, int block)
    {
        foreach (ref readonly var device in seen.After.Devices)
            if (device.InFlight && device.Range.Contains(seen.Spec.PagesOf(block)))
                return true;
        return seen.After.BalloonInFlight;
    }

    /// <summary>
    /// A device that may have blocks in the zone is in flight after: existence, spans and counters may lag.
    /// </summary>
    internal static bool ForZone(Transition seen, ZoneId zone) => DeviceInFlight(seen, seen.After, zone.Node);

    /// <summary>As <see cref="ForZone"/>, or a balloon is in flight after: managed may lag in every zone.</summary>
    internal static bool ForManaged(Transition seen, ZoneId zone) =>
        seen.After.BalloonInFlight || ForZone(seen, zone);

    /// <summary>As <see cref="ForZone"/>, before or after: for rules that compare the two.</summary>
    internal static bool ForZoneChange(Transition seen, ZoneId zone) =>
        DeviceInFlight(seen, seen.Before, zone.Node) || ForZone(seen, zone);

    /// <summary>As <see cref="ForManaged"/>, before or after: for rules that compare the two.</summary>
    internal static bool ForManagedChange(Transition seen, ZoneId zone) => seen.BalloonInFlight
        || ForZoneChange(seen, zone);

    /// <summary>Some device or balloon was in flight before or is after: sums over the whole machine may lag.</summary>
    internal static bool ForSums(Transition seen) => seen.AnythingInFlight;

    /// <summary>Some device or balloon is in flight after.</summary>
    internal static bool AnythingAfter(Transition seen) => seen.After.BalloonInFlight || seen.After.DeviceInFlight;

    private static bool DeviceInFlight(Transition seen, Observation observation, short node)
    {
        foreach (ref readonly var device in observation.Devices)
            if (device.InFlight && MayHaveBlocksOn(seen, device, node))
                return true;
        return false;
    }

    private static bool MayHaveBlocksOn(Transition seen, in DeviceObservation device, short node)
    {
        if (device.Name.Kind == NameKind.DeviceMemory)
            return seen.Spec.DeviceMemories[device.Name.Id - 1].Node == node;
        var known = false;
        for (var block = seen.Spec.BlockOf(device.Range.Start); block < seen.Spec.BlockOf(device.Range.End); block++)
        {
            var there = seen.After.Find(block) ?? seen.Before.Find(block);
            if (there?.Node == node)
                return true;
            known |= there is not null;
        }

        return !known;
    }
}
