using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Benchmarks.Machine;

/// <summary>An optimised machine of so many boot blocks, one empty DIMM block, and live allocations to free at
/// random.</summary>
internal sealed class MachineRig : IDisposable
{
    private const int Live = 1 << 12;
    private const int Spare = Live + 1;
    private const int Rest = Live + 2;

    private readonly IMachine _machine = BitmapMachine.Create();
    private readonly Outcome _outcome = new();
    private readonly Operation[] _alloc = new Operation[Live];
    private readonly Operation[] _free = new Operation[Live];
    private readonly Observation[] _observations = [new(), new()];
    private static readonly Target s_nowhere = new(default, -1);
    private readonly Target _block;
    private SplitMix _random = new(1);

    internal MachineRig(int blocks)
    {
        var spec = new MachineSpec { BootBlocks = blocks, DimmFirstBlock = blocks, DimmBlocks = 1, AutoOnline = AutoOnline.OnlineMovable, Notifiers = [] };
        var before = GC.GetTotalMemory(forceFullCollection: true);
        _machine.Reset(spec);
        BitsPerPage = (GC.GetTotalMemory(forceFullCollection: true) - before) * 8.0 / ((long)blocks * spec.PagesPerBlock);
        _block = new Target(spec.PagesOf(blocks), -1);
        Do(Operation.Add(Name.Device(1), spec.PagesPerBlock), s_nowhere);
        Do(Operation.Alloc(Name.Allocation(Rest), (long)blocks * spec.PagesPerBlock / 2, AllocationKind.Unmovable), s_nowhere);
        for (var i = 0; i < Live; i++)
        {
            _alloc[i] = Operation.Alloc(Name.Allocation(i + 1), 1, AllocationKind.Unmovable);
            _free[i] = Operation.Free(Name.Allocation(i + 1));
            Do(_alloc[i], s_nowhere);
        }
    }

    /// <summary>Bits of memory for each page of boot memory, right after the start.</summary>
    internal double BitsPerPage { get; }

    /// <summary>Frees and takes the same page again and again.</summary>
    internal long HotPairs(int pairs)
    {
        for (var i = 0; i < pairs; i++)
        {
            Do(_free[0], s_nowhere);
            Do(_alloc[0], s_nowhere);
        }

        return pairs;
    }

    /// <summary>Frees a random allocation and makes it again.</summary>
    internal long RandomPairs(int pairs)
    {
        for (var i = 0; i < pairs; i++)
        {
            var victim = _random.Below(Live);
            Do(_free[victim], s_nowhere);
            Do(_alloc[victim], s_nowhere);
        }

        return pairs;
    }

    /// <summary>Takes everything but the last few pages, so that every pair has to find them.</summary>
    internal MachineRig Filled()
    {
        Do(Operation.Alloc(Name.Allocation(Spare), FreeKernelPages() - 8, AllocationKind.Unmovable), s_nowhere);
        return this;
    }

    /// <summary>Takes the empty DIMM block offline and brings it back.</summary>
    internal long EmptyBlocks(int times)
    {
        var name = Name.Device(1).WithBlock(0);
        var offline = Operation.Offline(name);
        var online = Operation.Online(name, OperationKind.OnlineMovable);
        for (var i = 0; i < times; i++)
        {
            Do(offline, _block);
            Do(online, _block);
        }

        return times;
    }

    /// <summary>Hot pairs, observed after every operation as the engine does.</summary>
    internal long ObservedPairs(int pairs)
    {
        for (var i = 0; i < pairs; i++)
        {
            Do(_free[0], s_nowhere);
            _machine.Observe(_observations[0]);
            Do(_alloc[0], s_nowhere);
            _machine.Observe(_observations[1]);
        }

        return pairs;
    }

    /// <summary>Bytes allocated by an operation with its observation, once warm.</summary>
    internal double BytesPerOperation()
    {
        Work();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var operations = Work();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)operations;
    }

    public void Dispose() => _machine.Dispose();

    private long Work() => (2 * ObservedPairs(2_000)) + (2 * RandomPairs(2_000)) + (2 * EmptyBlocks(100));

    private long FreeKernelPages()
    {
        _machine.Observe(_observations[0]);
        long free = 0;
        foreach (ref readonly var zone in _observations[0].Zones)
            if (zone.Id.IsKernel)
                free += zone.Free;
        return free;
    }

    private void Do(in Operation operation, in Target target)
    {
        _outcome.Clear();
        _machine.Execute(operation, target, _outcome);
        if (!_outcome.Answer.IsOk)
            throw new InvalidOperationException($"{operation} -> {_outcome.Answer}");
    }
}
