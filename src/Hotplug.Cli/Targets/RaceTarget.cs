using System.Collections.Immutable;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;

namespace Hotplug.Cli.Targets;

/// <summary>A fault of overlapping operations that can be seeded into a machine on purpose.</summary>
/// <param name="Id">Word id.</param>
/// <param name="Summary">What it gets wrong, in one sentence.</param>
/// <param name="KilledBy">The rules that may find it: which comes first depends on the schedule.</param>
public sealed record SeededRaceFault(string Id, string Summary, ImmutableArray<string> KilledBy)
{
    /// <summary>What is raced for.</summary>
    public required Family Family { get; init; }

    /// <summary>Where the rule that it breaks comes from.</summary>
    public required Citation Source { get; init; }
}

/// <summary>A machine whose operations may overlap.</summary>
/// <param name="Open">Opens it, with the fault of this id or null for none.</param>
/// <param name="Faults">Faults that can be seeded into it.</param>
public sealed record RaceTarget(Func<string?, IScheduledMachine> Open, ImmutableArray<SeededRaceFault> Faults);
