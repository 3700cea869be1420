using FsCheck;
using FsCheck.Fluent;
using Hotplug.Contract;

namespace Hotplug.Generators.Arbitraries;

/// <summary>Draws a value from the suite's own randomness.</summary>
internal delegate T Drawing<out T>(ref SplitMix random);

/// <summary>
/// FsCheck generators that draw one seed and leave the rest to <see cref="SplitMix"/>: FsCheck and the gate then share
/// every distribution, and long traces cost FsCheck nothing.
/// </summary>
internal static class Seeded
{
    /// <summary>Any seed.</summary>
    internal static Gen<ulong> Seeds { get; } = Gen.Choose(0, int.MaxValue).Two()
        .Select(static halves => SplitMix.Derive((ulong)halves.Item1, (ulong)halves.Item2));

    /// <summary>What is drawn from a fresh seed.</summary>
    internal static Gen<T> From<T>(Drawing<T> drawing) => Seeds.Select(seed =>
    {
        var random = new SplitMix(seed);
        return drawing(ref random);
    });
}
