using System.Diagnostics;
using System.Numerics;

namespace Hotplug.Bitmap;

/// <summary>Ranges of bits in spans of words; arguments are asserted, not validated: the caller owns them.</summary>
internal static class BitRanges
{
    /// <summary>Sets the bits [start, start + count).</summary>
    internal static void Set(Span<ulong> words, int start, int count)
    {
        Debug.Assert(start >= 0 && count > 0 && start <= (words.Length * 64L) - count);
        var last = start + count - 1;
        var head = ulong.MaxValue << start;   // A shift count is taken modulo 64.
        var tail = ulong.MaxValue >> ~last;   // ~last mod 64 == 63 - last % 64.
        if (start / 64 == last / 64)
        {
            words[start / 64] |= head & tail;
            return;
        }

        words[start / 64] |= head;
        words[((start / 64) + 1)..(last / 64)].Fill(ulong.MaxValue);
        words[last / 64] |= tail;
    }

    /// <summary>Clears the bits [start, start + count).</summary>
    internal static void Clear(Span<ulong> words, int start, int count)
    {
        Debug.Assert(start >= 0 && count > 0 && start <= (words.Length * 64L) - count);
        var last = start + count - 1;
        var head = ulong.MaxValue << start;
        var tail = ulong.MaxValue >> ~last;
        if (start / 64 == last / 64)
        {
            words[start / 64] &= ~(head & tail);
            return;
        }

        words[start / 64] &= ~head;
        words[((start / 64) + 1)..(last / 64)].Clear();
        words[last / 64] &= ~tail;
    }

    /// <summary>How many bits of [start, start + count) are set.</summary>
    internal static int Count(ReadOnlySpan<ulong> words, int start, int count)
    {
        if (count == 0)
            return 0;
        var last = start + count - 1;
        var sum = 0;
        for (var i = start / 64; i <= last / 64; i++)
        {
            var word = words[i];
            if (i == start / 64)
                word &= ulong.MaxValue << start;
            if (i == last / 64)
                word &= ulong.MaxValue >> ~last;
            sum += BitOperations.PopCount(word);
        }

        return sum;
    }

    /// <summary>The end of the run of bits that are as this one; at most the limit.</summary>
    internal static int RunEnd(ReadOnlySpan<ulong> words, int start, int limit)
    {
        Debug.Assert(start < limit && limit <= words.Length * 64L);
        var same = Get(words, start) ? ulong.MaxValue : 0;
        var index = start >> 6;
        var differs = (words[index] ^ same) & (ulong.MaxValue << start);
        while (differs == 0)
        {
            index++;
            if (index << 6 >= limit)
                return limit;
            differs = words[index] ^ same;
        }

        return Math.Min(limit, (index << 6) + BitOperations.TrailingZeroCount(differs));
    }

    /// <summary>True if the bit is set.</summary>
    internal static bool Get(ReadOnlySpan<ulong> words, int bit) => (words[bit >> 6] >> bit & 1) != 0;
}
