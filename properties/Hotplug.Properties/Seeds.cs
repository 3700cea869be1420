using FsCheck;
using FsCheck.Fluent;

namespace Hotplug.Properties;

/// <summary>What a property draws that makes the rest itself.</summary>
internal static class Seeds
{
    /// <summary>Any seed; not to be shrunk, because it has nothing smaller in it.</summary>
    internal static Arbitrary<ulong> Any { get; } = Arb.From(Gen.Choose(0, int.MaxValue).Select(static n => (ulong)n));
}
