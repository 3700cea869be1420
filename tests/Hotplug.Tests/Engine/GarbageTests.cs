using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Run;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Engine;

public class GarbageTests
{
    private static readonly ZoneId s_normal = new(0, ZoneKind.Normal);

    [Fact]
    public void Runs_that_do_not_cover_their_block_are_garbage() =>
        AssertGarbage("block 0", static o => o.Find(0)!.Pages.Add(1, PageState.Free(1)));

    [Fact]
    public void Runs_of_a_negative_length_are_garbage() => AssertGarbage("block 0", static o =>
    {
        o.Find(0)!.Pages.Add(-1, PageState.Free(1));
        o.Find(0)!.Pages.Add(1, PageState.Free(2));
    });

    [Fact]
    public void An_unknown_state_of_a_block_is_garbage() =>
        AssertGarbage("block 0", static o => o.Find(0)!.State = (BlockState)9);

    [Fact]
    public void A_zone_that_is_listed_twice_is_garbage() => AssertGarbage(s_normal.ToString(), static o =>
    {
        o.Add(new ZoneObservation(s_normal, 0, 8, 8, 8, 8, 0));
        o.Add(new ZoneObservation(s_normal, 0, 8, 8, 8, 8, 0));
    });

    [Fact]
    public void A_negative_count_of_present_pages_is_garbage() =>
        AssertGarbage(s_normal.ToString(), static o => o.Add(new ZoneObservation(s_normal, 0, 8, -1, 8, 8, 0)));

    [Theory]
    [InlineData(-1, 8, 8, 8)]
    [InlineData(0, -1, 8, 8)]
    [InlineData(0, 8, -1, 8)]
    [InlineData(0, 8, 8, -1)]
    public void A_zone_of_less_than_nothing_is_garbage(long start, long spanned, long present, long free) =>
        AssertGarbage(s_normal.ToString(), o => o.Add(new ZoneObservation(s_normal, start, spanned, present, 8, free, 0)));

    [Theory]
    [InlineData(-8, 0)]
    [InlineData(8, -8)]
    public void A_device_of_less_than_nothing_is_garbage(long pages, long plugged) => AssertGarbage("device d1",
        o => o.Add(new DeviceObservation(Name.Device(1), new PageRange(32, pages), plugged, 8, false)));

    [Fact]
    public void What_is_empty_or_listed_once_is_fine()
    {
        var machine = new FakeMachine
        {
            AlsoObserve = static o =>
            {
                o.Add(new ZoneObservation(s_normal, 0, 0, 0, 0, 0, 0));
                o.Add(new ZoneObservation(new ZoneId(0, ZoneKind.Movable), 0, 0, 0, 0, 0, 0));
                o.Add(new DeviceObservation(Name.Device(1), new PageRange(0, 0), 0, 0, false));
                o.Add(new DeviceObservation(Name.Device(2), new PageRange(0, 0), 0, 0, false));
            },
        };

        Assert.Equal(Verdict.Conforms, Runs.Of(machine, Operation.Tick(1)).Verdict);
    }

    [Theory]
    [InlineData(32, 8, true)]
    [InlineData(32, 16, true)]
    [InlineData(36, 8, false)]
    [InlineData(32, 4, false)]
    [InlineData(32, 0, false)]
    public void A_device_is_placed_in_whole_blocks(long start, long pages, bool isFine)
    {
        var machine = new FakeMachine
        {
            Instead = (_, _, outcome) =>
            {
                outcome.Add(new Witness(WitnessRole.Placed, new PageRange(start, pages)));
                return true;
            },
        };
        var result = Runs.Of(machine, Runs.AddBlocks(1, 1));
        if (isFine)
            Assert.Equal(Verdict.Conforms, result.Verdict);
        else
            AssertGarbage("the witness of add", result);
    }

    [Fact]
    public void What_is_no_placement_says_nothing_of_where_a_device_is()
    {
        var machine = new FakeMachine
        {
            Instead = static (_, _, outcome) =>
            {
                outcome.Add(new Witness(WitnessRole.Taken, new PageRange(32, 8)));
                return true;
            },
        };
        AssertGarbage("the witness of add", Runs.Of(machine, Runs.AddBlocks(1, 1)));
    }

    [Theory]
    [InlineData(Completion.Unfinished, Errno.None)]
    [InlineData(Completion.Pending, Errno.None)]
    [InlineData(Completion.Rejected, Errno.None)]
    [InlineData(Completion.Finished, (Errno)4095)]
    [InlineData(Completion.Finished, Errno.EPERM)]
    public void Any_other_answer_is_left_to_the_rules(Completion completion, Errno errno)
    {
        var machine = new FakeMachine
        {
            Instead = (_, _, outcome) =>
            {
                outcome.Answer = new Answer(completion, errno);
                return true;
            },
        };

        // What was refused was placed nowhere.
        Assert.Equal(Verdict.Conforms, Runs.Of(machine, Operation.Tick(1), Runs.AddBlocks(1, 1)).Verdict);
    }

    [Fact]
    public void A_negative_count_of_managed_pages_is_left_to_the_rules()
    {
        var machine = new FakeMachine { AlsoObserve = static o => o.Add(new ZoneObservation(s_normal, 0, 8, 8, -1, 8, 0)) };

        Assert.Equal(Verdict.Conforms, Runs.Of(machine, Operation.Tick(1)).Verdict);
    }

    [Fact]
    public void A_device_that_is_listed_twice_is_garbage() => AssertGarbage("device d1", static o =>
    {
        o.Add(new DeviceObservation(Name.Device(1), new PageRange(32, 8), 8, 8, false));
        o.Add(new DeviceObservation(Name.Device(1), new PageRange(32, 8), 8, 8, false));
    });

    [Fact]
    public void An_add_that_does_not_say_where_is_garbage()
    {
        var machine = new FakeMachine { Instead = static (_, _, _) => true };

        AssertGarbage("the witness of add", Runs.Of(machine, Runs.AddBlocks(1, 1)));
    }

    [Theory]
    [InlineData(Completion.Unbound, Errno.None)]
    [InlineData((Completion)77, Errno.None)]
    [InlineData(Completion.Finished, (Errno)(-1))]
    [InlineData(Completion.Finished, (Errno)4096)]
    public void An_answer_that_no_machine_can_give_is_garbage(Completion completion, Errno errno)
    {
        var machine = new FakeMachine
        {
            Instead = (_, _, outcome) =>
            {
                outcome.Answer = new Answer(completion, errno);
                return true;
            },
        };

        AssertGarbage("the answer", Runs.Of(machine, Operation.Tick(1)));
    }

    private static void AssertGarbage(string subject, Action<Observation> write)
    {
        var calls = 0;
        var machine = new FakeMachine
        {
            AlsoObserve = o =>
            {
                if (calls++ > 0)
                    write(o);
            },
        };
        var result = Runs.Of(machine, Operation.Tick(1), Operation.Tick(2));
        AssertGarbage(subject, result);
        Assert.Equal(0, result.FailedAt);
    }

    private static void AssertGarbage(string subject, RunResult result)
    {
        Assert.Equal(Verdict.Violates, result.Verdict);
        Assert.Equal(EngineRules.Garbage, result.Violation!.Rule);
        Assert.Equal(subject, result.Violation.Subject);
    }
}
