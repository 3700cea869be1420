using Hotplug.Bitmap;
using Hotplug.Cli;
using Hotplug.Tests.Conventions;
using Xunit;

namespace Hotplug.Tests.Cli;

public sealed class RaceTests : IDisposable
{
    private const string Deadlock =
        "race1:EAICBAQIAAwCEAISBCwcb25saW5lLW1vdmFibGU2CG5vbmUCAAgCAggEAg4MAgACDgwCAjI";

    private readonly Shell _shell = new();

    [Fact]
    public async Task Races_that_conform_are_told_with_what_was_run()
    {
        Assert.Equal(ExitCode.Conforms, await _shell.Run("race", "--family", "references", "add-add", "--budget", "6"));
        Assert.Contains("conforms\n", _shell.Output);
        Assert.Contains("every schedule with at most 2 preemptions", _shell.Output);
        Assert.Contains(_shell.OutputLines, static l => l.StartsWith("  did      6 races, ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("exhaustive")]
    [InlineData("pct")]
    [InlineData("random")]
    public async Task A_race_that_fails_is_drawn_and_ends_with_the_command_that_repeats_it(string strategy)
    {
        Assert.Equal(ExitCode.Violates, await _shell.Run("race", "--fault", "add-checked-before-lock", "--family", "add-add",
            "--strategy", strategy, "--budget", "50"));
        Assert.Contains("schedule.linearizable violated by bitmap+add-checked-before-lock", _shell.Output);
        Assert.All(_shell.OutputLines, static l => Assert.True(l.Length <= 120 || l.StartsWith("  replay", StringComparison.Ordinal), l));
        var replay = _shell.OutputLines[^1];
        Assert.StartsWith("  replay  ", replay);

        Assert.Equal(ExitCode.Violates, await _shell.RunPrinted(replay["  replay  ".Length..]));
        Assert.Contains("schedule.linearizable violated by", _shell.Output);
        Assert.Contains(replay, _shell.Output);
    }

    [Fact]
    public async Task A_replay_draws_what_conforms_as_well()
    {
        Assert.Equal(ExitCode.Conforms, await _shell.Run("race", "--replay", Deadlock));
        Assert.Contains("offline d1.b0", _shell.Output);
        Assert.Equal("conforms", _shell.OutputLines[^1]);
    }

    [Fact]
    public async Task The_page_needs_nothing_but_itself()
    {
        await _shell.Run("race", "--fault", "locks-inverted", "--replay", Deadlock, "--html", "race.html");

        var page = await File.ReadAllTextAsync(_shell.PathOf("race.html"));
        Assert.Contains("<th>cpu 1</th>", page);
        Assert.Contains("schedule.deadlock", page);
        Assert.Contains(Deadlock, page);
        Assert.DoesNotContain("http", page);
        Assert.DoesNotContain("src=", page);
    }

    [Theory]
    [InlineData("error: --replay nonsense: a token begins with 'race1:'", "--replay", "nonsense")]
    [InlineData("error: --target linux: its operations cannot overlap; those that can: bitmap", "--target", "linux")]
    [InlineData("error: unknown fault 'none-such' of overlapping operations; known: drained-once, ", "--fault", "none-such")]
    [InlineData("error: --budget 0: allowed is a number of races such as 2000", "--budget", "0")]
    [InlineData("error: --preemptions -1: allowed is 0 and more", "--preemptions", "-1")]
    public async Task What_cannot_be_used_is_refused_in_one_line(string message, params string[] arguments)
    {
        Assert.Equal(ExitCode.Usage, await _shell.Run(["race", .. arguments]));
        Assert.StartsWith(message, _shell.Error);
        Assert.Single(_shell.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task A_gate_runs_races_and_says_so()
    {
        Assert.Equal(ExitCode.Conforms, await _shell.Run("gate", "--budget", "20", "--json", "gate.json"));
        Assert.Contains(_shell.OutputLines, static l => l.StartsWith("  races    1 races, ", StringComparison.Ordinal));
        Assert.Contains(" schedules\n", _shell.Output);
        Assert.Contains("\"races\": {", await File.ReadAllTextAsync(_shell.PathOf("gate.json")));
    }

    [Fact]
    public void The_document_lists_every_fault_as_it_is()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "RACES.md"));
        Assert.All(RaceFaultTable.Forms, form => Assert.Contains($"| `{form.Id}` | {form.Statement} | "
            + $"{string.Join(", ", form.KilledBy.Select(static r => $"`{r}`"))} |", document));
        var table = document[document.IndexOf("## Faults on purpose", StringComparison.Ordinal)..];
        Assert.Equal(RaceFaultTable.Forms.Length,
            table.Split('\n').Count(static l => l.StartsWith("| `", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_picture_of_the_document_is_what_the_command_prints()
    {
        var document = (await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "RACES.md")));
        var command = document.Split('\n').Single(static l => l.StartsWith("hotplug race --fault ", StringComparison.Ordinal));

        Assert.Equal(ExitCode.Violates, await _shell.RunPrinted(command));

        foreach (var line in _shell.OutputLines.Where(static l => !l.StartsWith("  replay", StringComparison.Ordinal)))
            Assert.Contains($"\n{line}\n", document);
    }

    public void Dispose() => _shell.Dispose();
}
