using Hotplug.Cli;
using Xunit;

namespace Hotplug.Tests.Cli;

/// <summary>Replaying, shrinking and running: commands that show a machine at work.</summary>
public sealed class ReplayTests : IDisposable
{
    private const string Good = """
        hotplug-trace 1
        add d1 pages=65536
        online_movable d1.b0
        remove d1
        offline d9.b0
        """;

    private const string Failing = """
        hotplug-trace 1
        note fault span-not-shrunk
        tick seconds=1
        add d1 pages=65536
        online_movable d1.b0
        alloc a1 pages=5
        free a1
        offline d1.b0
        tick seconds=1
        """;

    private readonly Shell _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public async Task Every_operation_is_shown_with_its_answer()
    {
        _shell.Write("good.trace", Good);
        Assert.Equal(ExitCode.Conforms, await _shell.Run("replay", "good.trace"));
        Assert.Equal(
            [
                "replay good.trace on bitmap", "  machine as by default", "  add d1 pages=65536 -> ok",
                "  online_movable d1.b0 -> ok",
                "  remove d1 -> EBUSY", "  offline d9.b0 -> unbound", "conforms",
            ],
            _shell.OutputLines);
    }

    [Fact]
    public async Task A_trace_that_breaks_a_rule_is_reported_like_a_failure()
    {
        _shell.Write("bad.trace", Failing);
        Assert.Equal(ExitCode.Violates, await _shell.Run("replay", "bad.trace"));
        Assert.Contains("zone.span-tight violated by bitmap+span-not-shrunk at operation 6 of 6\n", _shell.Output);
        Assert.EndsWith("-- replay bad.trace\n", _shell.Output);
    }

    [Fact]
    public async Task Another_target_replays_the_trace_without_the_fault_of_its_note()
    {
        _shell.Write("bad.trace", Failing + "\nnote rule zone.span-tight");
        Assert.Equal(ExitCode.Conforms, await _shell.Run("replay", "bad.trace", "--target", "bitmap"));
        Assert.Equal("conforms: zone.span-tight, which this trace broke, holds", _shell.OutputLines[^1]);
    }

    [Fact]
    public async Task Of_several_traces_the_worst_verdict_counts()
    {
        _shell.Write("good.trace", Good);
        _shell.Write("bad.trace", Failing);
        Assert.Equal(ExitCode.Violates, await _shell.Run("replay", "bad.trace", "good.trace"));
        Assert.Contains("replay good.trace on bitmap", _shell.Output);
    }

    [Fact]
    public async Task Nothing_is_replayed_before_every_trace_was_read()
    {
        _shell.Write("good.trace", Good);
        Assert.Equal(ExitCode.Usage, await _shell.Run("replay", "good.trace", "none.trace"));
        Assert.Equal("", _shell.Output);
    }

    [Fact]
    public async Task Shrinking_writes_the_shortest_trace_and_how_to_replay_it()
    {
        _shell.Write("bad.trace", Failing);
        Assert.Equal(ExitCode.Violates, await _shell.Run("shrink", "bad.trace", "--out", "small"));
        Assert.Contains(_shell.OutputLines, static l => l.Contains("(shrunk from 6", StringComparison.Ordinal));
        Assert.Equal(ExitCode.Violates, await _shell.RunPrinted(_shell.OutputLines[^1]["  replay  ".Length..]));
        Assert.True(File.Exists(_shell.PathOf("small/zone.span-tight.trace")));
    }

    [Fact]
    public async Task A_trace_that_breaks_nothing_has_nothing_to_shrink()
    {
        _shell.Write("good.trace", Good);
        Assert.Equal(ExitCode.Conforms, await _shell.Run("shrink", "good.trace"));
        Assert.Equal("conforms: good.trace breaks no rule on bitmap, there is nothing to shrink",
            _shell.OutputLines[^1]);
        Assert.False(Directory.Exists(_shell.PathOf("out")));
    }

    [Fact]
    public async Task Running_shows_the_sequences_of_a_seed()
    {
        Assert.Equal(ExitCode.Conforms,
            await _shell.Run("run", "--seed", "7", "--sequence", "2", "--sequences", "2", "--operations", "5"));
        Assert.Equal(["seed 0x7, sequence 2", "seed 0x7, sequence 3"],
            _shell.OutputLines.Where(static l => l.StartsWith("seed", StringComparison.Ordinal)));
        Assert.Equal(2, _shell.OutputLines.Count(static l => l == "conforms"));
        var first = _shell.Output;
        await _shell.Run("run", "--seed", "7", "--sequence", "2", "--sequences", "2", "--operations", "5");
        Assert.Equal(first, _shell.Output);
    }
}
