using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;
using Hotplug.Engine.Shrink;
using Hotplug.Tests.Engine.Fakes;
using Hotplug.Tests.Schedules;
using Xunit;

namespace Hotplug.Tests.Engine;

/// <summary>What each step of shrinking tries, and what it keeps.</summary>
public sealed class ShrinkStepsTests
{
    private const int Last = 9;
    private const int MostRuns = 60;

    [Fact]
    public void What_is_left_out_is_what_was_asked_to_be_left_out() => Ends.InTime(static () =>
    {
        var attempts = Of(static seen => seen.Operation.Amount == Last, 1, 2, 3, 4, Last);
        Assert.False(attempts.TryWithout(3, 2));
        Assert.Equal("1 2 3 4 9", Text(attempts));
        Assert.True(attempts.TryWithout(1, 2));
        Assert.Equal("1 4 9", Text(attempts));
        Assert.True(attempts.TryWith(1, Operation.Tick(7)));
        Assert.Equal("1 7 9", Text(attempts));
        Assert.False(attempts.TryWith(2, Operation.Tick(7)));

        attempts = Of(static seen => seen.Operation.Amount == Last, 1, 2, 3, 4, Last);
        Assert.True(attempts.TryWithoutPair(1, 3));
        Assert.Equal("1 3 9", Text(attempts));
        Assert.False(attempts.TryWithoutPair(0, 2));
        Assert.True(attempts.TryMerged(1, 0, Operation.Tick(5)));
        Assert.Equal("5 9", Text(attempts));
        // What comes after the failure goes by itself.
        Assert.True(attempts.Try(FakeMachine.Spec, [Operation.Tick(6), Operation.Tick(Last), Operation.Tick(8)]));
        Assert.Equal("6 9", Text(attempts));
        Assert.Equal("6 9", string.Join(' ', attempts.BestResult.Executed.Select(static o => o.Amount)));
    });

    [Fact]
    public void Every_run_is_counted_and_a_budget_that_is_spent_runs_nothing() => Ends.InTime(static () =>
    {
        var runner = RunnerOf(static seen => seen.Operation.Amount == Last);
        var attempts = new Attempts(runner, FakeSpecification.Rule, new ShrinkBudget(Operations: 7), default);
        var stopped = new Attempts(runner, FakeSpecification.Rule, new ShrinkBudget(), new CancellationToken(canceled: true));

        Assert.True(attempts.Try(FakeMachine.Spec, [Operation.Tick(1), Operation.Tick(Last)]));
        Assert.Equal((1L, 3L, false), (attempts.Executions, attempts.Operations, attempts.IsSpent));
        Assert.False(attempts.Try(FakeMachine.Spec, [Operation.Tick(1), Operation.Tick(1), Operation.Tick(1)]));
        Assert.Equal((2L, 7L, true), (attempts.Executions, attempts.Operations, attempts.IsSpent));
        Assert.False(attempts.TryWithout(0, 1));
        Assert.Equal(2, attempts.Executions);
        Assert.False(stopped.Try(FakeMachine.Spec, [Operation.Tick(Last)]));
        Assert.Equal(0, stopped.Executions);
    });

    [Fact]
    public void What_was_refused_goes_at_once() => Ends.InTime(static () =>
    {
        var block = Name.Boot.WithBlock(0);
        var runner = RunnerOf(static seen => seen.Operation.Amount == Last);
        var attempts = new Attempts(runner, FakeSpecification.Rule, new ShrinkBudget(), default);
        Assert.True(attempts.Try(FakeMachine.Spec, [Operation.Online(block), Operation.Offline(block), Operation.Offline(block),
            Operation.Online(Runs.Block(7, 0)), Operation.Tick(1), Operation.Tick(Last)]));

        Assert.True(attempts.TryWithoutRefused());
        Assert.Equal(["offline d0.b0", "tick seconds=1", "tick seconds=9"], attempts.Best.ToArray().Select(static o => o.ToString()));
        var executions = attempts.Executions;
        Assert.False(attempts.TryWithoutRefused());
        Assert.Equal(executions, attempts.Executions);
    });

