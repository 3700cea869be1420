using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Engine.Schedules.Search;

namespace Hotplug.Generators.Races;

/// <summary>
/// Races of <see cref="RaceFamilies"/>, one family after the other: first the plain race of each, then drawn ones.
/// </summary>
/// <param name="only">These families only; empty: all.</param>
public sealed class RaceDraw(params ImmutableArray<string> only) : IRaces
{
    /// <summary>Only races that need no other levels; null: whatever the machine can do.</summary>
    public Levels? Within { get; init; }

    /// <inheritdoc/>
    public NamedRace Draw(ulong seed, long index, Levels levels)
    {
        var families = RaceFamilies.For(levels & (Within ?? levels));
        if (!only.IsDefaultOrEmpty)
            families = [.. families.Where(f => only.Contains(f.Name))];
        var family = families[(int)(index % families.Length)];
        if (index < families.Length)
            return new NamedRace(family.Name, family.Plain);
        var random = new SplitMix(SplitMix.Derive(seed, (ulong)index));
        return new NamedRace(family.Name, family.Draw(ref random));
    }
}
