using Hotplug.Cli;
using Hotplug.Cli.Targets;
using Hotplug.Contract.Machines;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Cli;

/// <summary>What the front page says is missing: today's answers.</summary>
public sealed class KnownGapTests : IDisposable
{
    private readonly Shell _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Every_level_is_of_some_bundled_machine()
    {
        var levels = BundledTargets.Table.Rows.Aggregate(Levels.None, static (all, row) => all | row.Levels);
        Assert.Equal("", LevelsText.Print(LevelsText.All.Aggregate(Levels.None, static (all, l) => all | l.Level) & ~levels));
    }

    [Fact]
    public async Task Known_gap_A_hang_is_reported_unshrunk()
    {
        var clock = new ManualClock();
        using var release = new ManualResetEventSlim();
        _shell.Surroundings = _shell.Surroundings with { Clock = clock };
        _shell.Targets = new TargetTable([new("stuck", "Never starts.", [], _ => new FakeMachine { AtReset = Hang })]);
        Assert.Equal(ExitCode.Violates, await _shell.Run("gate"));
        release.Set();
        Assert.Contains("machine.hang violated by fake at the start", _shell.Output);
        Assert.Contains("  note    as it was found", _shell.Output);

        void Hang()
        {
            clock.Advance(TimeSpan.FromSeconds(20));
            release.Wait();
        }
    }
}
