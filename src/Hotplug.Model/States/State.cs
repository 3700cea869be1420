using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Model.States;

/// <summary>A failure that <c>veto</c> arms for the next operation.</summary>
/// <param name="Point">Which step.</param>
/// <param name="K">Which of them, from 1; 0: nothing is armed.</param>
/// <param name="Errno">The error.</param>
internal readonly record struct Veto(VetoPoint Point, long K, Errno Errno);

/// <summary>
/// Everything the model knows: structure, exactly. Pages are not kept here: they are read from what was seen before the
/// operation, which was judged when it was seen after the one before. Immutable; compares by value.
/// </summary>
internal sealed record State
{
    /// <summary>The machine; the same for every state of a run.</summary>
    public required MachineSpec Spec { get; init; }

    /// <summary>Free pages when last seen: a hint for generators, no part of the state's value.</summary>
    public long FreePages { get; init; }

    /// <summary>Memory blocks, ascending.</summary>
    public ImmutableArray<Block> Blocks { get; init; } = [];

    /// <summary>Hot-added devices, in the order added.</summary>
    public ImmutableArray<Device> Devices { get; init; } = [];

    /// <summary>Device memories, m1 first.</summary>
    public ImmutableArray<DeviceMemory> DeviceMemories { get; init; } = [];

    /// <summary>Live allocations, in the order made.</summary>
    public ImmutableArray<Allocation> Allocations { get; init; } = [];

    /// <summary>Memory that blocks do not account for.</summary>
    public ImmutableArray<ZoneBase> Bases { get; init; } = [];

    /// <summary>Poisoned pages, ascending, those of offline blocks included.</summary>
    public ImmutableArray<long> Poisoned { get; init; } = [];

    /// <summary>What HardwareCorrupted counts besides <see cref="Poisoned"/>: fixed at the start of the run.</summary>
    public long PoisonBase { get; init; }

    /// <summary>auto_online_blocks.</summary>
    public AutoOnline AutoOnline { get; init; }

    /// <summary>online_policy is auto-movable.</summary>
    public bool AutoMovable { get; init; }

    /// <summary>memmap_on_memory.</summary>
    public MemmapOnMemory MemmapOnMemory { get; init; }

    /// <summary>An operation holds the lock of the per-CPU lists: all are disabled.</summary>
    public bool PcplistsDisabled { get; init; }

    /// <summary>Sticky error for MEM_GOING_ONLINE.</summary>
    public Errno OnlineError { get; init; }

    /// <summary>Sticky error for MEM_GOING_OFFLINE.</summary>
    public Errno OfflineError { get; init; }

    /// <summary>What fails in the next operation.</summary>
    public Veto Veto { get; init; }

    /// <summary>Whose online_page callbacks are set.</summary>
    public CallbackOwners Callbacks { get; init; }

    /// <summary>Pages that balloon drivers added and the hypervisor has backed.</summary>
    public ImmutableArray<PageRange> Backed { get; init; } = [];

    /// <summary>The balloons of the machine, in the order of its spec.</summary>
    public ImmutableArray<Balloon> Balloons { get; init; } = [];

    /// <summary>CMM; null where the machine has none.</summary>
    public Loans? Loans { get; init; }

    /// <summary>Next dN and aN that no trace of this run has used.</summary>
    public int NextDevice { get; init; } = 1;

    /// <summary>See <see cref="NextDevice"/>.</summary>
    public int NextAllocation { get; init; } = 1;

    /// <summary>Index of the block in <see cref="Blocks"/>, or its complement.</summary>
    public int IndexOf(int number)
    {
        int low = 0, high = Blocks.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (Blocks[middle].Number == number)
                return middle;
            if (Blocks[middle].Number < number)
                low = middle + 1;
            else
                high = middle - 1;
        }

