using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hotplug.Benchmarks.Toy;

/// <summary>The toy's rules over one byte a page: the flat body.</summary>
public sealed class FlatModel : IEquatable<FlatModel>
{
    /// <summary>Code of a free page.</summary>
    public const byte FreePage = 0;

    /// <summary>Code of an allocated page.</summary>
    public const byte AllocatedPage = 1;

    /// <summary>Code of an inflated page.</summary>
    public const byte InflatedPage = 2;

    private readonly byte[] _pages = new byte[ToyMemory.Blocks * ToyMemory.PagesPerBlock];

    /// <summary>One bit a block: it exists.</summary>
    public int Present { get; private set; }

    /// <summary>One bit a block: it is online.</summary>
    public int Online { get; private set; }

    /// <summary>One bit a block: the last step changed it.</summary>
    public int Touched { get; private set; }

    /// <summary>One bit for every page of the block with this code: all 64 compared at once.</summary>
    public ulong Mask(int block, byte code)
    {
        var codes = Vector512.LoadUnsafe(ref _pages[block * ToyMemory.PagesPerBlock]);
        return Vector512.Equals(codes, Vector512.Create(code)).ExtractMostSignificantBits();
    }

    /// <summary>Starts afresh.</summary>
    public void Reset()
    {
        Present = Online = Touched = 0;
        Array.Clear(_pages);
    }

    /// <summary>A copy.</summary>
    public FlatModel Copy()
    {
        var copy = new FlatModel { Present = Present, Online = Online };
        _pages.CopyTo(copy._pages, 0);
        return copy;
    }

    /// <summary>Takes the step; the result is as <see cref="ToyMemory.Do"/> must answer.</summary>
    public int Do(ToyStep step)
    {
        Touched = 0;
        return step.Kind switch
        {
            ToyKind.Add => Add(step.Argument),
            ToyKind.Online => BringOnline(step.Argument),
            ToyKind.Offline => TakeOffline(step.Argument),
            ToyKind.Remove => Remove(step.Argument),
            ToyKind.Alloc => Alloc(),
            ToyKind.Free => Free(step.Argument),
            ToyKind.Inflate => Convert(step.Argument, FreePage, InflatedPage),
            _ => Convert(step.Argument, InflatedPage, FreePage),
        };
    }

    /// <inheritdoc/>
    public bool Equals(FlatModel? other) => other is not null && Present == other.Present && Online == other.Online
        && _pages.AsSpan().SequenceEqual(other._pages);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as FlatModel);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = (ulong)((Present << ToyMemory.Blocks) | Online);
        foreach (var pages in MemoryMarshal.Cast<byte, ulong>(_pages))
            hash = unchecked((BitOperations.RotateLeft(hash, 5) ^ pages) * 0x9E3779B97F4A7C15);   // Wraps on purpose.
        return unchecked((int)(hash >> 32));
    }

    private int Add(int block)
    {
        if ((Present >> block & 1) != 0)
            return ToyMemory.Refused;
        Present |= 1 << block;
        Pages(block).Clear();
        return Touch(block);
    }

    private int BringOnline(int block)
    {
        if ((Present >> block & 1) == 0 || (Online >> block & 1) != 0)
            return ToyMemory.Refused;
        Online |= 1 << block;
        return Touch(block);
    }

    private int TakeOffline(int block)
    {
        if ((Online >> block & 1) == 0 || Pages(block).Contains(AllocatedPage))
            return ToyMemory.Refused;
        Online &= ~(1 << block);
        return Touch(block);
    }

    private int Remove(int block)
    {
        if ((Present >> block & 1) == 0 || (Online >> block & 1) != 0)
            return ToyMemory.Refused;
        Present &= ~(1 << block);
        return Touch(block);
    }

    private int Alloc()
    {
        for (var left = Online; left != 0; left &= left - 1)
        {
            var block = BitOperations.TrailingZeroCount(left);
            var page = Pages(block).IndexOf(FreePage);
            if (page < 0)
                continue;
            Pages(block)[page] = AllocatedPage;
            Touch(block);
            return (block * ToyMemory.PagesPerBlock) + page;
        }

        return ToyMemory.Refused;
    }

    private int Free(int index)
    {
        var allocated = 0;
        for (var left = Online; left != 0; left &= left - 1)
            allocated += Pages(BitOperations.TrailingZeroCount(left)).Count(AllocatedPage);
        if (allocated == 0)
            return ToyMemory.Refused;
        var skip = index % allocated;
        for (var page = -1; ; skip--)
        {
            page = NextAllocated(page + 1);
            if (skip > 0)
                continue;
            _pages[page] = FreePage;
            Touch(page / ToyMemory.PagesPerBlock);
            return page;
        }
    }

    // Only online blocks hold allocated pages.
    private int NextAllocated(int from) => from + _pages.AsSpan(from).IndexOf(AllocatedPage);

    private int Convert(int most, byte from, byte to)
    {
        var left = most;
        for (var blocks = Online; blocks != 0 && left > 0; blocks &= blocks - 1)
        {
            var block = BitOperations.TrailingZeroCount(blocks);
            var before = left;
            left = ConvertIn(Pages(block), left, from, to);
            if (left < before)
                Touch(block);
        }

        return left == most ? ToyMemory.Refused : most - left;
    }

    // Run by run: most blocks hold a few runs of equal pages.
    private static int ConvertIn(Span<byte> pages, int left, byte from, byte to)
    {
        while (left > 0)
        {
            var start = pages.IndexOf(from);
            if (start < 0)
                break;
            pages = pages[start..];
            var run = pages.IndexOfAnyExcept(from);
            run = Math.Min(run < 0 ? pages.Length : run, left);
            pages[..run].Fill(to);
            pages = pages[run..];
            left -= run;
        }

        return left;
    }

    private Span<byte> Pages(int block) => _pages.AsSpan(block * ToyMemory.PagesPerBlock, ToyMemory.PagesPerBlock);

    private int Touch(int block)
    {
        Touched |= 1 << block;
        return 0;
    }
}
