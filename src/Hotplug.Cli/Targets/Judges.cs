using Hotplug.Adapters.Kernel;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Invariants;
using Hotplug.Model;
using Hotplug.Model.Histories;

namespace Hotplug.Cli.Targets;

/// <summary>Who judges: the reference model and every named invariant.</summary>
internal static class Judges
{
    /// <summary>The suite. Every runner may have one of its own.</summary>
    internal static Suite Suite() => new(new ReferenceModel(), Catalogue.All);

    /// <summary>Who judges what overlapped.</summary>
    internal static IRaceJudge Races() => new HistoryJudge(new HistoryModel());

    /// <summary>The suite for a recorded kernel: with the defects that are declared for its release.</summary>
    internal static Suite SuiteFor(string release) => Suite() with { Defects = ExpectedDefects.Bundled.For(release) };
}
