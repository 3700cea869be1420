using System.Diagnostics;
using System.Numerics;

namespace Hotplug.Bitmap;

/// <summary>Reads and writes the planes of page use of one block; offsets are pages in the block.</summary>
internal static class BlockPlanes
{
    public static PageUse At(ulong[] words, int planeWords, int offset)
    {
        var index = offset >> 6;
        var bits = (words[index] >> offset & 1)
            | ((words[index + planeWords] >> offset & 1) << 1)
            | ((words[index + (2 * planeWords)] >> offset & 1) << 2);
        return (PageUse)bits;
    }

    public static void Fill(ulong[] words, int planeWords, int start, int count, PageUse use)
    {
        for (var plane = 0; plane < BlockLayout.Planes; plane++)
        {
            var bits = words.AsSpan(plane * planeWords, planeWords);
            if (((int)use >> plane & 1) != 0)
                BitRanges.Set(bits, start, count);
            else
                BitRanges.Clear(bits, start, count);
        }
    }

    /// <summary>The end of the run of equal use that starts here; at most <paramref name="limit"/>.</summary>
    public static int RunEnd(ulong[] words, int planeWords, int start, int limit)
    {
        Debug.Assert(start < limit);
        var use = At(words, planeWords, start);
        var index = start >> 6;
        var differs = Differs(words, planeWords, index, use) & (ulong.MaxValue << start);
        while (differs == 0)
        {
            index++;
            if (index << 6 >= limit)
                return limit;
            differs = Differs(words, planeWords, index, use);
        }

        return Math.Min(limit, (index << 6) + BitOperations.TrailingZeroCount(differs));
    }

    /// <summary>The first page of this use in [start, limit); −1 if there is none.</summary>
    public static int FirstOf(ulong[] words, int planeWords, PageUse use, int start, int limit)
    {
        if (start >= limit)
            return -1;
        var index = start >> 6;
        var same = ~Differs(words, planeWords, index, use) & (ulong.MaxValue << start);
        while (same == 0)
        {
            index++;
            if (index << 6 >= limit)
                return -1;
            same = ~Differs(words, planeWords, index, use);
        }

        var found = (index << 6) + BitOperations.TrailingZeroCount(same);
        return found < limit ? found : -1;
    }

    // A set bit: the page's use is another one. A plane that must be 1 is inverted.
    private static ulong Differs(ulong[] words, int planeWords, int index, PageUse use) =>
        (words[index] ^ Mask(use, 0)) | (words[index + planeWords] ^ Mask(use, 1))
        | (words[index + (2 * planeWords)] ^ Mask(use, 2));

    private static ulong Mask(PageUse use, int plane) => ((int)use >> plane & 1) != 0 ? ulong.MaxValue : 0;
}
