using Hotplug.Bitmap;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Explore;
using Hotplug.Engine.Run;
using Hotplug.Generators.Scopes;
using Hotplug.Invariants;
using Hotplug.Model;
using Hotplug.Tests.Schedules;
using Xunit;

namespace Hotplug.Tests.Explore;

public sealed class ExplorerTests
{
    public static TheoryData<string> Smaller => new("""
        spec pageblock=1 section=2 max-order=1 boot=1 dimm-first=1 dimm=2
        add d1 pages=2
        add d2 pages=2
        online_movable d1.b0
        online_movable d2.b0
        offline d1.b0
        offline d2.b0
        remove d1
        remove d2
        """, """
        spec pageblock=1 section=2 max-order=1 boot=2 dimm-first=2 dimm=1 auto-online=online-movable
        add d1 pages=2
        offline d1.b0
        alloc a1 pages=1
        alloc a2 pages=1
        free a1
        free a2
        veto k=2 errno=EPERM
        """, """
        spec pageblock=1 section=2 max-order=1 boot=1 dimm-first=1 dimm=0 device-memory=2+1/1@0 balloon=virtio
        plug m1 sub-blocks=1
        unplug m1 sub-blocks=1
        online_movable m1.b0
        offline m1.b0
        inflate pages=1
        balloon-target pages=0
        """, """
        spec pageblock=1 section=4 max-order=2 boot=1 dimm-first=1 dimm=0
        alloc a1 pages=2
        alloc a2 pages=2
        get a1[1]
        get a2[1]
        put a1[1]
        put a2[1]
        free a1
        free a2
        """, """
        spec pageblock=1 section=2 max-order=1 boot=2 dimm-first=2 dimm=0
        tick seconds=1
        tick seconds=2
        get d0.b1+1
        put d0.b1+1
        offline d0.b1
        alloc a1 pages=1
        """);

    [Theory]
    [MemberData(nameof(Smaller))]
    public void A_naive_enumeration_of_a_smaller_scope_counts_the_same(string text) => Ends.InTime(() =>
    {
        Assert.True(TraceText.TryParse($"{TraceText.Header}\n{text}", out var trace, out var error), error?.ToString());
        var scope = new Scope("smaller", "", trace.Spec, trace.Operations) { MostSeconds = 3 };
        using var machine = BitmapMachine.Create();
        var recount = new Recount(scope, machine, Judges());
        recount.Count();
        var explored = Explore(BitmapMachine.Create(), scope);
        Assert.True(explored.IsComplete);
        Assert.Null(explored.Failure);
        Assert.Equal((recount.States, recount.Edges, recount.Depth),
            (explored.States, explored.Edges, explored.Depth));
        Assert.InRange(explored.States, 10, 10_000);
    });

    [Fact]
    public void The_first_failure_found_is_the_shortest() => Ends.InTime(() =>
    {
        var scope = SmallScopes.All.First(static s => s.Name == "device-memory-vetoes");
        var explored = Explore(BitmapMachine.Create(Fault.CancelForgetsReference), scope);
        Assert.Equal("references.offline-page-is-one", explored.Failure?.Violation?.Rule);
        // Plugged, online, armed, refused.
        Assert.Equal(4, explored.Failure!.Executed.Length);
    });

    [Fact]
    public void Scopes_have_names_of_their_own_and_need_what_our_machine_has() => Ends.InTime(() =>
    {
        Assert.Equal(SmallScopes.All.Length, SmallScopes.All.Select(static s => s.Name).Distinct().Count());
        Assert.All(SmallScopes.All, static s =>
            Assert.Equal(Levels.None, s.Needs & ~BitmapMachine.Create().Identity.Levels));
    });

    [Theory]
    [InlineData("tick seconds=1", Levels.Core)]
    [InlineData("spec nodes=2\ntick seconds=1", Levels.Core | Levels.Numa)]
    [InlineData("spec balloon=virtio\ntick seconds=1", Levels.Core | Levels.Balloon)]
    [InlineData("spec boot=1 dimm-first=1 dimm=0 device-memory=1+1/512@0\ntick seconds=1", Levels.Core | Levels.DeviceMemory)]
    [InlineData("spec memmap-on-memory=on\ntick seconds=1", Levels.Core | Levels.MemmapOnMemory)]
    [InlineData("veto errno=EPERM\noom", Levels.Core | Levels.Faults | Levels.Cmm)]
    public void A_scope_needs_what_its_machine_has_and_its_operations_do(string text, Levels needs)
    {
        Assert.True(TraceText.TryParse($"{TraceText.Header}\n{text}\n", out var trace, out var error), error?.ToString());
        Assert.Equal(needs, new Scope("", "", trace.Spec, trace.Operations).Needs | Levels.Core);
    }

    private static Suite Judges() => new(new ReferenceModel(), Catalogue.All);

    private static ExploreResult Explore(IMachine machine, Scope scope) =>
        new Explorer(new Runner(machine, Judges()), scope, new ExploreOptions()).Explore();
}
