using System.Text.RegularExpressions;
using Hotplug.Cli;
using Hotplug.Cli.Commands;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Traces;
using Hotplug.Tests.Conventions;
using Xunit;

namespace Hotplug.Tests.Cli;

/// <summary>What the documents say is so: examples parse, tables are those of the code, commands exist.</summary>
public sealed class DocumentTests
{
    private static readonly string s_trace = Read("docs/TRACE.md");

    [Fact]
    public void Every_example_of_the_trace_document_is_a_trace_that_prints_as_it_reads()
    {
        var examples = Fenced(s_trace, "trace");
        Assert.True(examples.Count > 3);
        foreach (var example in examples)
        {
            Assert.True(TraceText.TryParse(example, out var trace, out var error), $"{error}\n{example}");
            Assert.True(TraceText.TryParse(trace.ToString(), out var again, out _));
            Assert.Equal(trace.ToString(), again.ToString());
        }
    }

    [Fact]
    public void The_examples_show_every_operation_and_every_key_of_a_machine()
    {
        var examples = string.Join('\n', Fenced(s_trace, "trace"));
        Assert.Empty(
            OperationTable.Forms.Where(f =>
                !Regex.IsMatch(examples, $"^{Regex.Escape(f.Word)}( |$)", RegexOptions.Multiline))
                .Select(static f => f.Word));
        Assert.Empty(SpecText.Keys.Where(k => !s_trace.Contains($"`{k}`", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_trace_document_has_the_table_of_operations()
    {
        var table = "| Operation | Level | Does |\n|---|---|---|\n"
            + string.Concat(OperationTable.Forms.Select(static f =>
                $"| `{FormText.Of(f).Replace("|", "\\|", StringComparison.Ordinal)}` | "
                + $"{LevelsText.Print(f.Level)} | {Meanings.Of(f.Kind)} |\n"));
        Assert.True(s_trace.Contains(table, StringComparison.Ordinal), $"docs/TRACE.md should hold\n{table}");
    }

    [Fact]
    public void The_commands_of_the_readme_parse()
    {
        using var shell = new Shell();
        var commands = Regex.Matches(Read("README.md"),
            @"^(?:dotnet run --project src/Hotplug\.Cli -c Release --|hotplug) (?<command>.+?)(?: +#.*)?$",
            RegexOptions.Multiline)
            .Select(static m => m.Groups["command"].Value).ToArray();
        Assert.Contains("gate", commands);
        Assert.Contains("gate --fault cancel-forgets-reference", commands);
        foreach (var command in commands)
            Assert.Null(new CommandLine(shell.Surroundings, shell.Targets).Mistake(command.Split(' ')));
    }

    [Theory]
    [InlineData("list invariants")]
    [InlineData("describe zone.managed-pages")]
    [InlineData("describe references.offline-page-is-one")]
    [InlineData("run --seed 7")]
    public async Task Small_commands_of_the_readme_run(string command)
    {
        using var shell = new Shell();
        Assert.Contains(command, Read("README.md"));
        Assert.Equal(ExitCode.Conforms, await shell.Run(command.Split(' ')));
    }

    [Fact]
    public async Task The_failing_run_of_the_readme_is_what_the_gate_prints()
    {
        using var shell = new Shell();
        await shell.Run("gate", "--fault", "cancel-forgets-reference");
        if (Environment.GetEnvironmentVariable("HOTPLUG_UPDATE_DOCS") == "1")
            UpdateFailingRun(shell.Output.Split('\n'));
        var readme = Read("README.md");
        // The time, the paths and the work of other threads differ from machine to machine.
        foreach (var line in shell.OutputLines.Where(static l =>
            l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0] is not ("did" or "time" or "replay")))
            Assert.Contains($"\n{line}\n", readme);
    }

    [Fact]
    public void The_files_that_the_readme_names_exist()
    {
        var missing = Regex.Matches(Read("README.md"), @"\]\(([^)#:]+)\)").Select(static m => m.Groups[1].Value)
            .Where(static p => !Path.Exists(Path.Combine(Repository.Root, p))).ToArray();
        Assert.Empty(missing);
    }

    [Fact]
    public void The_known_gaps_of_the_readme_are_pinned_by_tests()
    {
        var named = Regex.Matches(Read("README.md"), "`(Known_gap_[A-Za-z0-9_]+)`")
            .Select(static m => m.Groups[1].Value).ToArray();
        var sources = string.Join('\n', Repository.SourceFiles().Select(File.ReadAllText));
        Assert.DoesNotContain(named, n => !sources.Contains($" {n}(", StringComparison.Ordinal));
    }

    private static List<string> Fenced(string text, string language) =>
        [.. Regex.Matches(text, $"^```{language}\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)
            .Select(static m => m.Groups[1].Value)];

    // The command that repeats it is printed for where the reader stands, who has a clone.
    private static void UpdateFailingRun(IEnumerable<string> lines)
    {
        var printed = string.Join('\n', lines.Select(static l => l.StartsWith("  replay ", StringComparison.Ordinal)
            ? $"  replay  dotnet run --project src/Hotplug.Cli -c Release -- replay out/{Path.GetFileName(l)}" : l));
        File.WriteAllText(Path.Combine(Repository.Root, "README.md"), Regex.Replace(Read("README.md"),
            "(?<=^```\n)violates\n.*?(?=\n```)", printed.Trim().Replace("$", "$$", StringComparison.Ordinal),
            RegexOptions.Multiline | RegexOptions.Singleline));
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(Repository.Root, path));
}
