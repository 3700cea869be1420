using Hotplug.Contract.Rules;

namespace Hotplug.Tests.Invariants;

/// <summary>A number in a transition, and for which values of it a rule holds: everything else is the same.</summary>
/// <param name="Rule">The invariant.</param>
/// <param name="Name">What happens, in words.</param>
/// <param name="From">The smallest value that is tried.</param>
/// <param name="To">The largest value that is tried.</param>
/// <param name="Holds">True for the values that the rule holds for.</param>
/// <param name="Scene">The transition.</param>
internal sealed record Bound(Invariant Rule, string Name, int From, int To, Func<int, bool> Holds, Func<int, Scene> Scene)
{
    /// <summary>Transitions in a row: the rule holds for those before the bar, and breaks for those after it.</summary>
    public static Bound Of(Invariant rule, string name, Scene[] holds, Scene[] breaks) =>
        new(rule, name, 0, holds.Length + breaks.Length - 1, i => i < holds.Length, i => i < holds.Length ? holds[i] : breaks[i - holds.Length]);
}
