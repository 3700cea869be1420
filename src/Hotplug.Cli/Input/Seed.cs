using System.Globalization;

namespace Hotplug.Cli.Input;

/// <summary>Text form of seeds: <c>31</c>, <c>0x1F</c>, or <c>fresh</c> for one from the clock.</summary>
internal static class Seed
{
    /// <summary>The seed of a gate that is not told another: everybody's gate runs the same sequences.</summary>
    internal const string Default = "0x1";

    internal static ulong Parse(string text, TimeProvider clock)
    {
        if (text == "fresh")
            return (ulong)clock.GetUtcNow().Ticks;
        if (ulong.TryParse(text, out var number)
            || (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
                && ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, null, out number)))
            return number;
        throw new UsageException($"--seed {text}: allowed is a number such as 31 or 0x1F, or 'fresh' for a new one");
    }

    internal static string Print(ulong seed) => $"0x{seed:X}";
}
