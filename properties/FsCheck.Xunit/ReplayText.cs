using Microsoft.FSharp.Core;

namespace FsCheck.Xunit;

/// <summary>
/// Text form of a replay, as FsCheck prints it: <c>seed,gamma</c> or <c>seed,gamma,size</c>, parentheses allowed.
/// </summary>
internal static class ReplayText
{
    /// <summary>Reads it; throws <see cref="ArgumentException"/> that names the value and the form.</summary>
    internal static Replay Parse(string text)
    {
        var parts = text.Trim().Trim('(', ')').Split(',', StringSplitOptions.TrimEntries);
        if (parts.Length is 2 or 3 && ulong.TryParse(parts[0], out var seed) && ulong.TryParse(parts[1], out var gamma)
            && gamma % 2 == 1)
        {
            if (parts.Length == 2)
                return new Replay(new Rnd(seed, gamma), FSharpOption<int>.None);
            if (int.TryParse(parts[2], out var size) && size >= 0)
                return new Replay(new Rnd(seed, gamma), FSharpOption<int>.Some(size));
        }

        throw new ArgumentException(
            $"Replay '{text}': the form is 'seed,gamma' or 'seed,gamma,size' with an odd gamma, as a failure prints it",
            nameof(text));
    }

    internal static string Print(Replay replay) => replay.Size is { } size
        ? $"({replay.Rnd.Seed},{replay.Rnd.Gamma},{size.Value})"
        : $"({replay.Rnd.Seed},{replay.Rnd.Gamma})";
}