        return ~low;
    }

    /// <summary>True if blocks, devices and what decides their zones are the very same: one operation made no change to
    /// them.</summary>
    public bool HasStructureOf(State other) => Blocks == other.Blocks && Devices == other.Devices && Bases == other.Bases
        && DeviceMemories == other.DeviceMemories && Backed == other.Backed && AutoMovable == other.AutoMovable;

    /// <summary>The block with this number, or null.</summary>
    public Block? Find(int number) => IndexOf(number) is >= 0 and var index ? Blocks[index] : null;

    /// <summary>The block with this number as user space sees it: null where nobody registered it.</summary>
    public Block? FindRegistered(int number) => Find(number) is { Hidden: false } block ? block : null;

    /// <summary>The state with the block put in, in place of one with the same number.</summary>
    public State With(Block block)
    {
        var index = IndexOf(block.Number);
        return this with { Blocks = index >= 0 ? Blocks.SetItem(index, block) : Blocks.Insert(~index, block) };
    }

    /// <summary>The state without the blocks of the range.</summary>
    public State WithoutBlocks(PageRange range) => this with { Blocks = Blocks.RemoveAll(b => range.Contains(b.Range.Start)) };

    /// <summary>The state with a device memory replaced.</summary>
    public State With(DeviceMemory memory) => this with { DeviceMemories = DeviceMemories.SetItem(memory.Id - 1, memory) };

    /// <summary>The balloon of this driver, or null.</summary>
    public Balloon? Find(BalloonDriver driver)
    {
        foreach (var balloon in Balloons)
            if (balloon.Driver == driver)
                return balloon;
        return null;
    }

    /// <summary>The state with a balloon replaced.</summary>
    public State With(Balloon balloon)
    {
        for (var i = 0; i < Balloons.Length; i++)
            if (Balloons[i].Driver == balloon.Driver)
                return Balloons[i] == balloon ? this : this with { Balloons = Balloons.SetItem(i, balloon) };
        return this;
    }

    /// <summary>The state with an allocation put in, in place of one with the same number.</summary>
    public State With(Allocation allocation)
    {
        for (var i = 0; i < Allocations.Length; i++)
            if (Allocations[i].Id == allocation.Id)
                return this with { Allocations = Allocations.SetItem(i, allocation) };
        return this with { Allocations = Allocations.Add(allocation) };
    }

    /// <summary>The allocation aN, or null.</summary>
    public Allocation? Allocation(int id)
    {
        foreach (var allocation in Allocations)
            if (allocation.Id == id)
                return allocation;
        return null;
    }

    /// <summary>The device dN, or null.</summary>
    public Device? Device(int id)
    {
        foreach (var device in Devices)
            if (device.Id == id)
                return device;
        return null;
    }

    /// <summary>Blocks whose pages lie in the range, ascending.</summary>
    public IEnumerable<Block> BlocksIn(PageRange range)
    {
        foreach (var block in Blocks)
            if (range.Contains(block.Range.Start))
                yield return block;
    }

    /// <summary>How many blocks have this <see cref="Block.Owner"/>.</summary>
    public int CountOwned(int owner)
    {
        var blocks = 0;
        foreach (var block in Blocks)
            if (block.Owner == owner)
                blocks++;
        return blocks;
    }

    /// <summary>Poisoned pages in the range.</summary>
    public int PoisonedIn(PageRange range)
    {
        var count = 0;
        foreach (var pfn in Poisoned)
            if (range.Contains(pfn))
                count++;
        return count;
    }

    /// <summary>The span of a zone: the hull of its online blocks and of its base. Empty: start 0, 0 pages.</summary>
    public PageRange SpanOf(ZoneId zone)
    {
        long start = long.MaxValue, end = 0;
        foreach (var known in Bases)
            if (known.Id == zone && known.Range.Count > 0)
                (start, end) = (Math.Min(start, known.Range.Start), Math.Max(end, known.Range.End));
        foreach (var block in Blocks)
            if (block.ZoneId == zone)
                (start, end) = (Math.Min(start, block.Range.Start), Math.Max(end, block.Range.End));
        return end == 0 ? default : new PageRange(start, end - start);
    }

    /// <summary>Present pages of a zone.</summary>
    public long PresentOf(ZoneId zone)
    {
        var pages = BaseOf(zone).Present;
        foreach (var block in Blocks)
            if (block.ZoneId == zone)
                pages += block.Range.Count;
        return pages;
    }

    /// <summary>The base of a zone.</summary>
    public ZoneBase BaseOf(ZoneId zone)
    {
        foreach (var known in Bases)
            if (known.Id == zone)
                return known;
        return new ZoneBase(zone, default, 0, 0);
    }

    /// <inheritdoc/>
    public bool Equals(State? other) => other is not null
        && (ReferenceEquals(this, other)
            || (Scalars == other.Scalars && Loans == other.Loans && Blocks.AsSpan().SequenceEqual(other.Blocks.AsSpan())
                && Devices.AsSpan().SequenceEqual(other.Devices.AsSpan())
                && DeviceMemories.AsSpan().SequenceEqual(other.DeviceMemories.AsSpan())
                && Allocations.AsSpan().SequenceEqual(other.Allocations.AsSpan())
                && Backed.AsSpan().SequenceEqual(other.Backed.AsSpan())
                && Balloons.AsSpan().SequenceEqual(other.Balloons.AsSpan())
                && Poisoned.AsSpan().SequenceEqual(other.Poisoned.AsSpan())
                && Bases.AsSpan().SequenceEqual(other.Bases.AsSpan())));

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Scalars);
        hash.Add(Loans);
        foreach (var block in Blocks)
            hash.Add(block);
        foreach (var memory in DeviceMemories)
            hash.Add(memory);
        foreach (var allocation in Allocations)
            hash.Add(allocation);
        foreach (var range in Backed)
            hash.Add(range);
        foreach (var balloon in Balloons)
            hash.Add(balloon);
        foreach (var pfn in Poisoned)
            hash.Add(pfn);
        return hash.ToHashCode();
    }

    private (AutoOnline, bool, bool, MemmapOnMemory, Errno, Errno, Veto, (CallbackOwners, long)) Scalars =>
        (AutoOnline, AutoMovable, PcplistsDisabled, MemmapOnMemory, OnlineError, OfflineError, Veto, (Callbacks, PoisonBase));
}
