namespace Hotplug.Bitmap;

/// <summary>
/// The rules that a machine under a schedule can be told to break, one at a time: they show when operations overlap
/// only. What each one does wrong stands in its row of <see cref="RaceFaultTable"/>.
/// </summary>
public enum RaceFault : byte
{
    // pcplists (source document 002)
    DrainedOnce,
    DrainedEachPass,
    DrainSkipsEmptyLists,
    DrainedBeforeDisabled,
    LimitsRestoredEarly,
    LimitsRestoredByAnybody,
    LimitsReadUnlocked,
    RefillUnlocked,
    PagesOnTheirWayOverlooked,

    // isolation and migration
    IsolatedAfterLook,
    NotifiedBeforeIsolation,
    UnisolatedBeforeCommit,
    IsolationNotRefused,
    ForeignIsolationUndone,
    ContigNotIsolated,
    LateReferenceMigrated,

    // references
    ReferencesNotAtomic,
    PutDecidesEarly,
    FreeDecidesEarly,

    // the hotplug lock, and what is looked at before it
    LocksInverted,
    HotplugLockKeptOnRefusal,
    PcpLockKept,
    OnlineCheckedBeforeLock,
    OfflineCheckedBeforeLock,
    RemoveCheckedBeforeLock,
    AddCheckedBeforeLock,
    CallbackSwappedUnlocked,

    // device memory (source document 003)
    DriverLockReleasedEarly,
    DriverLockKeptOnCancel,
    DriverHoldsLockIntoRemoval,
    RequestsOverlap,

    // balloons
    InflateUnlocked,
    DeflateUnlocked,
    ManagedNotAtomic,

    // CMM (source document 000)
    CmmNeverAborts,
    CmmFlagOnly,
    CmmResumesEarly,
    CmmCountsPagesOnTheirWay,
    CmmSpareListPageFreedTwice,
    CmmSpareListPageLeaked,
    CmmListPageUnchecked,
    CmmFreesUnlocked,
}
