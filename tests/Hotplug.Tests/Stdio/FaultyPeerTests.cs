using System.Collections.Immutable;
using Hotplug.Adapters.Stdio;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;
using Xunit;
using Xunit.Abstractions;

namespace Hotplug.Tests.Stdio;

/// <summary>What becomes of a peer that does not keep the protocol, or whose memory is wrong.</summary>
public sealed class FaultyPeerTests(ITestOutputHelper output)
{
    private const string Stands = """
        read -r reset; read -r observe
        echo '{"reset":{}}'
        echo '{"observation":{"whole":true,"blocks":[{"block":0,"state":"online","node":0,"zone":"normal"}]}}'
        read -r execute; read -r observe

        """;

    private static readonly MachineSpec s_spec = new()
    {
        PagesPerPageblock = 4,
        PagesPerSection = 16,
        MaxOrder = 3,
        BootBlocks = 1,
        DimmFirstBlock = 2,
        DimmBlocks = 2,
    };

    // Every part of the machine is used once: what a fault touches shows.
    private static readonly ImmutableArray<Operation> s_operations =
    [
        Operation.Add(Name.Device(1), 32), Operation.Online(Name.Device(1).WithBlock(0)),
        Operation.Online(Name.Device(1).WithBlock(0)), Operation.Alloc(Name.Allocation(1), 3),
        Operation.Free(Name.Allocation(1)), Operation.Offline(Name.Device(1).WithBlock(0)),
        Operation.Remove(Name.Device(1)),
    ];

    [Fact]
    public void A_peer_that_crashes_violates_machine_crash_and_its_last_words_are_kept()
    {
        var violation = ViolationOf(Stands + "echo 'out of cheese' >&2; exit 3");
        Assert.Equal(MachineRules.Crash, violation.Rule);
        Assert.Contains("exit code 3", violation.Observed);
        Assert.Contains("out of cheese", violation.Observed);
        Assert.Equal("tick seconds=1", violation.Subject);
    }

    [Fact]
    public void A_peer_that_is_killed_violates_machine_crash() =>
        Assert.Contains("exit code 137", ViolationOf(Stands + "kill -9 $$").Observed);

    [Fact]
    public void A_peer_that_crashes_while_it_starts_afresh_violates_machine_crash() =>
        Assert.Equal(MachineRules.Crash, ViolationOf("exit 1").Rule);

    [Fact]
    public void A_peer_that_does_not_answer_violates_machine_hang()
    {
        var clock = new ImpatientClock();
        var silent = Peers.Shell(Stands + "while read -r more; do :; done; sleep 1000");
        using var machine = StdioMachine.Open(silent, new StdioOptions { Clock = clock });
        machine.Reset(s_spec);
        clock.IsImpatient = true;
        var thrown =
            Assert.Throws<MachineViolationException>(() => machine.Execute(Operation.Tick(1), default, new Outcome()));
        Assert.Equal(MachineRules.Hang, thrown.Violation.Rule);
        Assert.Contains("within 5 s", thrown.Violation.Expected);
    }

    [Theory]
    [InlineData("echo 'Segmentation fault'", "no JSON", "Segmentation fault")]
    [InlineData("echo '{\"outcome\":{\"answer\":'", "column 22: no JSON", "{\"outcome\":{\"answer\":")]
    [InlineData("printf '{\"outcome\":{\"ans'; exit 0", "the output ends in the middle", "{\"outcome\":{\"ans")]
    [InlineData("echo '{\"outcome\":{\"answer\":\"EWRONG\"}}'", "outcome.answer: 'EWRONG': allowed is", "EWRONG")]
    [InlineData("echo '{\"error\":{\"code\":\"tired\",\"message\":\"later\"}}'", "an error in place of the reply",
        "tired")]
    public void A_peer_that_does_not_keep_the_protocol_violates_wire_malformed(string says, string why, string line)
    {
        var violation = ViolationOf(Stands + says);
        Assert.Equal(MachineRules.Malformed, violation.Rule);
        Assert.Contains(why, violation.Observed);
        Assert.Contains(line, violation.Observed);
    }

    /// <summary>Faults of a peer behind the protocol, and the rule that each of them breaks.</summary>
    public static TheoryData<string, string> PeerFaults => new()
    {
        { "wrong-errno", "block.same-state-refused" },
        { "lost-state", "block.state-follows-answer" },
        { "stale-observation", "block.add-is-whole" },
        { "forgotten-change", "block.add-is-whole" },
        { "refuses-all", "add.answer" },
        { "accepts-all", "block.same-state-refused" },
        { "unplaced", "machine.garbage" },
        { "duplicate-page", "conservation.alloc-takes-all" },
        { "lost-page", "conservation.alloc-takes-all" },
        { "other-page", "pages.explained" },
        { "free-keeps", "free.releases-pages" },
        { "free-keeps-last", "free.releases-pages" },
        { "wrong-zone", "blocks.valid-zones" },
        { "present-drifts", "zone.present-pages" },
        { "managed-drifts", "zone.managed-pages" },
        { "free-drifts", "accounting.free-pages" },
        { "span-drifts", "zone.span-tight" },
        { "no-resources", "block.resources-agree" },
        { "no-devices", "block.has-device" },
        { "total-drifts", "accounting.managed-total" },
        { "crash", MachineRules.Crash },
        { "cut-line", MachineRules.Malformed },
        { "half-line", MachineRules.Malformed },
        { "no-json", MachineRules.Malformed },
        { "unknown-errno", MachineRules.Malformed },
        { "unknown-field", MachineRules.Malformed },
        { "other-reply", MachineRules.Malformed },
        { "two-replies", MachineRules.Malformed },
        { "negative-count", MachineRules.Malformed },
    };

