namespace Hotplug.Bitmap;

/// <summary>
/// The rules that a machine can be told to break, one at a time: what proves that the suite finds faults. What each one
/// does wrong stands in its row of <see cref="FaultTable"/>.
/// </summary>
public enum Fault : byte
{
    // page-offline
    OfflineClearedAtGoingOffline,
    ReonlineFreesUnplugged,
    ChunkDecidedByFirstSubBlock,
    CallbackGivesTail,
    UnplugLeavesPagesInBuddy,
    PlugKeepsOffline,
    TakenPagesMarkedFresh,
    FreshPagesMarkedTaken,
    CancelFreesUnplugged,
    UnpoisonFreesOffline,
    FailedUnplugKeepsTaken,
    KeptOfflinePageAccepted,
    LastPutFreesPageOffline,
    BalloonMarkLostInMigration,

    // references
    CancelForgetsReference,
    CancelTakesUnasked,
    CancelTakesTwice,
    GoingKeepsReferences,
    ReonlineKeepsReferencesDropped,
    GetTakesNothing,
    GetTakesTwo,
    PutDropsNothing,
    PutOfOwnReference,
    LastPutLeaks,
    FreeIgnoresPins,
    FreeKeepsOwnReference,
    PinnedPageMigrated,

    // vmemmap
    VmemmapManaged,
    VmemmapUncountedLate,
    VmemmapNotCountedBack,
    VmemmapStaysInitialised,
    VmemmapNotInitialised,
    VetoedOnlineKeepsVmemmap,
    VmemmapNotPresent,
    OddAltmapRemoved,
    OnlyFirstBlockHosts,
    FailedAddLeaksMemmap,
    FailedAddFreesForeignMemmap,
    MemmapCostNotReturned,
    MemmapCostCountedTwice,
    VmemmapFreedFirst,
    VmemmapNeverFreed,
    VmemmapFreedForwards,
    HeadCountNotDecremented,
    TeardownStateKept,
    DevicesBeforeMemmap,

    // zones
    SpanNotShrunk,
    SpanNotGrownDown,
    SpanStopsAtHole,
    EmptySpanKeepsStart,
    VetoedOnlineKeepsSpan,
    PresentKeptOnOffline,
    PresentForgottenOnOnline,
    OnlineTypeIgnored,
    NextToSpanTakenForInside,
    ZoneChoiceStale,
    PolicyTakenForAnother,
    HotAddedCountedEarly,
    GroupKeepsPresent,

    // accounting
    ManagedDriftsAfterVeto,
    OfflineSubtractsUnplugged,
    PoisonedUnpluggedSubtracted,
    ManagedNotLoweredByCancel,
    CallbackCountsFirstPageOnly,
    UnpluggedCountedManaged,
    PlugCountedTwice,
    UnplugKeepsManaged,
    BalloonManagedNotMoved,
    InflateKeepsManaged,
    DeflateKeepsManaged,
    DeflateOnOomUncounted,
    FailedOfflineStaysIsolated,
    OnlinedBlockStaysIsolated,
    NormalMemoryNotMaintained,
    EmptyNodeStaysOnline,
    AddedToNodeZero,

    // notifiers
    CancelOfflineNotSent,
    CancelStopsEarly,
    CancelWithoutGoing,
    CancelBeforeUnisolation,
    ChainStopsOnSuccess,
    RefusalIgnored,
    RefusalReadAsInvalid,
    StickyErrorForgotten,
    PriorityIgnored,
    OfflineToldEarly,
    OfflineNotTold,
    OnlineToldEarly,
    OnlineNotTold,
    CancelOnlineNotSent,
    FinishOfflineNotSent,
    VetoedOnlineNotFinished,
    LruLeftDisabled,
    PcplistsLeftDisabled,

    // rollback
    RollbackByDefaultPolicy,
    RollbackForgotten,
    FailedAddKeepsResource,
    OverlappingAddDestroys,
    FailedAutoOnlineFailsAdd,
    OfflinedButNotRemoved,
    EjectionToldAsIs,

    // blocks
    OnlineTwiceAccepted,
    OnlineBlockRemoved,
    NonsenseAccepted,
    ResourceNotReleased,
    NeighbouringResourceLost,

    // conservation
    UnmovablePagesIgnored,
    PinnedPageLost,
    MigrationSourceLost,
    MigrationTargetStaysFree,
    MigrationNotTold,
    LastPageOfRunLost,
    KernelPagesInMovable,
    AllocationFallsShort,
    FailedAllocationLeaks,
    ContigTakesPageOffline,

    // poison
    PoisonBlocksOffline,
    PoisonForgottenByOffline,
    PoisonedBlockOnlined,
    PoisonedPageOnlined,
    PoisonedPageFreed,
    PoisonedPageStaysInBuddy,
    PoisonTakesWholeChunk,
    PoisonedPageMigrated,
    PoisonedPageUnplugged,
    OfflinePagePoisoned,
    PoisonCountedAgain,
    PoisonNotCounted,
    PoisonNotMarked,
    UnpoisonKeepsCount,
    UnpoisonedPageLost,
    RemovalKeepsPoisonCount,

    // device-memory
    UnplugNotRecorded,
    PluggedThoughRefused,
    ShortUnplugClaimsSuccess,
    EmptyBlockNeverRemoved,

    // balloon
    TargetAddedToSize,
    InflationNotTold,

    // cmm
    CmmLoansWhileRemoving,
    CmmListPageStays,

    // callback
    CallbackDropsForeignPages,

    // pcplists
    SingleDrain,
}
