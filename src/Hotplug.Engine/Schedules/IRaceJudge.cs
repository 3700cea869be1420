using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Schedules;

/// <summary>What a judge says of a race.</summary>
/// <param name="Verdict">Permitted, not permitted, or unknown within the judge's bound.</param>
/// <param name="Violation">Why not, or the bound; null where it is permitted.</param>
public readonly record struct RaceOpinion(Verdict Verdict, Violation? Violation)
{
    /// <summary>Permitted.</summary>
    public static RaceOpinion Permitted => default;
}

/// <summary>Judges what overlapping operations answered, and what is seen at rest after them.</summary>
public interface IRaceJudge
{
    /// <summary>The same operations are about to run many times from here.</summary>
    void Begin(MachineSpec spec, Levels levels, object sequentialState, Observation atRest);

    /// <summary>May they have answered this?</summary>
    RaceOpinion Judge(ImmutableArray<RaceCall> calls, Observation atRest);
}
