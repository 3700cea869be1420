using Hotplug.Cli;
using Hotplug.Cli.Reports;
using Hotplug.Cli.Terminal;
using Hotplug.Engine.Run;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Cli;

/// <summary>Plain text where no terminal reads it; paths and commands as the reader would write them.</summary>
public sealed class TerminalTests : IDisposable
{
    private readonly Shell _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public async Task Plain_output_holds_no_control_characters()
    {
        await _shell.Run("gate", "--budget", "1");
        Assert.DoesNotContain(_shell.Output, static c => char.IsControl(c) && c != '\n');
    }

    [Fact]
    public void Columns_are_aligned_and_lines_end_without_blanks()
    {
        var text = new StringWriter();
        new Printer(text, plain: true).Table(["word", "count", "note"], [["a", "5", "x"], ["longer", "12345", ""]]);
        Assert.Equal("  word    count  note\n  a           5  x\n  longer  12345\n", text.ToString()
            .ReplaceLineEndings("\n"));
    }

    [Fact]
    public void A_terminal_gets_the_same_words()
    {
        var text = new StringWriter();
        var printer = new Printer(text, plain: false);
        printer.Heading("heading [not markup]");
        printer.Verdict(Verdict.Violates, ": why");
        printer.Table(["word", "count"], [["a", "5"]]);
        Assert.Contains("heading [not markup]", text.ToString());
        Assert.Contains("violates", text.ToString());
        Assert.Contains("count", text.ToString());
    }

    [Fact]
    public void Progress_is_told_every_few_seconds_where_no_terminal_reads_it()
    {
        var clock = new ManualClock();
        var surroundings = _shell.Surroundings with { Clock = clock };
        var result = ProgressLine.During(surroundings, "work", progress =>
        {
            progress.Tell(0.1, "too early");
            clock.Advance(TimeSpan.FromSeconds(6));
            progress.Tell(0.2, "20 of 100");
            progress.Tell(0.3, "too early again");
            return 7;
        });
        Assert.Equal(7, result);
        Assert.Equal("20 of 100\n", _shell.Error.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void In_a_clone_the_command_starts_the_project_from_where_the_reader_stands()
    {
        var clone = Directory.CreateDirectory(_shell.PathOf("clone")).FullName;
        File.WriteAllText(Path.Combine(clone, "ConformanceSuite.sln"), "");
        var program = Directory.CreateDirectory(Path.Combine(clone, "src/Hotplug.Cli/bin")).FullName;
        var surroundings = _shell.Surroundings with { Folder = clone, ProgramFolder = program };
        Assert.Equal("dotnet run --project src/Hotplug.Cli -c Release -- replay out/a.trace",
            ReplayLine.For(surroundings, "out/a.trace"));
        Assert.Equal("dotnet run --project clone/src/Hotplug.Cli -c Release -- replay out/a.trace",
            ReplayLine.For(surroundings with { Folder = _shell.Folder }, "out/a.trace"));
    }

    [Fact]
    public void An_installed_tool_is_called_by_its_name() => Assert.Equal("hotplug replay \"my out/a.trace\"",
        ReplayLine.For(_shell.Surroundings with { ProgramFolder = _shell.Folder }, "my out/a.trace"));

    [Fact]
    public void A_file_is_found_whole_or_not_at_all()
    {
        Assert.Throws<InvalidOperationException>(() => WholeFile.Write(_shell.Surroundings, "report",
            static stream =>
            {
                stream.WriteByte(1);
                throw new InvalidOperationException("half way");
            }));
        Assert.False(File.Exists(_shell.PathOf("report")));
        WholeFile.Write(_shell.Surroundings, "a/b/report", "whole");
        Assert.Equal("whole", File.ReadAllText(_shell.PathOf("a/b/report")));
        Assert.Single(Directory.GetFiles(_shell.PathOf("a/b")));
    }
}
