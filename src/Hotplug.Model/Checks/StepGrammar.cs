using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Hotplug.Model.Checks;

/// <summary>
/// The sentences that a grammar permits. Operations take the same few orders of steps again and again: what was decided
/// once is looked up.
/// </summary>
/// <param name="grammar">The grammar, as a regular expression over the letters of <see cref="StepCheck"/>.</param>
internal sealed class StepGrammar(string grammar)
{
    // Enough for every order of a few blocks; longer ones, and more, are matched each time.
    private const int MostKnown = 4096;
    private const int MostLetters = 96;

    private readonly Regex _sentences = new($@"\A(?:{grammar})\z", RegexOptions.NonBacktracking);

    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);

    /// <summary>True if the grammar permits these letters.</summary>
    public bool Permits(ReadOnlySpan<char> letters)
    {
        if (letters.Length > MostLetters)
            return _sentences.IsMatch(letters);
        var known = _known.GetAlternateLookup<ReadOnlySpan<char>>();
        if (known.TryGetValue(letters, out var permitted))
            return permitted;
        permitted = _sentences.IsMatch(letters);
        if (_known.Count < MostKnown)
            known.TryAdd(letters, permitted);
        return permitted;
    }
}
