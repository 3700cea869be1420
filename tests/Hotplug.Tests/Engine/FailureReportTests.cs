using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Explain;
using Hotplug.Engine.Report;
using Hotplug.Engine.Run;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Engine;

public class FailureReportTests
{
    [Fact]
    public void A_report_tells_the_rule_the_operations_the_evidence_the_source_and_the_replay_command_last()
    {
        var machine = new FakeMachine();
        var run = Runs.By(new FakeSpecification { Refutes = static seen => seen.Index == 1 }, machine,
            Runs.AddBlocks(1, 1), Operation.Offline(Runs.Block(1, 0)));
        var failure = new Failure(machine.Identity, run, 61) { Seed = 0x7F3A, Sequence = 12, IsProvedMinimal = true };

        Assert.Equal(
            """
            fake.rule violated by fake at operation 2 of 2 (shrunk from 61, proved minimal), seed 0x7F3A, sequence 12
              machine pageblock=4 section=8 max-order=2 boot=1 dimm-first=4 dimm=8
              add d1 pages=8 -> ok
              offline d1.b0 -> EINVAL
              the fake: expected this, observed that
              source  linux v6.12 mm/memory_hotplug.c offline_pages()
              replay  hotplug replay out.trace

            """.ReplaceLineEndings("\n"),
            FailureReport.Print(failure, "hotplug replay out.trace"));
    }

    [Theory]
    [InlineData(1, false, "of 1\n")]
    [InlineData(1, true, "of 1 (proved minimal)\n")]
    [InlineData(9, false, "of 1 (shrunk from 9)\n")]
    [InlineData(9, true, "of 1 (shrunk from 9, proved minimal)\n")]
    public void It_says_how_far_a_failure_was_shrunk(int originalLength, bool isProvedMinimal, string words)
    {
        var machine = new FakeMachine();
        var run = Runs.By(new FakeSpecification { Refutes = static _ => true }, machine, Operation.Tick(1));
        var failure = new Failure(machine.Identity, run, originalLength) { IsProvedMinimal = isProvedMinimal };

        Assert.StartsWith($"fake.rule violated by fake at operation 1 {words}", FailureReport.Print(failure, "replay"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_flaky_failure_tells_what_both_runs_answered()
    {
        var machine = new FakeMachine();
        var run = Runs.By(new FakeSpecification { Refutes = static seen => seen.Index == 1 }, machine,
            Operation.Tick(1), Operation.Offline(Name.Boot.WithBlock(0)));
        var again = run with { Answers = [Answer.Ok, Answer.Of(Errno.EBUSY)] };

        var report = FailureReport.Print(new Failure(machine.Identity, run, 2) { Again = again }, "replay");

        Assert.Contains("  flaky   run again, the same operations came to fake.rule: the fake: expected this, observed that\n"
            + "  again   offline d0.b0 -> EBUSY, not ok\n", report, StringComparison.Ordinal);
        Assert.DoesNotContain("again   tick", report, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void Of_two_runs_what_both_came_to_is_compared(int first, int second)
    {
        var machine = new FakeMachine();
        var run = Runs.By(new FakeSpecification { Refutes = seen => seen.Index == first - 1 }, machine, Operation.Tick(1), Operation.Tick(2));
        var again = run with { Answers = [.. Enumerable.Repeat(Answer.Of(Errno.EBUSY), second)], Violation = null };

        var report = FailureReport.Print(new Failure(machine.Identity, run, 2) { Again = again }, "replay");

        Assert.Contains("  flaky   run again, the same operations broke no rule\n  again   tick seconds=1 -> EBUSY, not ok\n  source",
            report, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_known_of_the_machine_and_why_it_failed_is_told()
    {
        var machine = new FakeMachine();
        var runner = new Runner(machine, new Suite(new FakeSpecification { Refutes = static _ => true }, []));
        var run = runner.Run(new MachineSpec(), new TraceSource([Operation.Tick(1)]), 1);
        var explanation = new Explanation([new OperationWeight(0, Operation.Tick(1), true, "", [])], 0, [], 7);

        var report = FailureReport.Print(new Failure(machine.Identity, run, 1) { Explanation = explanation }, "replay");

        Assert.Contains("\n  machine as by default\n", report, StringComparison.Ordinal);
        Assert.Contains(ExplanationText.Print(explanation) + "  source", report, StringComparison.Ordinal);
        Assert.DoesNotContain("why", FailureReport.Print(new Failure(machine.Identity, run, 1), "replay"), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_many_ranges_of_pages_four_are_told_and_how_many_there_are_more()
    {
        Assert.Contains("pages   [0,1) [2,3) [4,5) [6,7)\n", Of(4), StringComparison.Ordinal);
        Assert.Contains("pages   [0,1) [2,3) [4,5) [6,7) and 2 more\n", Of(6), StringComparison.Ordinal);
        Assert.DoesNotContain("pages  ", Of(0), StringComparison.Ordinal);

        static string Of(int ranges)
        {
            var machine = new FakeMachine();
            var run = Runs.By(new FakeSpecification { Refutes = static _ => true }, machine, Operation.Tick(1));
            run = run with
            {
                Violation = run.Violation! with { Pages = [.. Enumerable.Range(0, ranges).Select(static i => new PageRange(2 * i, 1))] },
            };
            return FailureReport.Print(new Failure(machine.Identity, run, 1), "replay");
        }
    }

    [Fact]
    public void A_failure_that_did_not_show_again_says_so()
    {
        var machine = new FakeMachine();
        var run = Runs.By(new FakeSpecification { Refutes = static _ => true }, machine, Operation.Tick(1));

        var report = FailureReport.Print(new Failure(machine.Identity, run, 1) { Reproduced = false }, "replay");

        Assert.Contains("did not show again", report, StringComparison.Ordinal);
    }

    [Fact]
    public void What_says_nothing_of_the_machine_ends_its_run()
    {
        var machine = new FakeMachine { Instead = static (_, _, _) => throw new HarnessException("disk full") };

        var report = FailureReport.Print(new Failure(machine.Identity, Runs.Of(machine, Operation.Tick(1)), 1), "replay");

        Assert.StartsWith($"{EngineRules.HarnessFailed} ends the run of fake at operation 1 of 1\n", report, StringComparison.Ordinal);
    }

    [Fact]
    public void A_start_that_fails_has_no_operation_to_name()
    {
        var machine = new FakeMachine { AtReset = static () => throw new InvalidOperationException("boom") };

        var report = FailureReport.Print(new Failure(machine.Identity, Runs.Of(machine), 0), "replay");

        Assert.StartsWith($"{EngineRules.Crash} violated by fake at the start\n", report, StringComparison.Ordinal);
    }
}
