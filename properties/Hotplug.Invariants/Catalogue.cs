using System.Collections.Immutable;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Every invariant, in the fixed order in which they are judged and printed.</summary>
public static class Catalogue
{
    /// <summary>All of them; the first one that is broken names the failure.</summary>
    public static ImmutableArray<Invariant> All { get; } =
    [
        Blocks.StateMachine,
        Zones.PresentPages,
        Zones.ManagedPages,
        Zones.CountersOrdered,
        Zones.SpanContainsOnlineBlocks,
        Zones.SpanTight,
        PageOfflines.SurvivesUntilOffline,
        References.OfflinePageIsOne,
        Rollback.BlocksUnchanged,
        Rollback.ZonesUnchanged,
    ];
}
