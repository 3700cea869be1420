using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>What can be seen of memory that balloon drivers added and the hypervisor backs.</summary>
internal static class BackedPages
{
    /// <summary>
    /// The driver that added the block: generic for none. Null where it cannot be told: nobody registered it, or part
    /// of a device's range was removed and added again by another.
    /// </summary>
    internal static CallbackOwner? DriverOf(Observation seen, BlockObservation block, PageRange pages)
    {
        if (!block.IsRegistered)
            return null;
        CallbackOwner? driver = null;
        foreach (ref readonly var device in seen.Devices)
        {
            if (!device.Range.Contains(pages))
                continue;
            if (driver is { } other && other != device.Owner)
                return null;
            driver = device.Owner;
        }

        return driver ?? CallbackOwner.Generic;
    }

    /// <summary>By how many unbacked pages of Xen's balloon the blocks that changed gained.</summary>
    internal static long Gained(Transition seen)
    {
        long pages = 0;
        foreach (ref readonly var change in seen.Changed)
            pages += OfXen(change.After) - OfXen(change.Before);
        return pages;
    }

    /// <summary>True if the block has a page that nothing backs.</summary>
    internal static bool AnyUnbacked(BlockObservation block)
    {
        if (block.Pages.Offline == 0)
            return false;
        foreach (ref readonly var run in block.Pages.Runs)
            if (run.State.Has(PageFlags.Unbacked))
                return true;
        return false;
    }

    /// <summary>PageOffline that Hyper-V's or Xen's driver holds or keeps out: nobody moves it or gives it
    /// up.</summary>
    internal static bool IsImmovable(in PageState page) => page.Has(PageFlags.Offline)
        && (page.Has(PageFlags.Unbacked) || page.Owner is HyperV or Xen);

    private const byte HyperV = PageState.BalloonOwner + (byte)BalloonDriver.HyperV;
    private const byte Xen = PageState.BalloonOwner + (byte)BalloonDriver.Xen;

    private static long OfXen(BlockObservation? block)
    {
        if (block is null || block.Pages.Offline == 0)
            return 0;
        long pages = 0;
        foreach (ref readonly var run in block.Pages.Runs)
            if (run.State.Has(PageFlags.Unbacked) && run.State.Owner == Xen)
                pages += run.Count;
        return pages;
    }
}
