using Hotplug.Adapters.Recording;
using Hotplug.Cli;
using Hotplug.Tests.Conventions;
using Xunit;

namespace Hotplug.Tests.Cli;

/// <summary>Judging recordings from the command line.</summary>
public sealed class CheckTests : IDisposable
{
    private static readonly string s_folder = Path.Combine(Repository.Root, "tests/Hotplug.Tests/Recordings");

    private readonly Shell _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public async Task The_bundled_recordings_conform_and_are_counted_by_kernel()
    {
        _shell.Surroundings = _shell.Surroundings with { Processors = 2 };
        Assert.Equal(ExitCode.Conforms, await _shell.Run("check", s_folder));
        Assert.Matches(@"\nconforms: [0-9]+ recordings, 0 violate, 0 cannot be read, [0-9]+ operations, ",
            _shell.Output);
        Assert.Contains("6.1.0-50-amd64", _shell.Output);
        Assert.Contains("6.12.117+deb12-amd64", _shell.Output);
    }

    [Fact]
    public async Task What_is_printed_does_not_depend_on_the_number_of_threads()
    {
        await _shell.Run("check", s_folder);
        var one = _shell.OutputLines[..^1];
        _shell.Surroundings = _shell.Surroundings with { Processors = 4 };
        await _shell.Run("check", s_folder);
        Assert.Equal(one, _shell.OutputLines[..^1]);
    }

    [Fact]
    public async Task A_contradictory_copy_violates_a_named_rule_at_its_line()
    {
        var contradiction = Contradictions.Of("copy.jsonl", Plain())
            .First(static c => c.Field == ContradictionField.ZoneCounter);
        _shell.Write("copy.jsonl", contradiction.Write());
        Assert.Equal(ExitCode.Violates, await _shell.Run("check", "copy.jsonl"));
        Assert.Contains($"violates copy.jsonl:{contradiction.Line}\n", _shell.Output);
        Assert.Contains("  source  linux v6.", _shell.Output);
    }

    [Fact]
    public async Task A_line_cut_in_half_is_refused_in_one_line_with_its_place()
    {
        var text = Plain();
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        _shell.Write("cut.jsonl", string.Join('\n', lines[..3]) + "\n" + lines[3][..(lines[3].Length / 2)]);
        Assert.Equal(ExitCode.Usage, await _shell.Run("check", "cut.jsonl"));
        Assert.StartsWith("error: ", _shell.Error);
        Assert.Contains("cut.jsonl:4:", _shell.Error);
        Assert.Single(_shell.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("", _shell.Output);
    }

    [Fact]
    public async Task One_unreadable_recording_hides_neither_the_others_nor_itself()
    {
        _shell.Write("bad.jsonl", "{}");
        _shell.Write("good.jsonl", Plain());
        Assert.Equal(ExitCode.Usage, await _shell.Run("check", "."));
        Assert.StartsWith("error: ", _shell.Error);
        Assert.Contains("inconclusive: 2 recordings, 0 violate, 1 cannot be read", _shell.Output);
    }

    [Fact]
    public async Task A_file_that_is_not_gzip_is_refused()
    {
        _shell.Write("bad.jsonl.gz", "plain");
        Assert.Equal(ExitCode.Usage, await _shell.Run("check", "bad.jsonl.gz"));
        Assert.Contains("not a gzip file", _shell.Error);
    }

    [Fact]
    public async Task Interrupted_it_tells_how_many_were_not_judged()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        _shell.Stop = stop.Token;
        _shell.Write("good.jsonl", Plain());
        Assert.Equal(ExitCode.Inconclusive, await _shell.Run("check", "good.jsonl"));
        Assert.Contains("interrupted: 1 recordings were not judged", _shell.Output);
    }

    private static string Plain() =>
        Contradictions.TextOf(Directory.GetFiles(s_folder, "*", SearchOption.AllDirectories)
        .Where(RecordingFile.IsRecording).Order(StringComparer.Ordinal).First());
}