    [Theory]
    [InlineData("3 4 0", "7 0")]
    [InlineData("2 2 3 0", "7 0")]
    [InlineData("4 4 0", "8 0")]
    // Larger than a block is not simpler.
    [InlineData("4 5 0", "4 5 0")]
    [InlineData("1 3 5 0", "1 8 0")]
    [InlineData("7 0", "7 0")]
    public void Operations_that_differ_by_their_amounts_become_one_of_both(string amounts, string merged) => Ends.InTime(() =>
    {
        // It fails where so many seconds have passed before 'oom'.
        var passed = 0L;
        var wanted = amounts.Split(' ').Sum(long.Parse);
        var runner = RunnerOf(seen =>
        {
            passed = seen.Operation.Amount + (seen.Index == 0 ? 0 : passed);
            return seen.Operation.Kind == OperationKind.Oom && passed >= wanted;
        });
        var attempts = new Attempts(runner, FakeSpecification.Rule, new ShrinkBudget(), default);
        Assert.True(attempts.Try(FakeMachine.Spec, [.. amounts.Split(' ').Select(static a => a == "0" ? Operation.Oom() : Operation.Tick(long.Parse(a)))]));

        Assert.Equal(amounts != merged, Merging.TryShorter(attempts));
        Assert.Equal(merged, Text(attempts));
        Assert.False(Merging.TryShorter(attempts));
    });

    [Fact]
    public void Other_operations_and_other_words_do_not_become_one() => Ends.InTime(static () =>
    {
        foreach (var (one, other) in ((Operation, Operation)[])[(Operation.Tick(2), Operation.LoanTarget(2)),
            (Operation.Inflate(BalloonDriver.Virtio, 2), Operation.Inflate(BalloonDriver.Xen, 2)), (Operation.Oom(), Operation.Oom())])
        {
            var attempts = new Attempts(RunnerOf(static seen => seen.Index == 1), FakeSpecification.Rule, new ShrinkBudget(), default);
            Assert.True(attempts.Try(FakeMachine.Spec, [one, other]));
            Assert.False(Merging.TryShorter(attempts));
            Assert.Equal((2, 1L), (attempts.Length, attempts.Executions));
        }
    });

    [Fact]
    public void Whatever_is_the_smallest_that_fails_is_found() => Ends.InTime(static () =>
    {
        for (var smallest = 1L; smallest <= 130; smallest += smallest < 40 ? 1 : 9)
            Assert.Equal(smallest, Smallest(amount => amount >= smallest, 1000));
        // By whole blocks of eight pages, by pageblocks of four, by halves.
        Assert.Equal(24, Smallest(static amount => amount % 8 == 0 && amount >= 24, 1000));
        Assert.Equal(24, Smallest(static amount => amount % 8 == 0 && amount >= 24, 96));
        Assert.Equal(12, Smallest(static amount => amount % 4 == 0 && amount >= 12, 44));
        Assert.Equal(25, Smallest(static amount => 200 % amount == 0 && amount >= 25, 200));
        Assert.Equal(2, Smallest(static amount => amount is 2 or 1000, 1000));
    });

    [Fact]
    public void Of_words_the_first_that_fails_is_taken() => Ends.InTime(static () =>
    {
        foreach (var word in (byte[])[1, 2, 4])
        {
            var attempts = new Attempts(RunnerOf(seen => seen.Operation.Choice >= word), FakeSpecification.Rule, new ShrinkBudget(), default);
            Assert.True(attempts.Try(FakeMachine.Spec, [Operation.Alloc(Name.Allocation(1), 1) with { Choice = 4 }]));
            Assert.Equal(word != 4, Arguments.TrySimpler(attempts));
            Assert.Equal(word, attempts.Best[0].Choice);
            Assert.False(Arguments.TrySimpler(attempts));
        }
    });

    private static long Smallest(Func<long, bool> fails, long from)
    {
        var attempts = new Attempts(RunnerOf(seen => fails(seen.Operation.Amount)), FakeSpecification.Rule, new ShrinkBudget(), default);
        Assert.True(attempts.Try(FakeMachine.Spec, [Operation.Tick(from)]));
        while (Arguments.TrySimpler(attempts))
        {
            // Until nothing becomes smaller.
        }

        // Halves, and not one by one.
        Assert.InRange(attempts.Executions, 1, MostRuns);
        return Assert.Single(attempts.Best.ToArray()).Amount;
    }

    private static Attempts Of(Func<Transition, bool> refutes, params long[] ticks)
    {
        var attempts = new Attempts(RunnerOf(refutes), FakeSpecification.Rule, new ShrinkBudget(), default);
        Assert.True(attempts.Try(FakeMachine.Spec, [.. ticks.Select(static t => Operation.Tick(t))]));
        return attempts;
    }

    private static string Text(Attempts attempts) => string.Join(' ', attempts.Best.ToArray().Select(static o => o.Amount));

    private static Runner RunnerOf(Func<Transition, bool> refutes) =>
        new(new FakeMachine(), new Suite(new FakeSpecification { Refutes = seen => !seen.IsStart && refutes(seen) }, []));
}
