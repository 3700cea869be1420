using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Tests.Bitmap;

public sealed class SnapshotTests
{
    private static readonly MachineSpec s_spec = Bench.WithDeviceMemory with
    {
        Balloons = [new(BalloonDriver.Virtio, false)],
        MemmapOnMemory = MemmapOnMemory.On,
    };

    private const string Story = """
        add d1 pages=32
        online_movable d1.b0
        plug m1 sub-blocks=6
        online_kernel m1.b0
        alloc a1 pages=20
        get a1[3]
        alloc a2 pages=3 kind=unmovable
        inflate pages=5
        poison d0.b2+1
        veto k=2 errno=EIO
        """;

    private const string Later = """
        offline d1.b0
        offline d1.b0
        deflate pages=2
        free a1
        unplug m1 sub-blocks=6
        add d2 pages=16
        online d2.b0
        alloc a3 pages=9 kind=pinned order=1
        """;

    [Fact]
    public void What_follows_a_restored_snapshot_is_what_followed_it_before()
    {
        var bench = new Bench(s_spec);
        bench.Do(Story);
        var machine = (ISnapshots)bench.Machine;
        var before = bench.Picture();
        var snapshot = machine.Snapshot();
        var first = Tell(bench);
        for (var i = 0; i < 2; i++)
        {
            machine.Restore(snapshot);
            Assert.Equal(before, See(bench.Machine));

            // Names are learnt by telling the story again; then the machine goes back.
            var again = new Bench(s_spec, bench.Machine);
            again.Do(Story.Replace("veto k=2 errno=EIO", "tick seconds=1", StringComparison.Ordinal));
            machine.Restore(snapshot);
            Assert.Equal(first, Tell(again));
        }
    }

    [Fact]
    public void An_observation_written_before_is_brought_up_to_date_after_going_back()
    {
        var bench = new Bench(s_spec);
        bench.Do(Story);
        var machine = (ISnapshots)bench.Machine;
        var before = bench.Picture();
        var snapshot = machine.Snapshot();
        var buffer = new Observation();
        bench.Do(Later);
        bench.Machine.Observe(buffer);
        machine.Restore(snapshot);
        bench.Machine.Observe(buffer);
        Assert.Equal(before, Bench.PictureOf(buffer));
    }

    [Fact]
    public void A_snapshot_of_another_machine_is_refused()
    {
        var one = new Bench(s_spec);
        var other = new Bench(s_spec);
        var snapshot = ((ISnapshots)other.Machine).Snapshot();
        Assert.Throws<ArgumentException>(() => ((ISnapshots)one.Machine).Restore(snapshot));
    }

    private static string Tell(Bench bench)
    {
        var text = "";
        foreach (var line in Later.Split('\n'))
            text += bench.Do(line) + "\n" + bench.Picture() + "\n";
        return text;
    }

    private static string See(IMachine machine)
    {
        var fresh = new Observation();
        machine.Observe(fresh);
        return Bench.PictureOf(fresh);
    }
}
