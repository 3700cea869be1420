using Hotplug.Contract.Rules;

namespace Hotplug.Tests.Invariants;

/// <summary>A transition that breaks an invariant, or one that looks as if it did and is permitted.</summary>
/// <param name="Rule">The invariant.</param>
/// <param name="Name">What happens, in words.</param>
/// <param name="Breaks">True: the rule must name it. False: no rule may.</param>
/// <param name="Scene">The transition.</param>
internal sealed record InvariantCase(Invariant Rule, string Name, bool Breaks, Scene Scene)
{
    public static InvariantCase Refused(Invariant rule, string name, Scene scene) => new(rule, name, true, scene);

    public static InvariantCase Kept(Invariant rule, string name, Scene scene) => new(rule, name, false, scene);
}
