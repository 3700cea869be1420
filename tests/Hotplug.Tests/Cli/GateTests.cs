using System.Text.Json;
using System.Xml.Linq;
using Hotplug.Cli;
using Hotplug.Cli.Targets;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Floors;
using Hotplug.Invariants;
using Xunit;

namespace Hotplug.Tests.Cli;

/// <summary>The gate: what it prints, writes and returns.</summary>
public sealed class GateTests : IDisposable
{
    private const string Fault = "span-not-shrunk";
    private const string Rule = "zone.span-tight";

    private readonly Shell _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public async Task A_machine_that_keeps_every_rule_conforms()
    {
        Assert.Equal(ExitCode.Conforms, await _shell.Run("gate", "--budget", "20", "--seed", "0x2A"));
        Assert.Contains("conforms at levels core numa pcplists memmap-on-memory balloon cmm device-memory online-callback "
            + "hwpoison contig faults effects schedules\n",
            _shell.Output);
        Assert.Contains("  seed     0x2A\n", _shell.Output);
        Assert.Contains("  did      20 sequences, ", _shell.Output);
        Assert.Equal("", _shell.Error);
    }

    [Fact]
    public async Task Equal_seeds_print_equal_reports()
    {
        await _shell.Run("gate", "--budget", "10");
        var first = _shell.OutputLines.Where(static l => !l.StartsWith("  time", StringComparison.Ordinal)).ToArray();
        await _shell.Run("gate", "--budget", "10");
        Assert.Equal(first, _shell.OutputLines.Where(static l => !l.StartsWith("  time", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Fewer_levels_are_certified_when_fewer_are_asked_for()
    {
        Assert.Equal(ExitCode.Conforms, await _shell.Run("gate", "--budget", "10", "--levels", "core", "numa"));
        Assert.Contains("conforms at levels core numa\n", _shell.Output);
        Assert.DoesNotContain("poison",
            string.Join('\n', _shell.OutputLines.TakeWhile(static l => !l.Contains("family"))));
    }

    [Fact]
    public async Task A_budget_of_time_ends_the_gate() =>
        Assert.Equal(ExitCode.Conforms, await _shell.Run("gate", "--budget", "1s"));

    [Fact]
    public async Task A_failure_ends_with_the_command_that_replays_it()
    {
        Assert.Equal(ExitCode.Violates, await _shell.Run("gate", "--fault", Fault));
        var report = _shell.OutputLines;
        Assert.Contains(report, static l =>
            l.StartsWith($"{Rule} violated by bitmap+{Fault} at operation ", StringComparison.Ordinal));
        Assert.StartsWith("  source  linux v6.12 mm/memory_hotplug.c shrink_zone_span()", report[^2]);
        Assert.StartsWith("  replay  dotnet run --project ", report[^1]);
        Assert.EndsWith($"src/Hotplug.Cli -c Release -- replay out/{Rule}.trace", report[^1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_printed_command_repeats_the_failure(bool inClone)
    {
        if (!inClone)
            _shell.Surroundings = _shell.Surroundings with { ProgramFolder = _shell.Folder };
        await _shell.Run("gate", "--fault", Fault);
        var command = _shell.OutputLines[^1]["  replay  ".Length..];
        Assert.StartsWith(inClone ? "dotnet run --project " : "hotplug replay ", command);
        Assert.Equal(ExitCode.Violates, await _shell.RunPrinted(command));
        Assert.Contains($"{Rule} violated by bitmap+{Fault}", _shell.Output);
        Assert.Equal("  replay  " + command, _shell.OutputLines[^1]);
    }

    [Fact]
    public async Task The_trace_of_a_failure_says_where_it_came_from()
    {
        await _shell.Run("gate", "--fault", Fault, "--out", "kept");
        Assert.True(
            TraceText.TryParse(await File.ReadAllTextAsync(_shell.PathOf($"kept/{Rule}.trace")), out var trace, out _));
        Assert.Equal((Rule, "bitmap", Fault, "0x1"),
            (trace.Note("rule"), trace.Note("target"), trace.Note("fault"), trace.Note("seed")));
    }

    [Fact]
    public async Task A_failure_whose_trace_cannot_be_written_is_printed_whole()
    {
        _shell.Write("out", "a file where the folder should be");
        Assert.Equal(ExitCode.Violates, await _shell.Run("gate", "--fault", Fault));
        Assert.StartsWith($"error: out/{Rule}.trace: cannot be written", _shell.Error);
        Assert.Contains(TraceText.Header + "\n", _shell.Output);
    }

    [Fact]
    public async Task A_kept_failure_is_replayed_first_and_forgotten_when_it_passes()
    {
        await _shell.Run("gate", "--fault", Fault, "--database", "kept");
        Assert.Single(Directory.GetFiles(_shell.PathOf("kept")));
        Assert.Equal(ExitCode.Violates, await _shell.Run("gate", "--fault", Fault, "--database", "kept"));
        Assert.Contains("  did      0 sequences, ", _shell.Output);
        Assert.Equal(ExitCode.Conforms, await _shell.Run("gate", "--budget", "1", "--database", "kept"));
        Assert.Contains("kept failures replayed: 1, pass now: 1", _shell.Output);
        Assert.Empty(Directory.GetFiles(_shell.PathOf("kept")));
    }

    [Fact]
    public async Task A_kept_failure_that_cannot_be_read_makes_the_gate_inconclusive()
    {
        Directory.CreateDirectory(_shell.PathOf("kept"));
        _shell.Write("kept/broken.trace", "hotplug-trace 1\nonlin d1.b0\n");
        Assert.Equal(ExitCode.Inconclusive, await _shell.Run("gate", "--budget", "1", "--database", "kept"));
        Assert.Contains("kept failure not replayed: ", _shell.Output);
    }

    [Fact]
    public async Task A_database_that_cannot_be_written_to_is_told_before_the_work()
    {
        _shell.Write("file", "");
        Assert.Equal(ExitCode.Usage, await _shell.Run("gate", "--database", "file"));
        Assert.StartsWith("error: file: cannot be written to", _shell.Error);
        Assert.Equal("", _shell.Output);
    }

    [Fact]
    public async Task A_gate_without_a_fault_keeps_failures_by_default_and_one_with_a_fault_does_not()
    {
        await _shell.Run("gate", "--fault", Fault);
        Assert.False(Directory.Exists(_shell.PathOf(".hotplug")));
        await _shell.Run("gate", "--budget", "1");
        Assert.True(Directory.Exists(_shell.PathOf(".hotplug/failures")));
    }

    [Fact]
    public async Task Each_machine_but_the_default_one_keeps_its_failures_apart()
    {
        var machine = Path.Combine(AppContext.BaseDirectory, "hotplug.dll");
        await _shell.Run("gate", "--budget", "1", "--target", $"stdio:dotnet {machine} serve");
        var folder = Assert.Single(Directory.GetDirectories(_shell.PathOf(".hotplug/failures")));
        Assert.StartsWith("stdio-dotnet-", Path.GetFileName(folder));
    }

    [Fact]
    public async Task Interrupted_it_tells_what_was_done_and_is_inconclusive()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        _shell.Stop = stop.Token;
        Assert.Equal(ExitCode.Inconclusive, await _shell.Run("gate"));
        Assert.Contains("inconclusive at levels core", _shell.Output);
        Assert.Contains("  did      0 sequences, 0 operations", _shell.Output);
        Assert.Contains("  note     interrupted: ", _shell.Output);
    }

    [Fact]
    public async Task A_gate_that_does_not_reach_its_floors_is_red_and_says_what_to_do()
    {
        Demand(new Floor(FloorKind.Answer, "add ok", 1), new Floor(FloorKind.Arm, "BlockArms.Add", 1_000_000));
        Assert.Equal(ExitCode.Violates, await _shell.Run("gate", "--budget", "20", "--junit", "gate.xml"));
        Assert.Contains(_shell.OutputLines, static l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            is ["arm", "BlockArms.Add", _, "1000000"]);
        Assert.DoesNotContain("answer add ok", _shell.Output);
        Assert.Contains("floors.txt", _shell.Output);
        Assert.Contains("  floors   1 reached of 2 declared\n", _shell.Output);
        var suites = XDocument.Load(_shell.PathOf("gate.xml")).Root!.Elements("testsuite").ToArray();
        Assert.Equal("floors", Assert.Single(suites.Elements("testcase"),
            static c => c.Element("failure") is not null).Attribute("name")!.Value);
        Assert.Equal(1, suites.Sum(static s => (int)s.Attribute("failures")!));
    }

    [Theory]
    [InlineData("1s")]
    [InlineData("19")]
    public async Task Floors_are_only_counted_by_a_gate_that_is_timed_or_short(string budget)
    {
        Demand(new Floor(FloorKind.Arm, "BlockArms.Add", 1_000_000));
        Assert.Equal(ExitCode.Conforms, await _shell.Run("gate", "--budget", budget));
        Assert.Contains("  floors   0 reached of 1 declared", _shell.Output);
    }

    [Fact]
    public async Task Fewer_levels_have_no_floors()
    {
        Demand(new Floor(FloorKind.Arm, "BlockArms.Add", 1_000_000));
        Assert.Equal(ExitCode.Conforms, await _shell.Run("gate", "--budget", "20", "--levels", "core"));
        Assert.DoesNotContain("floors", _shell.Output);
    }

    [Fact]
    public async Task The_json_report_has_the_documented_fields()
    {
        await _shell.Run("gate", "--fault", Fault, "--json", "reports/gate.json");
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(_shell.PathOf("reports/gate.json")));
        var root = json.RootElement;
        Assert.Equal((1, "violates", 1, "bitmap", Fault),
            (root.GetProperty("schema").GetInt32(), root.GetProperty("verdict").GetString(),
            root.GetProperty("exit").GetInt32(), root.GetProperty("target").GetString(), root.GetProperty("fault")
            .GetString()));
        Assert.Equal(Catalogue.All.Length, root.GetProperty("invariants").GetArrayLength()
            + root.GetProperty("notApplicable").GetArrayLength());
        Assert.Equal(root.GetProperty("operations").GetInt64(), root.GetProperty("coverage").EnumerateArray()
            .Sum(static e => e.GetProperty("count").GetInt64()));
        var failure = root.GetProperty("failure");
        Assert.Equal((Rule, $"out/{Rule}.trace"),
            (failure.GetProperty("rule").GetString(), failure.GetProperty("trace").GetString()));
        Assert.True(
            TraceText.TryParse(await File.ReadAllTextAsync(_shell.PathOf($"out/{Rule}.trace")), out var trace, out _));
        Assert.Equal(trace.Operations.Select(static o => o.ToString()),
            failure.GetProperty("operations").EnumerateArray()
            .Select(static o => o.GetProperty("operation").GetString()));
        var documented = await File.ReadAllTextAsync(Path.Combine(Conventions.Repository.Root, "docs/REPORTS.md"));
        foreach (var field in root.EnumerateObject().Concat(failure.EnumerateObject()))
            Assert.Contains($"`{field.Name}`", documented);
    }

    // The bundled machine, asked for other floors and from fewer sequences on.
    private void Demand(params Floor[] floors)
    {
        var row = BundledTargets.Table.Rows[0];
        _shell.Targets = new TargetTable([row with { Terms = row.Terms with { Floors = [.. floors], FloorsFrom = 20 } }]);
    }

    [Fact]
    public async Task The_junit_report_has_a_case_for_every_invariant_and_fails_the_broken_one()
    {
        await _shell.Run("gate", "--fault", Fault, "--junit", "gate.xml");
        var suites = XDocument.Load(_shell.PathOf("gate.xml")).Root!.Elements("testsuite").ToArray();
        var cases = suites.Elements("testcase").ToArray();
        Assert.Equal(Catalogue.All.Select(static i => i.Id).Append("model").Order(StringComparer.Ordinal),
            cases.Select(static c => c.Attribute("name")!.Value).Order(StringComparer.Ordinal));
        Assert.Equal(Rule, Assert.Single(cases, static c => c.Element("failure") is not null).Attribute("name")!.Value);
        Assert.Equal(1, suites.Sum(static s => (int)s.Attribute("failures")!));
        Assert.All(cases, static c => Assert.Null(c.Element("error")));
    }

    [Fact]
    public async Task The_junit_report_of_an_interrupted_gate_has_an_error_and_skips_what_does_not_apply()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        _shell.Stop = stop.Token;
        await _shell.Run("gate", "--junit", "gate.xml", "--levels", "core");
        var suites = XDocument.Load(_shell.PathOf("gate.xml")).Root!.Elements("testsuite").ToArray();
        Assert.Equal(1, suites.Sum(static s => (int)s.Attribute("errors")!));
        var skipped = suites.Elements("testcase").Elements("skipped").ToArray();
        Assert.Equal(skipped.Length, suites.Sum(static s => (int)s.Attribute("skipped")!));
        Assert.Contains(skipped, static s => s.Attribute("message")!.Value == "needs level hwpoison");
    }
}
