using System.Numerics;

namespace Hotplug.Benchmarks.Toy;

/// <summary>The toy: 8 memory blocks of 64 pages, allocated and inflated pages as one 64-bit mask a block.</summary>
public sealed class ToyMemory(ToyFault fault)
{
    /// <summary>Memory blocks.</summary>
    public const int Blocks = 8;

    /// <summary>Pages of a block.</summary>
    public const int PagesPerBlock = 64;

    /// <summary>The result of an operation that is refused.</summary>
    public const int Refused = -1;

    private readonly ulong[] _allocated = new ulong[Blocks];
    private readonly ulong[] _inflated = new ulong[Blocks];

    /// <summary>One bit a block: it exists.</summary>
    public int Present { get; private set; }

    /// <summary>One bit a block: it is online.</summary>
    public int Online { get; private set; }

    /// <summary>Allocated pages of a block.</summary>
    public ulong Allocated(int block) => _allocated[block];

    /// <summary>Inflated pages of a block.</summary>
    public ulong Inflated(int block) => _inflated[block];

    /// <summary>One bit a block: the last operation changed it.</summary>
    public int Touched { get; private set; }

    /// <summary>Starts afresh.</summary>
    public void Reset()
    {
        Present = Online = Touched = 0;
        Array.Clear(_allocated);
        Array.Clear(_inflated);
    }

    /// <summary>
    /// Carries out one step. Result: 0 for a change of a block, the page of an allocation or a free, the number of
    /// pages of an inflation or deflation, <see cref="Refused"/> if nothing was done.
    /// </summary>
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
            ToyKind.Inflate => Inflate(step.Argument),
            _ => Deflate(step.Argument),
        };
    }

    private int Add(int block)
    {
        if ((Present >> block & 1) != 0)
            return Refused;
        Present |= 1 << block;
        _inflated[block] = 0;
        return Touch(block);
    }

    private int BringOnline(int block)
    {
        if (((Present & ~Online) >> block & 1) == 0)
            return Refused;
        Online |= 1 << block;
        return Touch(block);
    }

    private int TakeOffline(int block)
    {
        if ((Online >> block & 1) == 0 || _allocated[block] != 0)
            return Refused;
        Online &= ~(1 << block);
        if (fault == ToyFault.OfflineForgetsInflated)
            _inflated[block] = 0;
        return Touch(block);
    }

    private int Remove(int block)
    {
        if (((Present & ~Online) >> block & 1) == 0)
            return Refused;
        Present &= ~(1 << block);
        return Touch(block);
    }

    private int Alloc()
    {
        for (var left = Online; left != 0; left &= left - 1)
        {
            var block = BitOperations.TrailingZeroCount(left);
            var free = ~(_allocated[block] | _inflated[block]);
            if (free == 0)
                continue;
            _allocated[block] |= free & (~free + 1);
            Touch(block);
            return (block * PagesPerBlock) + BitOperations.TrailingZeroCount(free);
        }

        return Refused;
    }

    private int Free(int index)
    {
        var allocated = 0;
        for (var left = Online; left != 0; left &= left - 1)
            allocated += BitOperations.PopCount(_allocated[BitOperations.TrailingZeroCount(left)]);
        if (allocated == 0)
            return Refused;
        index %= allocated;
        for (var left = Online; ; left &= left - 1)
        {
            var block = BitOperations.TrailingZeroCount(left);
            var here = BitOperations.PopCount(_allocated[block]);
            if (index >= here)
            {
                index -= here;
                continue;
            }

            var pages = _allocated[block];
            for (; index > 0; index--)
                pages &= pages - 1;
            _allocated[block] &= ~(pages & (~pages + 1));
            Touch(block);
            return (block * PagesPerBlock) + BitOperations.TrailingZeroCount(pages);
        }
    }

    private int Inflate(int pages)
    {
        var wanted = pages;
        for (var left = Online; left != 0 && wanted > 0; left &= left - 1)
        {
            var block = BitOperations.TrailingZeroCount(left);
            var taken = Lowest(~(_allocated[block] | _inflated[block]), wanted);
            if (taken == 0)
                continue;
            _inflated[block] |= taken;
            wanted -= BitOperations.PopCount(taken);
            Touch(block);
        }

        return wanted == pages ? Refused : pages - wanted;
    }

    private int Deflate(int pages)
    {
        var wanted = pages;
        for (var left = Online; left != 0 && wanted > 0; left &= left - 1)
        {
            var block = BitOperations.TrailingZeroCount(left);
            var given = Lowest(_inflated[block], wanted);
            if (given == 0)
                continue;
            _inflated[block] &= ~given;
            wanted -= BitOperations.PopCount(given);
            Touch(block);
            if (fault == ToyFault.DeflateStopsAtBlock)
                break;
        }

        return wanted == pages ? Refused : pages - wanted;
    }

    // The lowest bits of the mask, at most so many of them.
    private static ulong Lowest(ulong mask, int most)
    {
        var surplus = BitOperations.PopCount(mask) - most;
        if (surplus <= 0)
            return mask;
        if (System.Runtime.Intrinsics.X86.Bmi2.X64.IsSupported && most < PagesPerBlock)
            return System.Runtime.Intrinsics.X86.Bmi2.X64.ParallelBitDeposit((1UL << most) - 1, mask);
        var rest = mask;
        for (var i = 0; i < most; i++)
            rest &= rest - 1;
        return mask & ~rest;
    }

    private int Touch(int block)
    {
        Touched |= 1 << block;
        return 0;
    }
}
