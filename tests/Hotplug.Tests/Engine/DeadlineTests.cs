using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Run;
using Hotplug.Tests.Engine.Fakes;
using Hotplug.Tests.Schedules;
using Xunit;

namespace Hotplug.Tests.Engine;

public class DeadlineTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(8);

    private readonly ManualClock _clock = new();

    [Fact]
    public void An_operation_that_does_not_end_is_a_hang_with_the_trace_kept() => Ends.InTime(() =>
    {
        using var release = new ManualResetEventSlim();
        var caller = Thread.CurrentThread;
        var runner = RunnerOf((_, _, _) =>
        {
            // The limit passes when the caller waits already.
            SpinWait.SpinUntil(() => caller.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
            _clock.Advance(2 * s_limit);
            release.Wait();
            return true;
        });
        using var deadline = Watching(runner);

        var result = deadline.Await(() => Run(runner, Operation.Tick(1), Operation.Tick(2)), static (_, hung) => hung);
        release.Set();

        Assert.Equal(Verdict.Violates, result.Verdict);
        Assert.Equal(EngineRules.Hang, result.Violation!.Rule);
        Assert.Equal("tick seconds=1", result.Violation.Subject);
        Assert.Equal(["tick seconds=1"], result.Executed.Select(static o => o.ToString()));
        Assert.Equal([Answer.Unfinished], result.Answers.AsEnumerable());
    });

    [Fact]
    public void An_operation_that_ends_too_late_is_a_hang_too() => Ends.InTime(() =>
    {
        var runs = 0;
        var runner = RunnerOf((_, _, _) =>
        {
            if (runs++ == 0)
                _clock.Advance(2 * s_limit);
            return true;
        });
        using var deadline = Watching(runner);

        var result = Run(runner, Operation.Tick(1), Operation.Tick(2));

        Assert.Equal(EngineRules.Hang, result.Violation!.Rule);
        Assert.Equal(0, result.FailedAt);
        // The next run is a run like any other.
        Assert.Equal(Verdict.Conforms, Run(runner, Operation.Tick(1), Operation.Tick(2)).Verdict);
    });

    [Theory]
    [InlineData(4, Verdict.Conforms)]
    [InlineData(5, Verdict.Violates)]
    public void A_hang_is_noticed_after_the_limit_and_at_most_a_quarter_of_it_more(int quarters, Verdict verdict) => Ends.InTime(() =>
    {
        var runner = RunnerOf((_, _, _) =>
        {
            _clock.Advance(quarters * s_limit / 4);
            return true;
        });
        using var deadline = Watching(runner);

        Assert.Equal(verdict, Run(runner, Operation.Tick(1)).Verdict);
    });

    [Fact]
    public void A_machine_that_is_watched_while_it_works_is_watched_from_then_on() => Ends.InTime(() =>
    {
        using var deadline = new Deadline(_clock, s_limit);
        Runner? runner = null;
        runner = RunnerOf((_, _, _) =>
        {
            deadline.Watch(runner!);
            _clock.Advance(s_limit);
            return true;
        });

        Assert.Equal(EngineRules.Hang, Run(runner, Operation.Tick(1)).Violation?.Rule);
    });

    [Fact]
    public void A_machine_that_came_back_meanwhile_is_not_given_up() => Ends.InTime(() =>
    {
        Runner? runner = null;
        runner = RunnerOf((_, _, _) =>
        {
            Assert.Null(runner!.GiveUp(runner.Pulse - 2, s_limit));
            return true;
        });

        Assert.Equal(Verdict.Conforms, Run(runner, Operation.Tick(1), Operation.Tick(2)).Verdict);
    });

    [Fact]
    public void Some_time_must_be_given() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Deadline(_clock, TimeSpan.Zero));

    [Fact]
    public void A_machine_may_take_as_long_as_it_likes_over_many_operations() => Ends.InTime(() =>
    {
        var runner = RunnerOf((_, _, _) =>
        {
            _clock.Advance(s_limit / 2);
            return true;
        });
        using var deadline = Watching(runner);

        var result = Run(runner, Operation.Tick(1), Operation.Tick(2), Operation.Tick(3), Operation.Tick(4));

        Assert.Equal(Verdict.Conforms, result.Verdict);
    });

    [Fact]
    public void Work_that_ends_answers_for_itself() => Ends.InTime(() =>
    {
        var runner = RunnerOf(static (_, _, _) => true);
        using var deadline = Watching(runner);

        var result = deadline.Await(() => Run(runner, Operation.Tick(1)), static (_, hung) => hung);

        Assert.Equal(Verdict.Conforms, result.Verdict);
    });

    [Fact]
    public void What_the_work_throws_reaches_the_caller() => Ends.InTime(() =>
    {
        using var deadline = new Deadline(_clock, s_limit);

        Assert.Throws<HarnessException>(() =>
            deadline.Await<RunResult>(static () => throw new HarnessException("did not start"), static (_, hung) => hung));
    });

    private Deadline Watching(Runner runner)
    {
        var deadline = new Deadline(_clock, s_limit);
        deadline.Watch(runner);
        return deadline;
    }

    private static Runner RunnerOf(Func<Operation, Target, Outcome, bool> instead) =>
        new(new FakeMachine { Instead = instead }, new Suite(new FakeSpecification(), []));

    private static RunResult Run(Runner runner, params Operation[] operations) =>
        runner.Run(FakeMachine.Spec, new TraceSource([.. operations]), 10);
}
