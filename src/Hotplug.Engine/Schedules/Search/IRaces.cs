using Hotplug.Contract.Machines;
using Hotplug.Contract.Schedules;

namespace Hotplug.Engine.Schedules.Search;

/// <summary>A race of a kind.</summary>
/// <param name="Family">The kind, in a word.</param>
/// <param name="Race">The race.</param>
public readonly record struct NamedRace(string Family, Race Race);

/// <summary>Makes races up: what generators implement.</summary>
public interface IRaces
{
    /// <summary>Race <paramref name="index"/> of the seed, for machines of these levels.</summary>
    NamedRace Draw(ulong seed, long index, Levels levels);
}
