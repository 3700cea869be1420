using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Schedules;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Schedules;

public sealed class RaceTextTests
{
    [Fact]
    public void A_race_is_its_prefix_and_a_part_for_every_CPU()
    {
        var race = new Race(FakeMachine.Spec, [Operation.Tick(1), Operation.Tick(2)], [[Operation.Tick(3)], [], [Operation.Tick(4), Operation.Tick(5)]]);
        const string Text = """
            spec pageblock=4 section=8 max-order=2 boot=1 dimm-first=4 dimm=8
            tick seconds=1
            tick seconds=2
            cpu
            tick seconds=3
            cpu
            cpu
            tick seconds=4
            tick seconds=5

            """;

        Assert.Equal(Text, RaceText.Print(race));
        Assert.True(RaceText.TryParse(Text, out var read, out var error), error?.ToString());
        Assert.Equal(SpecText.Print(race.Spec), SpecText.Print(read.Spec));
        Assert.Equal(race.Prefix, read.Prefix.AsEnumerable());
        Assert.Equal(race.Cpus.Select(static c => c.ToArray()), read.Cpus.Select(static c => c.ToArray()));
        Assert.Equal("cpu\ntick seconds=1\n", RaceText.Print(new Race(new MachineSpec(), [], [[Operation.Tick(1)]])));
    }

    [Theory]
    [InlineData("tick seconds=1\nwhat\ncpu\ntick seconds=1", 2)]
    [InlineData("tick seconds=1\n cpu \ntick seconds=1\nwhat", 4)]
    [InlineData("tick seconds=1\ncpu\ntick seconds=1\ncpu\ntick seconds=1\ntick seconds=1\nwhat", 7)]
    [InlineData("cpu\ncpu\nwhat", 3)]
    public void What_cannot_be_read_is_told_with_its_line(string text, int line)
    {
        Assert.False(RaceText.TryParse(text, out var race, out var error));
        Assert.Equal(line, error!.Line);
        Assert.Empty(race.Cpus);
    }
}
