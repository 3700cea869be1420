using System.Diagnostics;
using System.Numerics;

namespace Hotplug.Bitmap;

/// <summary>
/// The shape of a bitmap with summaries: level 0 holds the bits, a bit of level n + 1 says that a word of level n is
/// not 0, the top level is one word. So the first set bit of 2^24 is found in four steps. Words are the caller's: level
/// 0 first.
/// </summary>
internal sealed class SummaryShape
{
    private readonly int[] _starts;

    public SummaryShape(int bits)
    {
        Debug.Assert(bits > 0);
        Bits = bits;
        var starts = new List<int>();
        var words = bits;
        do
        {
            words = (words + 63) / 64;
            starts.Add(Words);
            Words += words;
        }
        while (words > 1);
        _starts = [.. starts];
    }

    /// <summary>Bits of level 0.</summary>
    public int Bits { get; }

    /// <summary>Words of all levels.</summary>
    public int Words { get; }

    public static bool Get(ReadOnlySpan<ulong> words, int bit) => (words[bit >> 6] >> bit & 1) != 0;

    public bool IsEmpty(ReadOnlySpan<ulong> words) => words[_starts[^1]] == 0;

    public void Set(Span<ulong> words, int bit)
    {
        Debug.Assert(bit >= 0 && bit < Bits);
        foreach (var start in _starts)
        {
            ref var word = ref words[start + (bit >> 6)];
            var was = word;
            word = was | (1UL << bit);   // A shift count is taken modulo 64.
            if (was != 0)
                return;
            bit >>= 6;
        }
    }

    public void Clear(Span<ulong> words, int bit)
    {
        Debug.Assert(bit >= 0 && bit < Bits);
        foreach (var start in _starts)
        {
            ref var word = ref words[start + (bit >> 6)];
            word &= ~(1UL << bit);
            if (word != 0)
                return;
            bit >>= 6;
        }
    }

    /// <summary>The first set bit; there must be one.</summary>
    public int First(ReadOnlySpan<ulong> words)
    {
        Debug.Assert(!IsEmpty(words));
        var index = 0;
        for (var level = _starts.Length - 1; level >= 0; level--)
            index = (index << 6) + BitOperations.TrailingZeroCount(words[_starts[level] + index]);
        return index;
    }

    /// <summary>The last set bit; there must be one.</summary>
    public int Last(ReadOnlySpan<ulong> words)
    {
        Debug.Assert(!IsEmpty(words));
        var index = 0;
        for (var level = _starts.Length - 1; level >= 0; level--)
            index = (index << 6) + 63 - BitOperations.LeadingZeroCount(words[_starts[level] + index]);
        return index;
    }

    /// <summary>The first set bit from <paramref name="bit"/> on; −1 if there is none.</summary>
    public int Next(ReadOnlySpan<ulong> words, int bit)
    {
        for (var level = 0; level < _starts.Length; level++)
        {
            var index = bit >> 6;
            if (index >= LevelWords(level))
                return -1;
            var rest = words[_starts[level] + index] & (ulong.MaxValue << bit);
            if (rest != 0)
                return Descend(words, level, (index << 6) + BitOperations.TrailingZeroCount(rest));
            bit = index + 1;
        }

        return -1;
    }

    private int Descend(ReadOnlySpan<ulong> words, int level, int index)
    {
        while (level > 0)
        {
            level--;
            index = (index << 6) + BitOperations.TrailingZeroCount(words[_starts[level] + index]);
        }

        return index;
    }

    private int LevelWords(int level) => (level + 1 < _starts.Length ? _starts[level + 1] : Words) - _starts[level];
}
