using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Pictures;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Schedules;

/// <summary>What a picture shows: the page that is fought over, who did what in every step, and who came between.</summary>
public sealed class InterleavingRecorderTests
{
    private const long Adds = 1, Tells = 2, Refuses = 3, Crashes = 4, TellsLess = 5, Silent = 6;

    [Fact]
    public void The_page_that_several_CPUs_tell_of_is_fought_over() => Ends.InTime(() =>
    {
        // Everybody who adds tells of page 0, who tells tells of 7 and 4, who tells less of 2.
        Assert.Equal(0, Of([[Adds, Tells], [Adds]]).Page);
        Assert.Equal(4, Of([[Adds], [Tells], [Tells]]).Page);
        Assert.Equal(2, Of([[TellsLess], [Tells]]).Page);
        Assert.Equal(2, Of([[Tells], [TellsLess]]).Page);
        var silent = Of([[Silent], [Silent]]);
        Assert.Equal((-1L, ""), (silent.Page, silent.PageBefore));
        Assert.Equal(["", ""], silent.Steps.Select(static s => s.Page));
    });

    [Fact]
    public void The_page_that_a_violation_names_comes_first() => Ends.InTime(() =>
    {
        Assert.Equal(7, Of([[Adds, Tells], [Adds]], violating: new PageRange(6, 2)).Page);
        Assert.Equal(7, Of([[Tells], [Tells]], violating: new PageRange(4, 4)).Page);
        // Nobody told of it.
        Assert.Equal(5, Of([[Adds], [Adds]], violating: new PageRange(5, 2)).Page);
    });

    [Fact]
    public void Every_step_shows_its_operation_and_what_it_answered_when_it_returns() => Ends.InTime(() =>
    {
        var picture = Of([[Adds, Refuses], [Silent], []], new Switch(1, 1));
        Assert.Equal(
        [
            "0 cpu 0 'tick seconds=1' . number 0", "1 cpu 1 'tick seconds=6' ok number 0 >", "2 cpu 0 'tick seconds=1' ok number 1",
            "3 cpu 0 'tick seconds=3' EINVAL number 1", "4 cpu 2 '' . number 1",
        ], picture.Steps.Select(static s =>
            $"{s.Number} cpu {s.Cpu} '{s.Operation}' {s.Answer ?? "."} {s.Page}{(s.IsPreemption ? " >" : "")}"));
        Assert.Null(picture.Violation);
        Assert.Equal("number 0", picture.PageBefore);
    });

    [Fact]
    public void What_never_returned_has_no_answer_and_never_went_on() => Ends.InTime(() =>
    {
        var picture = Of([[Adds], [Silent, Crashes]], new Switch(1, 1));
        // What crashed led nowhere: it is no step.
        Assert.Equal(["tick seconds=1 .", "tick seconds=6 ok"], picture.Steps.Select(static s => $"{s.Operation} {s.Answer ?? "."}"));
        var (interrupted, between) = Assert.Single(picture.Accesses);
        Assert.Equal((0, "tick seconds=1", -1), (interrupted.Cpu, interrupted.Operation, interrupted.Step));
        Assert.Equal((1, "tick seconds=6", 1), (between.Cpu, between.Operation, between.Step));
    });

    [Fact]
    public void Who_crashes_in_the_step_that_came_between_leaves_no_step_to_tell_of() => Ends.InTime(() =>
    {
        var picture = Of([[Adds], [Crashes]], new Switch(1, 1));
        Assert.Single(picture.Steps);
        Assert.Empty(picture.Accesses);
    });

    [Fact]
    public void Who_comes_between_is_told_of_everybody_who_had_begun() => Ends.InTime(() =>
    {
        // CPU 1 is interrupted before it begins, which nobody can tell from not being chosen; CPU 0 in its midst.
        var picture = Of([[Adds], [Adds, Adds]], new Switch(1, 1), new Switch(3, 0));
        Assert.Equal(["cpu 0 at step 3 between cpu 1 at step 2"], picture.Accesses.Select(static a =>
            $"cpu {a.Interrupted.Cpu} at step {a.Interrupted.Step} between cpu {a.Between.Cpu} at step {a.Between.Step}"));
    });

    [Fact]
    public void Nothing_is_drawn_where_the_prefix_fails_and_the_watch_stays_who_it_was() => Ends.InTime(() =>
    {
        using var runner = RunnerOf(null);
        runner.Watch = Unwatched.Instance;
        Assert.Null(InterleavingRecorder.Record(runner, new Race(FakeMachine.Spec, [Operation.Tick(Crashes)], [[Operation.Tick(Adds)]]), Schedule.Usual));
        Assert.NotNull(InterleavingRecorder.Record(runner, Toys.RaceOf([Adds], [Adds]), Schedule.Usual));
        Assert.Same(Unwatched.Instance, runner.Watch);
    });

    private static Interleaving Of(long[][] cpus, params Switch[] switches) => Of(cpus, null, switches);

    private static Interleaving Of(long[][] cpus, PageRange? violating, params Switch[] switches)
    {
        using var runner = RunnerOf(violating);
        return InterleavingRecorder.Record(runner, Toys.RaceOf([.. cpus.Select(static c => System.Collections.Immutable.ImmutableArray.Create(c))]),
            new Schedule([.. switches]))!;
    }

    private static RaceRunner RunnerOf(PageRange? violating) => Toys.Of(new ToyMachine(new Dictionary<long, Action<ToyMachine, Outcome>>
    {
        [Adds] = static (toy, _) => toy.AddOne(0),
        [Tells] = static (toy, _) =>
        {
            toy.Scheduler?.At(SchedulePoint.OfflineAfterDrain, 7);
            toy.Scheduler?.At(SchedulePoint.OfflineAfterDrain, 4);
        },
        [TellsLess] = static (toy, _) => toy.Scheduler?.At(SchedulePoint.OfflineAfterDrain, 2),
        [Refuses] = static (_, outcome) => outcome.Answer = Answer.Of(Errno.EINVAL),
        [Crashes] = static (_, _) => throw new InvalidOperationException("boom"),
        [Silent] = static (_, _) => { },
    }), _ => violating is { } pages ? FakeSpecification.Break("judged") with { Pages = [pages] } : null);
}
