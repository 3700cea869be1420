using System.Collections.Immutable;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>One rule of the catalogue that the suite started from, and who judges it here.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Subject">What it is about, in a few words.</param>
/// <param name="JudgedBy">The invariants that judge it, or its part that one transition shows; may be empty.</param>
/// <param name="WhyNot">What is left out, and why; empty if nothing is.</param>
public sealed record CatalogueEntry(int Number, string Subject, ImmutableArray<Invariant> JudgedBy, string WhyNot)
{
    /// <summary>Prints <c>I-07</c>.</summary>
    public override string ToString() => $"I-{Number:00}";
}

/// <summary>
/// The eighty rules that the suite started from. Ids are words; these numbers only say where a rule comes from.
/// </summary>
public static class CatalogueNumbers
{
    private const string Model = "What must happen depends on what came before: the reference model judges it.";
    private const string Unseen = "No observation shows it.";
    private const string Later = "Its level is not implemented by any machine yet.";

    /// <summary>All eighty, in order.</summary>
    public static ImmutableArray<CatalogueEntry> All { get; } =
    [
        new(1, "every page is of exactly one kind", [Conservation.OnePlace, Conservation.NoneLost], ""),
        new(2, "what a buddy page never is", [References.FreePageIsZero, Conservation.OnePlace, Poison.NeverInBuddy],
            ""),
        new(3, "what a PageOffline page at rest is", [References.OfflinePageIsOne, Conservation.OnePlace], ""),
        new(4, "when a PageOffline page has no reference", [References.OfflinePageIsOne, References.TakenBack], ""),
        new(5, "PageOffline persists", [PageOfflines.SurvivesUntilOffline, PageOfflines.AppearsByRequest], ""),
        new(6, "unplugged pages are PageOffline, plugged ones are not",
            [PageOfflines.OwnerUnplugged, DeviceMemories.SizeIsItsBlocks, DeviceMemories.PagesFollowSubBlocks], ""),
        new(7, "no list holds a page of an offline block", [Conservation.OfflineBlockHoldsNothing], ""),
        new(8, "every page has one owner", [Conservation.OnePlace, Conservation.AllocTakesFreePages], ""),
        new(9, "a poisoned page is never handed out", [Poison.NeverInBuddy, Conservation.AllocTakesFreePages], ""),
        new(10, "poison persists", [Poison.Persists, Poison.OnlyNamed, Poison.SuccessMarks], ""),
        new(11, "vmemmap pages stay as they are",
            [Vmemmap.AtBlockStart, Vmemmap.Untouched, References.VmemmapPageIsOne, Vmemmap.SurvivesOffline], ""),
        new(12, "what a page is after onlining", [Poison.FreshBlockIsClean, PageOfflines.RecreatedAsFresh], ""),
        new(13, "what an allocation may take", [Conservation.AllocTakesFreePages], ""),
        new(14, "what dropping a reference does",
            [References.GetAddsOne, References.PutDropsOne, References.NeverNegative, Conservation.ReleasedIsFree], ""),
        new(15, "kinds of pages add up", [Conservation.PageCount, Zones.PresentPages], ""),
        new(16, "present pages", [Zones.PresentPages], ""),
        new(17, "managed pages", [Zones.ManagedPages], ""),
        new(18, "counters are ordered", [Zones.CountersOrdered, Accounting.FreeWithinManaged], ""),
        new(19, "the total follows the zones", [Accounting.ManagedTotal], ""),
        new(20, "the span contains every online block", [Zones.SpanContainsOnlineBlocks, Zones.SpanTight], ""),
        new(21, "the span is tight", [Zones.SpanTight], ""),
        new(22, "a node's span is the hull of its zones", [], Unseen),
        new(23, "counters of memory groups", [], Unseen),
        new(24, "free pages", [Accounting.FreePages], ""),
        new(25, "isolated pageblocks", [Accounting.NothingIsolated], ""),
        new(26, "which nodes have memory", [Accounting.NodeMemory, Accounting.NodeOnline], ""),
        new(27, "the size of a balloon", [Balloons.SizeIsItsPages], ""),
        new(28, "the size of device memory",
            [DeviceMemories.WholeSubBlocks, DeviceMemories.SizeIsItsBlocks, DeviceMemories.SizeFollowsSubBlocks], ""),
        new(29, "the cost of the memmap", [Vmemmap.CostFollowsBlocks], ""),
        new(30, "the number of poisoned pages", [Poison.Counter], ""),
        new(31, "failure is atomic",
            [Rollback.BlocksUnchanged, Rollback.ZonesUnchanged, Rollback.PageOfflineUnchanged, Rollback.PagesUnchanged,
                Rollback.MemmapUnchanged, Rollback.ResourcesUnchanged, Rollback.NodesUnchanged,
                    Rollback.DevicesUnchanged], ""),
        new(32, "offline and online again is the identity", [PageOfflines.RecreatedAsFresh],
            "Two operations: one transition shows only what onlining makes; the reference model judges the rest."),
        new(33, "add and remove again is the identity", [Vmemmap.CostFollowsBlocks, Blocks.ResourcesAgree],
            "Two operations: one transition shows only that both account alike; the reference model judges the rest."),
        new(34, "when removal is legal", [Blocks.RemoveRefusedForOnline, Blocks.RemoveIsWhole], ""),
        new(35, "the state machine of a block", [Blocks.StateMachine, Blocks.OnlyNamedChange,
            Blocks.StateFollowsAnswer, BlockReports.StateAsReported], ""),
        new(36, "idempotence of state writes", [Blocks.SameStateRefused, Blocks.OnlineAttributeIdempotent], ""),
        new(37, "the zone after onlining", [Blocks.ZoneAsAsked],
            "That the default shown is the policy's: the reference model judges it."),
        new(38, "offlining that must succeed", [], Model),
        new(39, "offlining that must fail with events", [], Model),
        new(40, "offlining that must fail at isolation", [], Model),
        new(41, "offlining a block with a hole or of two zones", [Notifiers.EarlyRefusalIsSilent],
            "That it must be refused: the reference model judges it."),
        new(42, "an interrupted offlining is rolled back", [Rollback.BlocksUnchanged, Rollback.ZonesUnchanged], ""),
        new(43, "a refused removal puts blocks back", [Rollback.ReonlinedInSameZone], ""),
        new(44, "a rejected add leaves nothing", [Rollback.ResourcesUnchanged, Rollback.MemmapUnchanged],
            "Which errno it is: the reference model judges it."),
        new(45, "a failed auto-online does not fail the add", [Blocks.AddIsWhole], ""),
        new(46, "contiguous allocation", [Contigs.TakesExactlyTheRange, Contigs.TakesFreeOrMovedPages,
            Contigs.TakesNoPageOffline, Contigs.StopsEarly, Contigs.IsolationUndone, Contigs.KeepsCounters], ""),
        new(47, "what inflating and deflating do", [Balloons.GrowsByWhatItTook, Balloons.ShrinksByWhatItGave,
            Balloons.ManagedFollows, Balloons.TakesFreePages], ""),
        new(48, "migration of balloon pages", [Balloons.SizeByRequest, Balloons.MigrationMovesPage], ""),
        new(49, "resizing converges", [DeviceMemories.MovesTowardsRequest, DeviceMemories.RequestNoticed,
            DeviceMemories.ReachedWhenOk, DeviceMemories.SizeByRequest], ""),
        new(50, "the grammar of events", [Notifiers.Grammar, Notifiers.RemoveIsSilent], ""),
        new(51, "the order of callbacks", [Notifiers.PriorityOrder], ""),
        new(52, "who hears of a veto", [Notifiers.StopsAtRefusal, Notifiers.CancelReachesWholeChain,
            Notifiers.RefusalIsTheAnswer], ""),
        new(53, "callbacks are idle between operations", [References.TakenBack, LoanRemovals.HaltEnds],
            "Of a callback's own state only what it holds can be seen: references, and CMM's halt."),
        new(54, "isolation around GOING_OFFLINE and CANCEL_OFFLINE", [NotifierSteps.GoingOfflineAfterIsolation,
            NotifierSteps.CancelOfflineAfterUnisolation], ""),
        new(55, "what is done when OFFLINE and ONLINE are sent", [NotifierSteps.OfflineAfterAccounting,
            NotifierSteps.OnlineAfterAccounting, NotifierSteps.CommitIsFinal], ""),
        new(56, "ranges of events", [Notifiers.RangeExcludesVmemmap], ""),
        new(57, "PREPARE_ONLINE and FINISH_OFFLINE balance", [Notifiers.Grammar, Vmemmap.UsableWhileInUse], ""),
        new(58, "disabled per-CPU lists are empty", [Pcplists.DisabledEmpty, Pcplists.DrainEmpties], ""),
        new(59, "per-CPU lists are restored", [NotifierSteps.PcplistsRestored, Pcplists.LimitsRestored], ""),
        new(60, "races of freeing and offlining", [Pcplists.DisabledWhileIsolated, Pcplists.ListedPageIsFree],
            "What others do meanwhile: one transition shows only that the lists were off; schedules judge the rest."),
        new(61, "where pages of per-CPU lists go", [Pcplists.LeavesToBuddyOrUser, Accounting.FreePages], ""),
        new(62, "free, listed and used pages add up at every step", [Pcplists.CountIsItsPages, Conservation.NoneLost,
            Conservation.OnePlace, Zones.ManagedPages], "Inside an operation: one transition shows both its ends."),
        new(63, "page descriptors live as long as their section", [Vmemmap.SurvivesOffline, Vmemmap.FreedWithBlock,
            Vmemmap.PopulatedFirst], ""),
        new(64, "the head of a group's vmemmap goes last", [Vmemmap.TornDownLast, MemmapGroups.HeadFreedLast], ""),
        new(65, "references of a group's head", [MemmapGroups.HeadCountsSections, MemmapGroups.HeadHoldsAll,
            MemmapGroups.HeadReferences], ""),
        new(66, "no altmap page is left after removal", [Vmemmap.FreedWithBlock, MemmapGroups.HeadCountsSections], ""),
        new(67, "removal at another granularity", [Rollback.BlocksUnchanged, MemmapGroups.HeadCountsSections],
            "That it must be refused: the reference model judges it."),
        new(68, "everything of a block vanishes together", [Blocks.RemoveIsWhole, Blocks.ResourcesAgree,
            Vmemmap.TornDownLast], ""),
        new(69, "CMM: loans after activation", [LoanRemovals.HaltedWhileRemoving],
            "One page of a loan that runs when the removal begins: only schedules show that."),
        new(70, "CMM: no loaned page in the range", [LoanRemovals.RangeIsClear, LoanRemovals.KeepsWhenNotAsked,
            LoanRemovals.RefusesForListPages], ""),
        new(71, "CMM: freeing never aborts", [Loans.FreeingNeverAborts, Loans.GivenBackIsFree], ""),
        new(72, "CMM: delay after hotplug", [Loans.PausedAfterHotplug], ""),
        new(73, "CMM: pages per pageblock", [LoanRemovals.CountsItsPages], ""),
        new(74, "CMM: page lists", [Loans.ListsAreFull, Loans.SizeIsItsPages, Loans.TakesFreePages], ""),
        new(75, "Xen: backed pages", [Backings.UnbackedStaysOut, Backings.BackedByRequest, Backings.BackedIsFree,
            Backings.UsableWithinBacked, Callbacks.DecidedOnce], ""),
        new(76, "one owner of the online callback", [Callbacks.OneSlot, Callbacks.OthersRefused,
            Callbacks.SetWhileMemory, Callbacks.OwnerDecides], ""),
        new(77, "no warning of the kernel", [Complaints.NoWarning], "A crash is the engine's rule machine.crash."),
        new(78, "contents survive migration", [], Unseen),
        new(79, "blocks are those of the added ranges", [Blocks.AddIsWhole, Blocks.ResourcesAgree, Blocks.HasDevice],
            ""),
        new(80, "what an insertion or ejection reports", [], Unseen),
    ];
}
