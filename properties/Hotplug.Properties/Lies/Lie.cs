namespace Hotplug.Properties.Lies;

/// <summary>One thing that a machine may say although it is not so.</summary>
public enum Lie
{
    /// <summary>Success although it was refused.</summary>
    SaysOk,
    /// <summary>EBUSY although it succeeded.</summary>
    SaysBusy,
    /// <summary>Another errno than the one it was refused with.</summary>
    SaysAnotherErrno,
    /// <summary>No witness.</summary>
    HidesWitness,
    /// <summary>A witness one page off.</summary>
    ShiftsWitness,
    /// <summary>A block online that is offline, or the other way round.</summary>
    FlipsBlockState,
    /// <summary>A block less.</summary>
    HidesBlock,
    /// <summary>A block more.</summary>
    InventsBlock,
    /// <summary>An online block in another zone.</summary>
    SwapsBlockZone,
    /// <summary>A block on another node.</summary>
    SwapsBlockNode,
    /// <summary>One present page more.</summary>
    AddsPresentPage,
    /// <summary>One managed page more.</summary>
    AddsManagedPage,
    /// <summary>A span one page longer.</summary>
    LengthensSpan,
    /// <summary>A span that starts a page later.</summary>
    ShiftsSpan,
    /// <summary>One free page more.</summary>
    AddsFreePage,
    /// <summary>A zone less, which has pages.</summary>
    HidesZone,
    /// <summary>PageOffline pages that are free.</summary>
    FreesOfflinePages,
    /// <summary>PageOffline pages with a second reference.</summary>
    ReferencesOfflinePages,
    /// <summary>Free pages that are in use.</summary>
    TakesFreePages,
    /// <summary>Pages in use that are free as well.</summary>
    FreesUsedPages,
    /// <summary>A free page that is poisoned.</summary>
    PoisonsPage,
    /// <summary>One sub-block more plugged.</summary>
    PlugsSubBlock,
    /// <summary>One balloon page more.</summary>
    InflatesBalloon,
    /// <summary>One poisoned page more.</summary>
    CountsPoison,
    /// <summary>A node without memory that has some, or the other way round.</summary>
    FlipsNodeMemory,
    /// <summary>A resource less.</summary>
    HidesResource,
    /// <summary>A device less.</summary>
    HidesDevice,
    /// <summary>A block that could be onlined to another zone.</summary>
    SwapsValidZones,
    /// <summary>A node online that is not, or the other way round.</summary>
    FlipsNodeOnline,
    /// <summary>One more page on a per-CPU list.</summary>
    ListsPage,
    /// <summary>A per-CPU list with a higher limit.</summary>
    RaisesListLimit,
    /// <summary>One page more on loan.</summary>
    LoansPage,
    /// <summary>One page more that is wanted on loan.</summary>
    WantsLoan,
    /// <summary>One page more that holds addresses of loaned pages.</summary>
    LoansListPage,
    /// <summary>A free page that is on loan.</summary>
    LoansFreePage,
    /// <summary>A free page that holds addresses of loaned pages.</summary>
    ListsLoansInFreePage,
    /// <summary>A page on loan that is free.</summary>
    FreesLoanedPage,
    /// <summary>A callback is set that is not, or the other way round.</summary>
    FlipsCallback,
    /// <summary>One page more of memmap in boot memory.</summary>
    CountsMemmap,
    /// <summary>Unplugged pages that belong to somebody else.</summary>
    SwapsOwner,
    /// <summary>Pages in use without a reference.</summary>
    DropsReference,
    /// <summary>The last notification is missing.</summary>
    HidesNotification,
    /// <summary>The first and the last step in each other's place.</summary>
    SwapsSteps,
    /// <summary>A block with a page less.</summary>
    ShortensBlock,
    /// <summary>A free page that is nowhere.</summary>
    LosesPage,
    /// <summary>A page in use with fewer than no references.</summary>
    CountsBelowZero,
    /// <summary>A self-hosted vmemmap page with many references.</summary>
    ReferencesVmemmap,
    /// <summary>A page that nothing backs, in use.</summary>
    UsesUnbackedPage,
    /// <summary>A pageblock that is isolated between operations.</summary>
    IsolatesPageblock,
    /// <summary>A warning of its own checks.</summary>
    PrintsWarning,
    /// <summary>Work that it left behind, and that goes on for ever.</summary>
    NeverFinishes,
    /// <summary>Nothing of CMM.</summary>
    HidesLoans,
    /// <summary>A device with a page more.</summary>
    LengthensDevice,
    /// <summary>A run of pages that changed, a page further on.</summary>
    ShiftsChange,
    /// <summary>What was armed to fail, and did, did not: all is as if nothing had been armed.</summary>
    ForgetsVeto,
}
