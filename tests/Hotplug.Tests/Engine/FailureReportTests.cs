using Hotplug.Contract.Operations;
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

    [Fact]
    public void A_failure_that_did_not_show_again_says_so()
    {
        var machine = new FakeMachine();
        var run = Runs.By(new FakeSpecification { Refutes = static _ => true }, machine, Operation.Tick(1));

        var report = FailureReport.Print(new Failure(machine.Identity, run, 1) { Reproduced = false }, "replay");

        Assert.Contains("did not show again", report, StringComparison.Ordinal);
    }

    [Fact]
    public void A_start_that_fails_has_no_operation_to_name()
    {
        var machine = new FakeMachine { AtReset = static () => throw new InvalidOperationException("boom") };

        var report = FailureReport.Print(new Failure(machine.Identity, Runs.Of(machine), 0), "replay");

        Assert.StartsWith($"{EngineRules.Crash} violated by fake at the start\n", report, StringComparison.Ordinal);
    }
}
