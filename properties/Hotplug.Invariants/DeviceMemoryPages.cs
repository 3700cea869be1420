using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>
/// How many pages of a device memory's blocks are usable: between two bounds where not all can be seen.
/// </summary>
internal static class DeviceMemoryPages
{
    /// <summary>True if the device's size or one of its blocks changed.</summary>
    internal static bool AreTouched(Transition seen, in DeviceObservation device)
    {
        if (seen.IsStart || seen.Before.Device(device.Name)?.PluggedPages != device.PluggedPages)
            return true;
        foreach (ref readonly var change in seen.Changed)
            if (seen.Spec.DeviceMemoryOf(change.Block) == device.Name.Id)
                return true;
        return false;
    }

    /// <summary>
    /// Pages that are surely usable, and those that may be. An offline block shows no pages: it may have any number of
    /// sub-blocks. Where owners are not told, a PageOffline page that was onlined before may be a balloon's.
    /// </summary>
    internal static (long Low, long High) Usable(Transition seen, int memory)
    {
        var spec = seen.Spec.DeviceMemories[memory - 1];
        long low = 0, high = 0;
        for (var number = spec.FirstBlock; number < spec.FirstBlock + spec.Blocks; number++)
        {
            if (seen.After.Find(number) is not { } block)
                continue;
            high += seen.Spec.PagesPerBlock;
            if (!block.IsOnline || block.Pages.HasUnseen || block.Pages.Pages == 0)
                continue;
            low += seen.Spec.PagesPerBlock;
            foreach (ref readonly var run in block.Pages.Runs)
            {
                if (!run.State.Has(PageFlags.Offline) || run.State.Owner >= PageState.BalloonOwner)
                    continue;
                low -= run.Count;
                if (run.State.Owner > 0 || run.State.Has(PageFlags.NeverOnlined) || seen.Spec.Balloons.IsEmpty)
                    high -= run.Count;
            }
        }

        return (low, high);
    }

    /// <summary>
    /// Pages that may be usable without having been plugged: where unpoisoning an unplugged page hands it to the
    /// allocator, single pages are off from then on; a sub-block never is.
    /// </summary>
    internal static long Tolerance(Transition seen, int memory) =>
        seen.Spec.Dialect.Has(DialectItem.UnpoisonRefusesOffline) ? 0
            : seen.Spec.DeviceMemories[memory - 1].SubBlockPages - 1;
}
