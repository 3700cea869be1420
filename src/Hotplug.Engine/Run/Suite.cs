using System.Collections.Immutable;
using Hotplug.Contract.Rules;

namespace Hotplug.Engine.Run;

/// <summary>Everything that judges: a specification, named invariants, and the defects that are declared.</summary>
/// <param name="Specification">The reference semantics.</param>
/// <param name="Invariants">Every invariant; those that do not apply to a machine are left out for it.</param>
public sealed record Suite(ISpecification Specification, ImmutableArray<Invariant> Invariants)
{
    /// <summary>Makers of the declared defects: every runner has instances of its own.</summary>
    public ImmutableArray<Func<IKnownDefect>> Defects { get; init; } = [];
}
