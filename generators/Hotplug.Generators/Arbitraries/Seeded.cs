using FsCheck;
using FsCheck.Fluent;
using Hotplug.Contract;

namespace Hotplug.Generators.Arbitraries;

/// <summary>Draws a value from the suite's own randomness.</summary>
internal delegate T Drawing<out T>(ref SplitMix random);

/// <summary>
/// FsCheck generators that draw one seed and leave the rest to <see cref="SplitMix"/>: FsCheck and the gate then share every
/// distribution, and long traces cost FsCheck nothing.
/// </summary>
internal static class Seeded
{
    /// <summary>A seed of 64 bits.</summary>
    internal static Gen<ulong> Seeds { get; } = FsCheck.Fluent.Gen.Choose(int.MinValue, int.MaxValue).Two()
        .Select(static pair => ((ulong)(uint)pair.Item1 << 32) | (uint)pair.Item2);

    /// <summary>What is drawn from a fresh seed.</summary>
    internal static Gen<T> From<T>(Drawing<T> drawing) => Seeds.Select(seed =>
    {
        var random = new SplitMix(seed);
        return drawing(ref random);
    });
}
