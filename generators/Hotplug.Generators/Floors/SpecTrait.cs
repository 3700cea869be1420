using Hotplug.Contract.Machines;

namespace Hotplug.Generators.Floors;

/// <summary>Something that <see cref="Specs.SpecDraw"/> chooses.</summary>
/// <param name="What">What it is called: <c>dialect=linux-6.1</c>.</param>
/// <param name="Has">True if a machine has it.</param>
public sealed record SpecTrait(string What, Predicate<MachineSpec> Has);
