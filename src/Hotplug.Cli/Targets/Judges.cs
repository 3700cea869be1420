using Hotplug.Engine.Run;
using Hotplug.Invariants;
using Hotplug.Model;

namespace Hotplug.Cli.Targets;

/// <summary>Who judges: the reference model and every named invariant.</summary>
internal static class Judges
{
    /// <summary>The suite. Every runner may have one of its own.</summary>
    internal static Suite Suite() => new(new ReferenceModel(), Catalogue.All);
}
