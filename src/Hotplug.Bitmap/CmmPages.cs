using System.Diagnostics;
using System.Numerics;

namespace Hotplug.Bitmap;

/// <summary>Which pages of one block are CMM's: one bit each, and apart from them the few that are list
/// pages.</summary>
internal sealed class CmmPages(int planeWords)
{
    private readonly ulong[] _bits = new ulong[planeWords];
    private readonly List<int> _lists = [];

    /// <summary>Loaned pages and list pages.</summary>
    public int Count { get; private set; }

    public bool Has(int offset) => BitRanges.Get(_bits, offset);

    public bool IsList(int offset) => _lists.Count > 0 && _lists.BinarySearch(offset) >= 0;

    /// <summary>The first of its pages; there is one.</summary>
    public int First
    {
        get
        {
            var index = 0;
            while (_bits[index] == 0)
                index++;
            return (index << 6) + BitOperations.TrailingZeroCount(_bits[index]);
        }
    }

    /// <summary>Its pages in [start, end).</summary>
    public int CountIn(int start, int end) => BitRanges.Count(_bits, start, end - start);

    /// <summary>The end of the run from here on in which all pages are alike: nobody's, loaned, or list
    /// pages.</summary>
    public int RunEnd(int offset, int limit)
    {
        if (Count == 0)
            return limit;
        var flip = Has(offset) ? ulong.MaxValue : 0;
        var index = offset >> 6;
        var differs = (_bits[index] ^ flip) & (ulong.MaxValue << offset);
        while (differs == 0 && ++index << 6 < limit)
            differs = _bits[index] ^ flip;
        var end = differs == 0 ? limit : Math.Min(limit, (index << 6) + BitOperations.TrailingZeroCount(differs));
        if (flip == 0 || _lists.Count == 0)
            return end;

        // A list page is a run of its own.
        var next = _lists.BinarySearch(offset);
        if (next >= 0)
            return offset + 1;
        return ~next < _lists.Count ? Math.Min(end, _lists[~next]) : end;
    }

    public void Add(int offset, bool isList)
    {
        Debug.Assert(!Has(offset));
        BitRanges.Set(_bits, offset, 1);
        Count++;
        if (isList)
            _lists.Insert(~_lists.BinarySearch(offset), offset);
    }

    public void Remove(int offset)
    {
        Debug.Assert(Has(offset));
        BitRanges.Clear(_bits, offset, 1);
        Count--;
        if (_lists.BinarySearch(offset) is >= 0 and var index)
            _lists.RemoveAt(index);
    }

    public CmmPages Clone()
    {
        var copy = new CmmPages(_bits.Length) { Count = Count };
        _bits.CopyTo(copy._bits, 0);
        copy._lists.AddRange(_lists);
        return copy;
    }

    public void Clear()
    {
        _bits.AsSpan().Clear();
        _lists.Clear();
        Count = 0;
    }
}
