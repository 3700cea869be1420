using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Xunit;
using Xunit.Abstractions;

namespace Hotplug.Tests.Stdio;

/// <summary>Our own machine behind the protocol is the same machine.</summary>
public sealed class ServeTests(ITestOutputHelper output)
{
    private const int Sequences = 60;
    private const int Operations = 40;

    [Fact]
    public void Behind_the_protocol_our_machine_does_what_it_does_in_process()
    {
        using var near = BitmapMachine.Create();
        using var far = Peers.Open(Peers.Find(Peers.Serve, output)!);
        Assert.Equal(near.Identity, far.Identity);
        Assert.Equal(Run(near), Run(far));
    }

    [Theory]
    [InlineData("vmemmap-managed")]
    [InlineData("cancel-forgets-reference")]
    public void A_fault_behind_the_protocol_breaks_the_rule_that_it_breaks_in_process(string fault)
    {
        using var near = BitmapMachine.Create(FaultTable.Find(fault)!.Fault);
        var serve = Peers.Find(Peers.Serve, output)!;
        using var far = Peers.Open(new([.. serve.Words, "--fault", fault]));
        var expected = FirstFailure(near);
        var seen = FirstFailure(far);
        Assert.NotNull(expected);
        Assert.Equal(expected, seen);
    }

    private static List<string> Run(IMachine machine)
    {
        var runner = new Runner(machine, Peers.Suite);
        return [.. Enumerable.Range(0, Sequences).Select(i => Print(Draw(runner, i)))];
    }

    private static string? FirstFailure(IMachine machine)
    {
        var runner = new Runner(machine, Peers.Suite);
        for (var i = 0; i < 20 * Sequences; i++)
            if (Draw(runner, i) is { Verdict: not Verdict.Conforms } failed)
                return Print(failed);
        return null;
    }

    private static RunResult Draw(Runner runner, int sequence)
    {
        var random = new SplitMix(SplitMix.Derive(3, (ulong)sequence));
        var sequences = new Sequences();
        var levels = runner.Identity.Levels;
        var spec = sequences.DrawSpec(ref random, levels);
        return runner.Run(spec, sequences.DrawSource(ref random, spec, levels), Operations);
    }

    private static string Print(RunResult result) =>
        $"{result.Verdict} {result.Violation}\n{result.ToTrace()}{string.Join(' ', result.Answers)}";
}
