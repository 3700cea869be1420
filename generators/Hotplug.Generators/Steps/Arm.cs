using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Generators.Steps;

/// <summary>Draws an operation that suits the menu; false if nothing of the kind can be done now.</summary>
internal delegate bool ArmDraw(Draw draw, out Operation operation);

/// <summary>What an arm is for.</summary>
internal enum ArmShape
{
    /// <summary>One operation that should be carried out in this state.</summary>
    Sensible,
    /// <summary>The first of several operations that belong together.</summary>
    Sequence,
    /// <summary>One operation that should be refused, or that nothing is bound to.</summary>
    Adversarial,
}

/// <summary>One row of <see cref="OperationWeights"/>: something a generator may do next.</summary>
/// <param name="Shape">What it is for.</param>
/// <param name="Level">Levels that its operations need.</param>
/// <param name="Weight">How often, against the other rows of the shape.</param>
/// <param name="Families">Families of invariants that it exercises.</param>
/// <param name="TryDraw">Draws it.</param>
internal sealed record Arm(
    ArmShape Shape, Levels Level, int Weight, ImmutableArray<Family> Families, ArmDraw TryDraw)
{
    /// <summary>What it is called: <c>BlockArms.Online</c>.</summary>
    internal string Name { get; } = $"{TryDraw.Method.DeclaringType!.Name}.{TryDraw.Method.Name}";
}
