using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Schedules;

/// <summary>
/// Judges a race by whether some order of its events explains what was answered and what is seen at rest. What is not
/// decided within the bound is inconclusive.
/// </summary>
/// <param name="specification">What is permitted.</param>
/// <param name="mostStates">The bound.</param>
public sealed class HistoryJudge(
    IHistorySpecification specification, int mostStates = Linearizability.DefaultBound) : IRaceJudge
{
    /// <summary>No order of what happened explains it.</summary>
    public const string Linearizable = "schedule.linearizable";

    /// <summary>No order was found within the bound, and none was excluded.</summary>
    public const string Unknown = "history.unknown";

    private static readonly Citation s_search =
        new("1993", "Wing and Gong, Testing and Verifying Concurrent Objects", "the search for a linearization");

    private readonly Linearizability _search = new(specification, mostStates);
    private object? _start;

    /// <inheritdoc/>
    public void Begin(MachineSpec spec, Levels levels, object sequentialState, Observation atRest) =>
        _start = specification.Begin(spec, levels, sequentialState, atRest);

    /// <inheritdoc/>
    public RaceOpinion Judge(ImmutableArray<RaceCall> calls, Observation atRest)
    {
        var found = _search.Search(_start!, calls, atRest);
        return found.Verdict switch
        {
            Linearization.Permitted => RaceOpinion.Permitted,
            Linearization.Refuted => new RaceOpinion(Verdict.Violates, Of(found.Violation!)),
            _ => new RaceOpinion(Verdict.Inconclusive, new Violation(Unknown, "the order of the operations",
                "one that explains what was answered, or proof that there is none",
                $"neither among {found.States} states", s_search)),
        };
    }

    // Which rule the longest beginning of an order breaks depends on the order: the rule is that there is one.
    private static Violation Of(Violation why) =>
        why with { Rule = Linearizable, Subject = $"{why.Rule}: {why.Subject}" };
}
