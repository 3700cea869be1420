using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;

namespace Hotplug.Engine.Schedules;

/// <summary>
/// The invariants that judge what is seen when everything is at rest after a race: those that need no operation to be
/// judged, less the families for which what is seen does not tell who did it.
/// </summary>
internal sealed class RestRules(IEnumerable<Invariant> invariants)
{
    private readonly Invariant[] _all = [.. invariants.Where(static i => i.When.Names(default, isStart: true))];
    private Invariant[] _now = [];

    /// <summary>These operations will have been carried out.</summary>
    internal void Begin(Race race)
    {
        var operations = race.Prefix.Concat(race.Cpus.SelectMany(static c => c)).ToList();
        // Whose the reference on a PageOffline page is, and whether somebody still has the lists disabled, is not seen.
        var hasPins = operations.Exists(static o =>
            o is { Kind: OperationKind.Get, Subject.Kind: not NameKind.Allocation });
        var disables = operations.Exists(static o =>
            o is { Kind: OperationKind.Pcp, Choice: (byte)PcpAction.Disable });
        _now = [.. _all.Where(i => !(hasPins && i.Family == Family.References)
            && !(disables && i.Family == Family.Pcplists))];
    }

    /// <summary>The first that is broken, or null.</summary>
    internal Violation? FindBroken(Transition atRest)
    {
        var (steps, happened) = (atRest.StepsTaken, atRest.Happened);
        foreach (var invariant in _now)
            if (invariant.When.Arises(steps, happened) && invariant.Check(atRest) is { } violation)
                return violation;
        return null;
    }
}
