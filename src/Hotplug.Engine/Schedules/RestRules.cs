using Hotplug.Contract.Rules;

namespace Hotplug.Engine.Schedules;

/// <summary>
/// The invariants that judge what is seen when everything is at rest after a race: those that need no operation to be
/// judged, and hold at any rest.
/// </summary>
internal sealed class RestRules(IEnumerable<Invariant> invariants)
{
    private readonly Invariant[] _all =
        [.. invariants.Where(static i => i.When.Names(default, isStart: true) && !i.OnlyAtStart)];

    /// <summary>The first that is broken, or null.</summary>
    internal Violation? FindBroken(Transition atRest)
    {
        var (steps, happened) = (atRest.StepsTaken, atRest.Happened);
        foreach (var invariant in _all)
            if (invariant.When.Arises(steps, happened) && invariant.Check(atRest) is { } violation)
                return violation;
        return null;
    }
}
