using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Reference counts.</summary>
public static class References
{
    /// <summary>Catches a CANCEL_OFFLINE that forgets to take the references back, and references that leak.</summary>
    public static readonly Invariant OfflinePageIsOne = new(
        "references.offline-page-is-one", Family.References,
        "At rest a PageOffline page of an online memory block has exactly the one reference of its owner (none in source document 003).",
        "A CANCEL_OFFLINE that forgets to take the references back, or a reference that leaks.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_fake_offline_cancel_offline"),
        Levels.Core, Visibility.Blocks | Visibility.PageTypes | Visibility.References, CheckOfflinePages);

    private static Violation? CheckOfflinePages(Transition seen)
    {
        var atRest = seen.Spec.Dialect.Has(DialectItem.OfflineUnreferencedAtRest) ? 0 : 1;
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is not { State: BlockState.Online } block || block.Pages.Offline == 0)
                continue;
            foreach (ref readonly var run in block.Pages.Runs)
            {
                if (!run.State.Has(PageFlags.Offline) || run.State.References == atRest
                    || run.State.References == PageState.Unknown || StandBack.ForPages(seen, change.Block)
                    || MayBeMigrating(seen, run.State))
                    continue;
                return Evidence.Against(OfflinePageIsOne, seen.Spec, change.Block, run.Start, run.Count,
                    $"references {atRest}", run.State.ToString());
            }
        }

        return null;
    }

    // A page of a balloon has a second reference while it is migrated: device memory that is being unplugged migrates such pages
    // out of its own blocks, to anywhere. balloon_page_isolate().
    private static bool MayBeMigrating(Transition seen, in PageState page) =>
        page.Owner == 0 && !page.Has(PageFlags.NeverOnlined) && !seen.Spec.Balloons.IsEmpty && StandBack.ForSums(seen);
}
