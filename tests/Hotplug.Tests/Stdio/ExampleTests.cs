using Hotplug.Contract.Machines;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Tests.Conventions;
using Xunit;
using Xunit.Abstractions;

namespace Hotplug.Tests.Stdio;

/// <summary>The example machines keep the protocol and every rule of their level.</summary>
public sealed class ExampleTests(ITestOutputHelper output)
{
    private const int Sequences = 300;
    private const int MostLines = 400;

    [Theory]
    [InlineData(Peers.C)]
    [InlineData(Peers.Python)]
    public void An_example_conforms(string example)
    {
        if (Peers.Find(example, output) is not { } command)
            return;
        var result = new Gate(() => new Rig(Peers.Open(command), Peers.Suite, new Sequences()))
            .Run(new GateOptions { Seed = 11, Sequences = Sequences, OperationsPerSequence = 40 });
        Assert.True(result.Verdict == Verdict.Conforms, $"{result.Failure?.Violation}\n{result.Failure?.ToTrace()}");
        Assert.Equal(Sequences, result.Sequences);
        Assert.Equal(Levels.Core, result.Machine.Levels);
    }

    [Theory]
    [InlineData(Peers.Serve)]
    [InlineData(Peers.C)]
    [InlineData(Peers.Python)]
    public void A_peer_of_ours_keeps_the_protocol(string peer)
    {
        if (Peers.Find(peer, output) is not { } command)
            return;
        var faults = Peers.Check(command).Run().Where(static f => f.Fault is not null)
            .Select(static f => $"{f.Claim}: {f.Fault}");
        Assert.Empty(faults);
    }

    [Theory]
    [InlineData(Peers.C)]
    [InlineData(Peers.Python)]
    public void An_example_is_small(string example) =>
        Assert.InRange(File.ReadLines(Path.Combine(Repository.Root, example)).Count(), 1, MostLines - 1);
}
