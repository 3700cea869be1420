using System.Numerics;
using Hotplug.Contract.Machines;

namespace Hotplug.Bitmap;

/// <summary>
/// Where in a block's words everything lies: three planes of page use, then one bitmap of free chunks with summaries
/// per buddy order. 3 bits per page for the planes, less than 2.04 for the buddy.
/// </summary>
internal sealed class BlockLayout
{
    public const int Planes = 3;

    private readonly SummaryShape[] _orders;
    private readonly int[] _starts;

    public BlockLayout(MachineSpec spec)
    {
        PagesPerBlock = spec.PagesPerBlock;
        BlockShift = BitOperations.Log2((uint)PagesPerBlock);
        MaxOrder = spec.MaxOrder;
        PlaneWords = (PagesPerBlock + 63) / 64;
        _orders = new SummaryShape[MaxOrder + 1];
        _starts = new int[MaxOrder + 1];
        Words = Planes * PlaneWords;
        for (var order = 0; order <= MaxOrder; order++)
        {
            _orders[order] = new SummaryShape(PagesPerBlock >> order);
            _starts[order] = Words;
            Words += _orders[order].Words;
        }

        BlockNumbers = new SummaryShape(MostBlocks(spec));
    }

    public int PagesPerBlock { get; }

    public int BlockShift { get; }

    public int MaxOrder { get; }

    /// <summary>Words of one plane.</summary>
    public int PlaneWords { get; }

    /// <summary>Words of a block, everything included.</summary>
    public int Words { get; }

    /// <summary>Shape of a set of block numbers.</summary>
    public SummaryShape BlockNumbers { get; }

    /// <summary>Shape of the free chunks of an order.</summary>
    public SummaryShape Chunks(int order) => _orders[order];

    /// <summary>The free chunks of an order in a block's words.</summary>
    public Span<ulong> ChunkWords(ulong[] words, int order) => words.AsSpan(_starts[order], _orders[order].Words);

    private static int MostBlocks(MachineSpec spec)
    {
        var end = Math.Max(spec.BootBlocks, spec.DimmFirstBlock + spec.DimmBlocks);
        foreach (var memory in spec.DeviceMemories)
            end = Math.Max(end, memory.FirstBlock + memory.Blocks);
        return end;
    }
}
