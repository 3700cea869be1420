using System.Collections.Immutable;

namespace Hotplug.Cli.Targets;

/// <summary>The machines that come with the suite.</summary>
public static class BundledTargets
{
    /// <summary>All of them; the first one is the default.</summary>
    public static TargetTable Table { get; } = new(ImmutableArray<TargetRow>.Empty);
}
