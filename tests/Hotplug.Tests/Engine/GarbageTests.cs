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
