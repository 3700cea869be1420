using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace Hotplug.Benchmarks.Machine;

/// <summary>The machine's buddy allocator by itself, half full of chunks of orders 0 to 3, without names, holders or
/// outcomes.</summary>
internal sealed class BuddyRig
{
    private const int Orders = 4;

    private readonly BuddyAllocator _buddy;
    private readonly Zone _zone;
    private readonly Chunk[] _taken;
    private SplitMix _random = new(1);

    internal BuddyRig(int blocks)
    {
        var spec = new MachineSpec { BootBlocks = blocks, DimmFirstBlock = blocks, DimmBlocks = 1, Notifiers = [] };
        var state = Boot.Start(spec, new Journal());
        _buddy = new BuddyAllocator(state.Layout, state);
        _zone = state.Zones.Find(0, ZoneKind.Normal)!;
        var half = _zone.Free / 2;
        var taken = new List<Chunk>();
        while (_zone.Free > half)
            taken.Add(Take(_random.Below(Orders)));
        _taken = [.. taken];
    }

    /// <summary>Frees a random chunk and takes one of its order, again and again.</summary>
    internal long RandomPairs(int pairs)
    {
        for (var i = 0; i < pairs; i++)
            Swap(ref _taken[_random.Below(_taken.Length)]);
        return pairs;
    }

    /// <summary>Frees and takes the same chunk again and again.</summary>
    internal long HotPairs(int pairs)
    {
        for (var i = 0; i < pairs; i++)
            Swap(ref _taken[0]);
        return pairs;
    }

    private void Swap(ref Chunk chunk)
    {
        _buddy.Free(chunk.Block, chunk.Offset, 1 << chunk.Order);
        chunk = Take(chunk.Order);
    }

    private Chunk Take(int order)
    {
        if (!_buddy.TryFind(_zone, order, last: false, out var block, out var offset, out var found))
            throw new InvalidOperationException($"no free chunk of order {order}");
        _buddy.TakeFront(block, offset, found, 1 << order);
        return new Chunk(block, offset, order);
    }

    private readonly record struct Chunk(MemoryBlock Block, int Offset, int Order);
}
