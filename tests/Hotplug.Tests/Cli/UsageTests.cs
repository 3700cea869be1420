using Hotplug.Cli;
using Hotplug.Cli.Targets;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Cli;

/// <summary>Bad input ends with exit 2 and one line that names the value, what is allowed and the next step.</summary>
public sealed class UsageTests : IDisposable
{
    private readonly Shell _shell = new();

    public void Dispose() => _shell.Dispose();

    [Theory]
    [InlineData("", "error: a command is missing; known: gate, run, replay, shrink, explain, explore, faults, race, check, record, reproduce, list, describe")]
    [InlineData("frob", "error: unknown command 'frob'; known: gate, run, replay, shrink, explain, explore, faults, race, check, record, reproduce, list, describe")]
    [InlineData("list",
        "error: a command is missing; known: invariants, operations, levels, targets, faults, dialects, "
        + "expected; see 'hotplug list --help'")]
    [InlineData("list x",
        "error: unknown command 'x'; known: invariants, operations, levels, targets, faults, dialects, "
        + "expected; see 'hotplug list --help'")]
    [InlineData("gate --target xen", "error: unknown target 'xen'; known: bitmap")]
    [InlineData("gate --budget 0",
        "error: --budget 0: allowed is a number of sequences such as 2000, or a time such as 60s, 5m or 1h")]
    [InlineData("gate --budget 60x",
        "error: --budget 60x: allowed is a number of sequences such as 2000, or a time such as 60s, 5m or 1h")]
    [InlineData("gate --budget", "error: Required argument missing for option: '--budget'; see 'hotplug gate --help'")]
    [InlineData("gate --seed x", "error: --seed x: allowed is a number such as 31 or 0x1F, or 'fresh' for a new one")]
    [InlineData("gate --levels corr",
        "error: --levels corr: known: core, numa, pcplists, memmap-on-memory, balloon, cmm, device-memory, "
        + "online-callback, hwpoison, contig, faults, effects, schedules")]
    [InlineData("gate --target ToyHotplug.dll --levels schedules", "error: --target ToyHotplug.dll: ")]
    [InlineData("gate more", "error: Unrecognized command or argument 'more'; see 'hotplug gate --help'")]
    [InlineData("run --sequences 0", "error: --sequences 0: allowed is 1 and more; see 'hotplug run --help'")]
    [InlineData("replay", "error: Required argument 'file' missing for command: 'replay'; see 'hotplug replay --help'")]
    [InlineData("replay --x", "error: unknown option '--x'; see 'hotplug replay --help'")]
    [InlineData("replay none.trace", "error: none.trace: no such file; name a file that exists")]
    [InlineData("replay .", "error: .: cannot be read")]
    [InlineData("shrink none.trace", "error: none.trace: no such file; name a file that exists")]
    [InlineData("check none.jsonl", "error: none.jsonl: no such file or folder; name a recording, or a folder of them")]
    [InlineData("check .", "error: .: no recording in this folder; a recording's name ends in .jsonl or .jsonl.gz")]
    [InlineData("describe boot=0", "error: boot=0: allowed is a number from 1 to 16777216")]
    [InlineData("describe section=256", "error: section=256: a section is whole pageblocks, pageblock=512")]
    [InlineData("describe nothing",
        "error: nothing is called 'nothing'; 'hotplug list' shows every word; a machine is described by spec text")]
    public async Task It_is_refused_in_one_line(string command, string message)
    {
        Assert.Equal(ExitCode.Usage, await _shell.Run(command.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.StartsWith(message, _shell.Error);
        Assert.Single(_shell.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("", _shell.Output);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_shell.Folder));
    }

    [Fact]
    public async Task An_unknown_fault_is_named_with_those_that_are_known()
    {
        Assert.Equal(ExitCode.Usage, await _shell.Run("gate", "--fault", "none"));
        Assert.StartsWith("error: unknown fault 'none' of target 'bitmap'; known: offline-cleared-at-going-offline, ",
            _shell.Error);
    }

    [Theory]
    [InlineData("hotplug-trace 1\noffline d1\n", "bad.trace:2:9: 'd1': 'offline' names a memory block")]
    [InlineData("hotplug-trace 1\nspec section=256\n", "bad.trace:2:1: section=256: a section is whole pageblocks")]
    [InlineData("{}", "bad.trace:1:1: '{}': a trace begins with 'hotplug-trace 1'")]
    public async Task A_bad_trace_is_refused_with_file_line_and_column(string text, string message)
    {
        _shell.Write("bad.trace", text);
        Assert.Equal(ExitCode.Usage, await _shell.Run("replay", "bad.trace"));
        Assert.StartsWith("error: " + message, _shell.Error);
        Assert.Equal("", _shell.Output);
    }

    [Fact]
    public async Task A_trace_that_needs_a_level_that_the_machine_lacks_is_refused()
    {
        _shell.Targets = new TargetTable([new("fake", "Has no per-CPU lists.", [], static _ => new FakeMachine())]);
        _shell.Write("pcp.trace", "hotplug-trace 1\npcp do=drain\n");
        Assert.Equal(ExitCode.Usage, await _shell.Run("replay", "pcp.trace"));
        Assert.StartsWith("error: pcp.trace: needs level pcplists; fake has core balloon", _shell.Error);
    }

    [Fact]
    public async Task Help_and_version_are_no_errors()
    {
        Assert.Equal(ExitCode.Conforms, await _shell.Run("--help"));
        Assert.Contains("gate", _shell.Output);
        Assert.Equal(ExitCode.Conforms, await _shell.Run("replay", "--help"));
        Assert.Equal(ExitCode.Conforms, await _shell.Run("--version"));
    }
}
