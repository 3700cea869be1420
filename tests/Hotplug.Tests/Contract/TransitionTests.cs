using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Xunit;

namespace Hotplug.Tests.Contract;

/// <summary>What everybody who judges is given.</summary>
public sealed class TransitionTests
{
    private readonly Transition _seen = new();

    [Fact]
    public void At_the_start_every_block_is_new()
    {
        _seen.Start(new MachineSpec(), Levels.Core, ObservationTests.Written(1, 3));
        Assert.True(_seen.IsStart);
        Assert.Equal(-1, _seen.Index);
        Assert.Equal([(1, true), (3, true)], Changed());
    }

    [Fact]
    public void Blocks_with_another_stamp_have_changed_and_so_have_those_that_came_or_went()
    {
        var after = ObservationTests.Written(1, 3, 6);
        after.Find(3)!.Stamp = 99;
        Next(ObservationTests.Written(1, 2, 3, 5), after);
        Assert.Equal([(2, false), (3, false), (5, false), (6, true)], Changed());
        Assert.Null(_seen.Changed[0].After);
        Assert.NotNull(_seen.Changed[1].After);
    }

    [Fact]
    public void What_a_machine_says_it_touched_is_believed()
    {
        var after = ObservationTests.Written(1, 2, 3);
        after.Find(3)!.Stamp = 99;
        after.Begin(whole: false);
        after.Touch(2);
        after.End();
        Next(ObservationTests.Written(1, 2, 3), after);
        Assert.Equal([(2, false)], Changed());
    }

    [Fact]
    public void A_machine_that_keeps_track_may_have_touched_nothing()
    {
        var after = ObservationTests.Written(1, 2);
        after.TracksTouched();
        Next(ObservationTests.Written(1), after);
        Assert.Empty(Changed());
    }

    [Fact]
    public void Something_is_seen_if_both_observations_show_it()
    {
        var before = ObservationTests.Written(1);
        var after = ObservationTests.Written(1);
        after.Visible = Visibility.Zones | Visibility.Blocks;
        before.Visible = Visibility.Blocks;
        Next(before, after);
        Assert.True(_seen.Sees(Visibility.Blocks));
        Assert.False(_seen.Sees(Visibility.Zones));
        _seen.Start(new MachineSpec(), Levels.Core, after);
        Assert.True(_seen.Sees(Visibility.Zones));
    }

    [Fact]
    public void A_block_is_in_flight_with_its_device_before_or_after()
    {
        var spec = new MachineSpec { DeviceMemories = [new(32, 8, 512, 0)] };
        var before = ObservationTests.Written();
        before.Add(new DeviceObservation(Name.DeviceMemory(1), spec.RegionOf(1), 0, 0, InFlight: true));
        before.Add(new DeviceObservation(Name.Device(1), spec.PagesOf(40), 0, 0, InFlight: false));
        before.Add(new BalloonObservation(BalloonDriver.Virtio, 0, 0, InFlight: true));
        Next(before, ObservationTests.Written(), spec);
        Assert.Equal((true, false, true), (_seen.InFlight(39), _seen.InFlight(40), _seen.BalloonInFlight));
        Assert.True(_seen.InFlight(Name.DeviceMemory(1)));
        Assert.False(_seen.InFlight(Name.Device(1)));
    }

    [Fact]
    public void Predictions_of_counters_stand_and_others_end_with_the_operation()
    {
        var zone = new ZoneId(0, ZoneKind.Normal);
        Next(ObservationTests.Written(), ObservationTests.Written());
        _seen.Deviations.Predict(new Deviation("one", DeviationKind.ManagedPages, zone, Amount: -3));
        _seen.Deviations.Predict(new Deviation("two", DeviationKind.OfflineAfterRollback, Block: 7));
        Assert.NotNull(_seen.Deviations.For(DeviationKind.OfflineAfterRollback, 7));
        Step();
        Assert.Null(_seen.Deviations.For(DeviationKind.OfflineAfterRollback, 7));
        Assert.Equal((-3L, -3L), (_seen.Deviations.ManagedOf(zone), _seen.Deviations.ManagedTotal));
        _seen.Deviations.End(static d => d.Defect == "one");
        Assert.Equal(0, _seen.Deviations.ManagedTotal);
    }

    private void Next(Observation before, Observation after, MachineSpec? spec = null)
    {
        _seen.Start(spec ?? new MachineSpec(), Levels.Core, before);
        _seen.Next(0, before, Operation.Tick(1), default, new Outcome(), after);
    }

    private void Step() => _seen.Next(1, _seen.After, Operation.Tick(1), default, new Outcome(), _seen.After);

    private List<(int Block, bool IsNew)> Changed()
    {
        var changed = new List<(int, bool)>();
        foreach (ref readonly var change in _seen.Changed)
            changed.Add((change.Block, change.Before is null));
        return changed;
    }
}
