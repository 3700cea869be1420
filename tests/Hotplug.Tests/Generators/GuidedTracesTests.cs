using FsCheck;
using FsCheck.Fluent;
using Hotplug.Bitmap;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Generators.Arbitraries;
using Hotplug.Invariants;
using Hotplug.Model;
using Xunit;
using Runner = Hotplug.Engine.Run.Runner;

namespace Hotplug.Tests.Generators;

public sealed class GuidedTracesTests
{
    private static readonly Rnd s_seed = new(7, 9);

    [Fact]
    public void Equal_seeds_give_equal_traces() => Assert.Equal(
        Drawn(BitmapMachine.Create()).Select(static t => t.ToString()),
        Drawn(BitmapMachine.Create()).Select(static t => t.ToString()));

    [Fact]
    public void Operations_name_what_the_machine_made_of_those_before()
    {
        using var machine = BitmapMachine.Create();
        var runner = new Runner(machine, new Suite(new ReferenceModel(), []));
        foreach (var trace in Drawn(BitmapMachine.Create()))
            runner.Walk(trace.Spec, new TraceSource(trace.Operations), trace.Operations.Length);
        Assert.True(runner.Coverage.Entries.Where(static e => e.Kind == OperationKind.Offline && e.Answer.IsOk)
            .Sum(static e => e.Count) > 20);
    }

    [Fact]
    public void A_failing_trace_shrinks_to_what_the_engine_finds_and_no_further()
    {
        var traces = GuidedTraces.Of(RigOf(BitmapMachine.Create(Fault.SpanNotShrunk)));
        var failing = traces.Generator.Sample(60, s_seed, 20).First(t => traces.Shrinker(t).Any());
        var minimal = Assert.Single(traces.Shrinker(failing));
        Assert.InRange(minimal.Operations.Length, 1, 3);
        Assert.Empty(traces.Shrinker(minimal));
    }

    private static Trace[] Drawn(IMachine machine) =>
        GuidedTraces.Of(RigOf(machine)).Generator.Sample(60, s_seed, 20);

    private static Rig RigOf(IMachine machine) =>
        new(machine, new Suite(new ReferenceModel(), Catalogue.All), new Sequences());
}
