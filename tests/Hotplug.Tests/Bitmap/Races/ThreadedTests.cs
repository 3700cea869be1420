using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Tests.Bitmap.Races;

/// <summary>Real threads on one machine: what they do is drawn, when it happens is not.</summary>
public sealed class ThreadedTests
{
    private const int Threads = 4;

    private static readonly MachineSpec s_spec = new()
    {
        PagesPerPageblock = 16,
        PagesPerSection = 64,
        MaxOrder = 4,
        PageBytes = 64,
        DescriptorBytes = 1,
        BootBlocks = 4,
        DimmFirstBlock = 8,
        DimmBlocks = 4,
        Cpus = Threads,
        PcpBatch = 2,
        PcpHigh = 4,
        CmmLeastActive = 0,
        DeviceMemories = [new DeviceMemorySpec(16, 2, 16, 0)],
        Balloons = [new BalloonSpec(BalloonDriver.Virtio, false), new BalloonSpec(BalloonDriver.Cmm, false)],
    };

    /// <summary>
    /// With HOTPLUG_STRESS set to a number, that many times as many operations: minutes of it instead of a second.
    /// </summary>
    private static int Rounds =>
        int.TryParse(Environment.GetEnvironmentVariable("HOTPLUG_STRESS"), out var factor) ? 5 * factor : 5;

    [Fact]
    public void Threads_that_do_everything_at_once_never_lose_a_page_and_never_wait_for_each_other()
    {
        using var machine = BitmapMachine.CreateThreaded();
        for (var round = 0; round < Rounds; round++)
        {
            machine.Reset(s_spec);
            var before = Count(machine);
            var workers = Enumerable.Range(0, Threads).Select(t => new Worker(machine, t, (ulong)round)).ToArray();
            var threads = workers.Select(static w => new Thread(w.Work)).ToArray();
            foreach (var thread in threads)
                thread.Start();
            foreach (var thread in threads)
                thread.Join();
            Assert.All(workers, static w => Assert.Null(w.Thrown));
            Assert.Null(machine.FindBrokenAlways());
            workers[0].GiveAllBack(workers);
            Assert.Null(machine.FindBrokenAlways());
            Assert.Equal(before, Count(machine));
        }
    }

    // Everything was given back, so all boot memory is free again: how much of it is there, and how much is free.
    private static (long Present, long Free) Count(IMachine machine)
    {
        var seen = new Observation();
        machine.Observe(seen);
        long present = 0, free = 0;
        foreach (ref readonly var zone in seen.Zones)
            (present, free) = (present + zone.Present, free + zone.Free);
        return (present, free);
    }

    private sealed class Worker(IMachine machine, int cpu, ulong seed)
    {
        private readonly Outcome _outcome = new();
        private readonly List<int> _held = [];
        private int _next = 1;

        public Exception? Thrown { get; private set; }

        public void Work()
        {
            try
            {
                var random = new SplitMix((seed * Threads) + (ulong)cpu + 1);
                for (var i = 0; i < 300; i++)
                    Step(ref random);
            }
            catch (Exception thrown)
            {
                // Told by the test, on its own thread.
                Thrown = thrown;
            }
        }

        public void GiveAllBack(IEnumerable<Worker> workers)
        {
            Do(Operation.Pcp(PcpAction.Enable));
            foreach (var worker in workers)
                foreach (var id in worker._held)
                    Do(Operation.Free(Name.Allocation(id)));
            Do(Operation.BalloonTarget(BalloonDriver.Virtio, 0));
            Do(Operation.LoanTarget(0));
            Do(Operation.Tick(60));
            Do(Operation.Resize(Name.DeviceMemory(1), 0));
            for (var block = 0; block < s_spec.BootBlocks; block++)
                Do(Operation.Online(Name.RawBlock(block)), s_spec.PagesOf(block));
            for (var block = s_spec.DimmFirstBlock; block < s_spec.DimmFirstBlock + s_spec.DimmBlocks; block++)
            {
                Do(Operation.Offline(Name.RawBlock(block)), s_spec.PagesOf(block));
                Do(Operation.Remove(Name.RawBlock(block), 1), s_spec.PagesOf(block));
            }

            Do(Operation.Pcp(PcpAction.Drain));
        }

        private void Step(ref SplitMix random)
        {
            var block = random.Below(s_spec.BootBlocks);
            switch (random.Below(16))
            {
                case < 4:
                    Alloc(1 + random.Below(8), (AllocationKind)random.Below(2));
                    break;
                case < 7 when _held.Count > 0:
                    var index = random.Below(_held.Count);
                    Do(Operation.Free(Name.Allocation(_held[index]), (short)cpu));
                    _held.RemoveAt(index);
                    break;
                case 7:
                    Do(Operation.Offline(Name.RawBlock(block)), s_spec.PagesOf(block));
                    break;
                case 8 or 9:
                    Do(Operation.Online(Name.RawBlock(block)), s_spec.PagesOf(block));
                    break;
                case 10:
                    Do(Operation.Resize(Name.DeviceMemory(1), random.Below(9)));
                    break;
                case 11:
                    Do(Operation.BalloonTarget(BalloonDriver.Virtio, random.Below(32)));
                    break;
                case 12:
                    Do(Operation.LoanTarget(random.Below(24)));
                    break;
                case 13:
                    Do(Operation.Tick(2));
                    break;
                case 14:
                    Do(Operation.Add(Name.Device((cpu * 1000) + _next++), s_spec.PagesPerBlock), at: 8 + block);
                    break;
                default:
                    var dimm = s_spec.PagesOf(s_spec.DimmFirstBlock + block);
                    Do(Operation.OfflineRemove(Name.RawBlock(s_spec.DimmFirstBlock + block), 1), dimm);
                    break;
            }
        }

        private void Alloc(int pages, AllocationKind kind)
        {
            var id = (cpu * 1000) + _next++;
            Do(Operation.Alloc(Name.Allocation(id), pages, kind, cpu: (short)cpu));
            if (_outcome.Answer.IsOk)
                _held.Add(id);
        }

        private void Do(in Operation operation, PageRange range = default, int at = -1)
        {
            _outcome.Clear();
            machine.Execute(operation, new Target(range, at < 0 ? -1 : s_spec.PagesOf(at).Start), _outcome);
        }
    }
}