    [Theory]
    [MemberData(nameof(PeerFaults))]
    public void A_faulty_peer_violates_the_rule_that_says_so(string fault, string rule)
    {
        if (!Peers.Has("python3", output))
            return;
        using var machine = Open(fault, new StdioOptions());
        var result = new Runner(machine, Peers.Suite).Run(s_spec, new TraceSource(s_operations), s_operations.Length);
        Assert.Equal((Verdict.Violates, rule), (result.Verdict, result.Violation?.Rule));
    }

    [Fact]
    public void A_peer_that_hangs_in_the_middle_violates_machine_hang()
    {
        if (!Peers.Has("python3", output))
            return;
        var clock = new ImpatientClock();
        using var machine = Open("hang", new StdioOptions { Clock = clock });
        machine.Reset(s_spec);
        machine.Observe(new Observation());
        clock.IsImpatient = true;
        var thrown = Assert.Throws<MachineViolationException>(() =>
        {
            machine.Execute(Operation.Add(Name.Device(1), 16), default, new Outcome());
            machine.Observe(new Observation());
        });
        Assert.Equal(MachineRules.Hang, thrown.Violation.Rule);
    }

    [Fact]
    public void After_a_crash_the_next_run_has_a_process_of_its_own()
    {
        using var machine = Peers.Open(Peers.Shell(Stands + "exit 3"));
        var runner = new Runner(machine, new Suite(new Anything(), []));
        for (var run = 0; run < 3; run++)
        {
            var result = runner.Run(s_spec, new TraceSource([Operation.Tick(1)]), 1);
            Assert.Equal(MachineRules.Crash, result.Violation!.Rule);
        }
    }

    [Fact]
    public void A_peer_that_refuses_a_machine_makes_the_run_inconclusive()
    {
        using var machine = Peers.Open(Peers.Shell("""
            read -r reset; read -r observe
            echo '{"error":{"code":"refused","message":"too many pages for me"}}'
            cat > /dev/null
            """));
        var result = new Runner(machine, Peers.Suite).Run(s_spec, new TraceSource([]), 1);
        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.Contains("too many pages for me", result.Violation!.Observed);
    }

    [Theory]
    [InlineData("no-such-program-anywhere", "no program 'no-such-program-anywhere'")]
    [InlineData("./no/such/path", "no program './no/such/path'")]
    [InlineData("true", "its process ended with exit code 0")]
    [InlineData("/bin/sh -c 'echo broken library >&2; exit 127'", "broken library")]
    [InlineData("echo hello", "no JSON")]
    [InlineData("echo '{\"hello\":{\"protocol\":2,\"name\":\"x\",\"version\":\"\",\"levels\":[],\"visible\":[]}}'",
        "hello.protocol: 2: allowed is 1")]
    [InlineData("echo '{\"error\":{\"code\":\"version\",\"message\":\"3 is spoken\"}}'", "3 is spoken")]
    public void A_program_that_does_not_say_hello_is_the_harness_s_failure(string command, string message)
    {
        Assert.True(PeerCommand.TryParse(command, out var parsed, out _));
        Assert.Contains(message, Assert.Throws<HarnessException>(() => Peers.Open(parsed)).Message);
    }

    [Fact]
    public void A_conformance_check_names_what_a_peer_does_not_keep()
    {
        var findings = Peers.Check(Peers.Shell("exit 0")).Run();
        Assert.Null(findings[0].Fault);
        Assert.All(findings.Skip(1).Take(9), static finding => Assert.NotNull(finding.Fault));
    }

    private static StdioMachine Open(string fault, StdioOptions options) => StdioMachine.Open(
        Peers.Command("python3", Path.Combine(Conventions.Repository.Root, "tests/Hotplug.Tests/Stdio/faulty.py"), fault),
        options);

    private static Violation ViolationOf(string script)
    {
        using var machine = Peers.Open(Peers.Shell(script));
        var result = new Runner(machine, new Suite(new Anything(), []))
            .Run(s_spec, new TraceSource([Operation.Tick(1)]), 1);
        Assert.Equal(Verdict.Violates, result.Verdict);
        return result.Violation!;
    }

    /// <summary>A specification that permits everything: only the adapter judges.</summary>
    private sealed class Anything : ISpecification
    {
        public Judgement Begin(Transition start) => Judgement.Permitted(this);

        public Judgement Judge(object state, Transition seen) => Judgement.Permitted(state);

        public object Retain(object state) => state;

        public void Describe(object state, Menu menu) => menu.Clear();
    }
}
