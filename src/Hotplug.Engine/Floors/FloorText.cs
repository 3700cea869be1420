using System.Collections.Immutable;
using Hotplug.Contract;

namespace Hotplug.Engine.Floors;

/// <summary>
/// Reads floors. A line has a kind and pairs of what must be reached and how often at least; where there are very many,
/// a word that they share comes first: <c>answer add  ok 100000  ENOMEM 500</c>.
/// </summary>
public static class FloorText
{
    private const char Comment = '#';

    private static readonly Dictionary<string, FloorKind> s_kinds =
        Enum.GetValues<FloorKind>().ToDictionary(static k => Words.Of(k));

    /// <summary>True if what it is about begins with a word that groups it.</summary>
    public static bool IsGrouped(FloorKind kind) => kind <= FloorKind.Argument;

    /// <summary>Reads them. Throws <see cref="FormatException"/> naming the line.</summary>
    public static ImmutableArray<Floor> Parse(string text)
    {
        var floors = ImmutableArray.CreateBuilder<Floor>();
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            if (line.Length == 0 || line[0] == Comment)
                continue;
            try
            {
                floors.AddRange(Line(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
            }
            catch (FormatException malformed)
            {
                throw new FormatException($"line {number}: {malformed.Message}", malformed);
            }
        }

        return floors.ToImmutable();
    }

    private static IEnumerable<Floor> Line(string[] words)
    {
        if (!s_kinds.TryGetValue(words[0], out var kind))
            throw new FormatException($"'{words[0]}': allowed is {string.Join(", ", s_kinds.Keys)}");
        var pairs = IsGrouped(kind) ? words[2..] : words[1..];
        if (pairs.Length == 0 || pairs.Length % 2 != 0)
            throw new FormatException("what must be reached and how often, in pairs");
        foreach (var pair in pairs.Chunk(2))
            yield return new Floor(kind, IsGrouped(kind) ? $"{words[1]} {pair[0]}" : pair[0], LeastOf(pair[1]));
    }

    private static long LeastOf(string word) => long.TryParse(word, out var least) && least > 0
        ? least : throw new FormatException($"'{word}': allowed is a number from 1 on");
}
