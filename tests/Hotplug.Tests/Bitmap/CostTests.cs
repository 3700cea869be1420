using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Tests.Bitmap;

public sealed class CostTests
{
    [Fact]
    public void All_planes_of_a_block_take_at_most_six_bits_per_page()
    {
        var layout = new BlockLayout(new MachineSpec());
        Assert.InRange(layout.Words * 64.0 / layout.PagesPerBlock, 5, 6);
    }

    [Fact]
    public void Nothing_is_allocated_once_warm()
    {
        var spec = new MachineSpec { BootBlocks = 8, Balloons = [new(BalloonDriver.Virtio, false)] };
        using var machine = BitmapMachine.Create();
        machine.Reset(spec);
        Observation[] seen = [new(), new()];
        var outcome = new Outcome();
        var range = Place(machine, outcome);
        Work(machine, outcome, seen, range, 200);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Work(machine, outcome, seen, range, 1_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_page_operation_touches_only_its_block()
    {
        var bench = new Bench(Bench.Small).Done("add d1 pages=32\nonline_movable d1.b0\nalloc a1 pages=1");
        Assert.Equal([8], bench.After.Touched!);
        bench.Done("tick seconds=1");
        Assert.Equal([], bench.After.Touched!);
        bench.Done("offline d1.b0");
        Assert.Contains(8, bench.After.Touched!);
        Assert.Contains(0, bench.After.Touched!);   // where the page went
        Assert.DoesNotContain(2, bench.After.Touched!);
    }

    private static PageRange Place(IMachine machine, Outcome outcome)
    {
        machine.Execute(Operation.Add(Name.Device(1), 65536), new Target(default, -1), outcome);
        return outcome.Witness[0].Range with { Count = 32768 };
    }

    private static void Work(IMachine machine, Outcome outcome, Observation[] seen, PageRange range, int rounds)
    {
        var block = new Target(range, -1);
        var online = Operation.Online(Name.Device(1).WithBlock(0), OperationKind.OnlineMovable);
        var offline = Operation.Offline(Name.Device(1).WithBlock(0));
        for (var i = 0; i < rounds; i++)
        {
            Do(machine, outcome, seen[0], online, block);
            Do(machine, outcome, seen[1], Operation.Alloc(Name.Allocation(1), 100), default);
            Do(machine, outcome, seen[0], Operation.Alloc(Name.Allocation(2), 7, AllocationKind.Unmovable, 2), default);
            Do(machine, outcome, seen[1], Operation.Inflate(BalloonDriver.Virtio, 50), default);
            Do(machine, outcome, seen[0], Operation.Free(Name.Allocation(2)), default);
            Do(machine, outcome, seen[1], offline, block);
            Do(machine, outcome, seen[0], Operation.Free(Name.Allocation(1)), default);
            Do(machine, outcome, seen[1], Operation.Deflate(BalloonDriver.Virtio, 50), default);
        }
    }

    private static void Do(IMachine machine, Outcome outcome, Observation seen, in Operation operation, in Target target)
    {
        outcome.Clear();
        machine.Execute(operation, target, outcome);
        if (!outcome.Answer.IsOk)
            Assert.Fail($"{operation}: {outcome.Answer}");
        machine.Observe(seen);
    }
}
