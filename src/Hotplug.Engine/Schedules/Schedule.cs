using System.Collections.Immutable;

namespace Hotplug.Engine.Schedules;

/// <summary>Before this step another CPU takes over than the usual one.</summary>
/// <param name="Step">The number of the step, from 0.</param>
/// <param name="Cpu">Who takes it.</param>
public readonly record struct Switch(int Step, int Cpu);

/// <summary>
/// A schedule, by where it differs from the usual one (<see cref="Choice.Usual"/>): fits every race, since a CPU that
/// cannot take a step is not given it.
/// </summary>
/// <param name="Switches">By ascending step.</param>
public sealed record Schedule(ImmutableArray<Switch> Switches)
{
    /// <summary>One CPU after the other.</summary>
    public static Schedule Usual { get; } = new([]);

    /// <inheritdoc/>
    public bool Equals(Schedule? other) => other is not null && Switches.SequenceEqual(other.Switches);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var at in Switches)
            hash.Add(at);
        return hash.ToHashCode();
    }
}
