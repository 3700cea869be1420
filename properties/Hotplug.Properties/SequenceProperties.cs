using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Engine.Faults;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Invariants;
using Hotplug.Model;
using Xunit;
using Runner = Hotplug.Engine.Run.Runner;

namespace Hotplug.Properties;

/// <summary>What a gate does, in small: sequences of every kind, judged by everything at once, and not shrunk.</summary>
[Properties(Replay = "20191024,183", QuietOnSuccess = true)]
public sealed class SequenceProperties : IDisposable
{
    private readonly Rig _rig = new(BitmapMachine.Create(), new Suite(new ReferenceModel(), Catalogue.All), new Sequences());

    [Property(MaxTest = 600)]
    public Property Whatever_is_drawn_keeps_every_rule() => Prop.ForAll(Seeds, seed =>
    {
        var random = new SplitMix(seed);
        var spec = _rig.Sequences.DrawSpec(ref random, _rig.Machine.Identity.Levels);
        var runner = new Runner(_rig.Machine, _rig.Suite);
        var source = _rig.Sequences.DrawSource(ref random, spec, _rig.Machine.Identity.Levels);
        Assert.True(runner.Walk(spec, source, new GateOptions().OperationsPerSequence) == Verdict.Conforms,
            runner.Violation?.ToString());
    });

    [Fact]
    public void Whatever_step_fails_every_rule_is_kept()
    {
        using var faults = new FaultEnumeration(_rig);
        var random = new SplitMix(2);
        Assert.True(faults.Enumerate(ref random, 20), faults.Runner.Violation?.ToString());
    }

    public void Dispose() => _rig.Machine.Dispose();

    // Not to be shrunk: a seed has nothing smaller in it.
    private static Arbitrary<ulong> Seeds { get; } = Arb.From(Gen.Choose(0, int.MaxValue).Select(static n => (ulong)n));
}
