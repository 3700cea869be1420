using System.Collections.Immutable;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants.Facts;

/// <summary>Every fact that must hold now and then, so that the invariants beside it are really asked.</summary>
public static class FactCatalogue
{
    /// <summary>All of them, by subject.</summary>
    public static ImmutableArray<Sometimes> All { get; } =
    [
        .. RollbackFacts.All, .. MemmapFacts.All, .. ZoneFacts.All, .. PageFacts.All, .. DriverFacts.All,
    ];
}
