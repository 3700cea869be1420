using Hotplug.Bitmap;
using Hotplug.Properties.Lies;

namespace Hotplug.Tests.Quality;

/// <summary>
/// Rules that are not the one that a seeded fault is killed by: what shows that they can find something all the same.
/// </summary>
internal static class RuleWitnesses
{
    private const string Computed =
        "What is shown of it is computed from what it is compared with: only a peer can show the two apart.";

    private const string OneStep =
        "The machine has one step for it: no seeded fault takes it away without something else breaking first.";

    private const string Elsewhere =
        "It is about operations that have no business with it: the machine has no code there that could go wrong.";

    private const string Kernel = "Only a kernel prints it, or leaves it behind.";

    private const string Form = "The engine refuses an observation that cannot be, before any rule is asked: GarbageTests.";

    /// <summary>A fault that breaks the rule, where another rule that is judged before it names the failure.</summary>
    internal static readonly (string Rule, Fault Fault)[] Faults =
    [
        ("block.remove-refused-for-online", Fault.OnlineBlockRemoved),
        ("block.zone-as-asked", Fault.OnlineTypeIgnored),
        ("block.node-stays", Fault.AddedToNodeZero),
        ("contig.stops-early", Fault.ContigMigratesFirst),
        ("contig.takes-free-or-moved-pages", Fault.ContigTakesPageOffline),
        ("references.taken-back", Fault.CancelForgetsReference),
        ("poison.only-named", Fault.PoisonedPageFreed),
        ("poison.offline-refused", Fault.OfflinePagePoisoned),
        ("poison.unpoison-refuses-page-offline", Fault.UnpoisonFreesOffline),
        ("conservation.alloc-takes-free-pages", Fault.MigrationTargetStaysFree),
        ("pcplists.leaves-to-buddy-or-user", Fault.MigrationNotTold),
        ("pcplists.limits-restored", Fault.PcplistsLeftDisabled),
        ("vmemmap.usable-while-in-use", Fault.OfflineNotTold),
        ("vmemmap.head-counts-sections", Fault.HeadCountNotDecremented),
        ("vmemmap.head-holds-all", Fault.VmemmapTooLarge),
        ("rollback.page-offline-unchanged", Fault.CancelTakesTwice),
        ("rollback.resources-unchanged", Fault.FailedAddKeepsResource),
        ("rollback.nodes-unchanged", Fault.EmptyNodeStaysOnline),
        ("rollback.devices-unchanged", Fault.OverlappingAddDestroys),
        ("zone.counters-ordered", Fault.PresentKeptOnOffline),
        ("accounting.free-within-managed", Fault.CallbackCountsFirstPageOnly),
        ("callback.decided-once", Fault.CallbackDropsForeignPages),
        ("callback.owner-decides", Fault.FirstCallbackClaimsAll),
        ("callback.backed-is-free", Fault.BackedPagesKept),
        ("callback.others-refused", Fault.SlotTakenOver),
        ("callback.reserved-stops-isolation", Fault.CancelWithoutGoing),
        ("balloon.immovable-keeps-online", Fault.KeptOfflinePageAccepted),
        ("balloon.immovable-stays-in-place", Fault.ImmovableBalloonMoves),
        ("balloon.shrinks-by-what-it-gave", Fault.UnbackedGivenToBuddy),
        ("balloon.managed-follows", Fault.InflateKeepsManaged),
        ("balloon.takes-free-pages", Fault.MigrationTargetStaysFree),
        ("balloon.migration-moves-page", Fault.BalloonMarkLostInMigration),
        ("cmm.refuses-for-list-pages", Fault.CmmRefusesForLoans),
        ("cmm.halt-ends-with-removal", Fault.OfflineNotTold),
        ("device-memory.reached-when-ok", Fault.UnplugNotRecorded),
        ("device-memory.pages-follow-sub-blocks", Fault.PlugKeepsOffline),
        ("notifier.stops-at-refusal", Fault.RefusalIgnored),
        ("notifier.remove-is-silent", Fault.RemovalTold),
        ("notifier.early-refusal-is-silent", Fault.PoisonedBlockTold),
        ("notifier.commit-is-final", Fault.CancelledAfterCommit),
    ];

    /// <summary>A lie that breaks the rule, and why no fault of the machine does.</summary>
    internal static readonly (string Rule, Lie Lie, string Why)[] Lies =
    [
        ("block.only-named-change", Lie.FlipsBlockState, Elsewhere),
        ("block.state-follows-answer", Lie.SaysOk, OneStep),
        ("block.state-as-reported", Lie.FlipsBlockState, Computed),
        ("block.has-device", Lie.InventsBlock, Computed),
        ("contig.isolation-undone", Lie.SwapsSteps, OneStep),
        ("contig.takes-exactly-the-range", Lie.HidesWitness, OneStep),
        ("page-offline.appears-by-request", Lie.FreesOfflinePages, Elsewhere),
        ("references.free-page-is-zero", Lie.FreesUsedPages, Computed),
        ("references.vmemmap-page-is-one", Lie.ReferencesVmemmap, Computed),
        ("references.never-negative", Lie.CountsBelowZero, Computed),
        ("poison.never-in-buddy", Lie.PoisonsPage, Computed),
        ("poison.zones-unchanged", Lie.AddsPresentPage, Elsewhere),
        ("conservation.one-place", Lie.FreesUsedPages, Computed),
        ("conservation.offline-block-holds-nothing", Lie.FlipsBlockState, Computed),
        ("conservation.chunks-aligned", Lie.TakesFreePages, OneStep),
        ("conservation.quiet-operations", Lie.TakesFreePages, Elsewhere),
        ("pcplists.listed-page-is-free", Lie.FlipsBlockState, Computed),
        ("pcplists.count-is-its-pages", Lie.ListsPage, Computed),
        ("accounting.managed-total", Lie.AddsManagedPage, Computed),
        ("accounting.nothing-isolated", Lie.IsolatesPageblock, Computed),
        ("accounting.quiet-operations", Lie.AddsManagedPage, Elsewhere),
        ("contig.keeps-counters", Lie.AddsPresentPage, Elsewhere),
        ("callback.backed-by-request", Lie.FreesOfflinePages, Elsewhere),
        ("callback.unbacked-stays-out", Lie.UsesUnbackedPage, Computed),
        ("cmm.keeps-when-not-asked", Lie.LoansListPage, Elsewhere),
        ("cmm.size-is-its-pages", Lie.LoansPage, Computed),
        ("cmm.takes-free-pages", Lie.LoansFreePage, Computed),
        ("cmm.target-by-request", Lie.WantsLoan, Elsewhere),
        ("cmm.zones-unchanged", Lie.AddsManagedPage, Elsewhere),
        ("device-memory.whole-sub-blocks", Lie.PlugsSubBlock, Computed),
        ("device-memory.moves-towards-request", Lie.PlugsSubBlock, Computed),
        ("device-memory.size-by-request", Lie.PlugsSubBlock, Elsewhere),
        ("balloon.size-by-request", Lie.InflatesBalloon, Elsewhere),
        ("machine.no-warning", Lie.PrintsWarning, Kernel),
        ("machine.finishes", Lie.NeverFinishes, Kernel),
    ];

    /// <summary>Nothing reaches the rule but its own cases, and why.</summary>
    internal static readonly (string Rule, string Why)[] Cases =
    [
        ("conservation.none-lost", Form),
        ("conservation.page-count", Form),
    ];
}
