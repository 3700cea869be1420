using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Faults;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Invariants;
using Hotplug.Model;
using Hotplug.Tests.Bitmap;
using Hotplug.Tests.Schedules;
using Xunit;
using Xunit.Abstractions;

namespace Hotplug.Tests.Quality;

/// <summary>Faults on purpose reach every step that can fail, and find what a rollback leaves out.</summary>
public sealed class FaultEnumerationTests(ITestOutputHelper output)
{
    private const int Sequences = 8;
    private const int Operations = 30;

    private static readonly Lazy<FaultPoints[]> s_points = new(EnumerateDefault);

    // Blocks of two sections; a chain of three callbacks, as there is no device memory. 6.12 asks before onlining
    // twice: PREPARE_ONLINE and GOING_ONLINE.
    [Theory]
    [InlineData("add d1 pages=64", "add memmap 4, add block-device 2")]
    [InlineData("add d1 pages=32\nonline_movable d1.b0", "add memmap 2, add block-device 1, online_movable notifier 6")]
    [InlineData("policy set=auto-online\nadd d1 pages=32", "add notifier 6, add memmap 2, add block-device 1")]
    [InlineData("add d1 pages=32\nonline_movable d1.b0\nalloc a1 pages=3\noffline d1.b0",
        "add memmap 2, add block-device 1, online_movable notifier 6, offline notifier 3, offline migration 3")]
    [InlineData("add d1 pages=32\nonline_movable d1.b0\nalloc a1 pages=3\ncontig a2 at=d1.b0 pages=4",
        "add memmap 2, add block-device 1, online_movable notifier 6, contig migration 3")]
    [InlineData("add d1 pages=32\nonline_movable d1.b0\neject d1",
        "add memmap 2, add block-device 1, eject notifier 3, online_movable notifier 6")]
    [InlineData("add d1 pages=32\nonline_movable d1.b0\nalloc a1 pages=3\noffline-remove d1",
        "add memmap 2, add block-device 1, offline-remove notifier 3, offline-remove migration 3, online_movable notifier 6")]
    public void Every_step_that_can_fail_is_struck(string operations, string expected) => Ends.InTime(() =>
    {
        using var machine = BitmapMachine.Create();
        using var faults = new FaultEnumeration(RigOf(machine));
        Assert.True(faults.Enumerate(Bench.Small with { PagesPerSection = 16, SectionsPerBlock = 2, BootBlocks = 3, AutoOnline = AutoOnline.Offline },
            Parse(operations)), faults.Runner.Violation?.ToString());
        Assert.Equal(expected, Print(faults));
        Assert.All(faults.Points, static p => Assert.Equal(p.Struck, p.Most));
    });

    [Theory]
    [InlineData("add", "notifier memmap block-device")]
    [InlineData("online", "notifier")]
    [InlineData("online_movable", "notifier")]
    [InlineData("offline", "notifier")]
    public void Every_kind_of_step_of_an_operation_is_struck_in_sequences_of_the_gate(string word, string points)
    {
        foreach (var group in s_points.Value.GroupBy(static p => p.Operation))
            output.WriteLine($"{OperationTable.Of(group.Key).Word,-16}"
                + string.Join("  ", group.Select(static p => $"{Words.Of(p.Point)} {p.Struck} (1..{p.Most})")));
        var kind = OperationTable.Find(word)!.Kind;
        Assert.Empty(points.Split(' ').Except(s_points.Value.Where(p => p.Operation == kind).Select(static p => Words.Of(p.Point))));
    }

    [Theory]
    [InlineData("cancel-forgets-reference", "references.offline-page-is-one", "plug m1 sub-blocks=1\nonline_movable m1.b0\noffline m1.b0")]
    [InlineData("managed-drifts-after-veto", "rollback.zones-unchanged", "add d1 pages=16\nonline_movable d1.b0\noffline d1.b0")]
    public void A_rollback_that_is_left_out_is_found_where_nothing_fails_by_itself(string fault, string rule, string operations)
    {
        var seeded = FaultTable.Find(fault)!;
        using var machine = BitmapMachine.Create(seeded.Fault);
        using var faults = new FaultEnumeration(RigOf(machine));
        var parsed = Parse(operations);
        Assert.Equal(Verdict.Conforms,
            faults.Runner.Walk(Bench.WithDeviceMemory, new TraceSource(parsed), parsed.Length));
        Assert.False(faults.Enumerate(Bench.WithDeviceMemory, parsed));
        Assert.Equal(rule, faults.Runner.Violation!.Rule);
    }

    [Fact]
    public void Every_step_of_a_resize_is_struck()
    {
        using var machine = BitmapMachine.Create();
        using var faults = new FaultEnumeration(RigOf(machine));
        Assert.True(faults.Enumerate(Bench.WithDeviceMemory, Parse("resize m1 sub-blocks=5\nonline_movable m1.b0")));
        Assert.Equal("online_movable notifier 8, resize memmap 2, resize block-device 2", Print(faults));
    }

    [Fact]
    public void Callbacks_fail_with_an_errno_of_their_own_and_memory_with_that_of_memory()
    {
        using var machine = BitmapMachine.Create();
        var watcher = new Vetoes();
        using var faults = new FaultEnumeration(RigOf(new Listening(machine, watcher)));
        Assert.True(faults.Enumerate(Bench.Small, Parse("add d1 pages=16\nonline_movable d1.b0\nalloc a1 pages=2\noffline d1.b0")));
        Assert.Equal(Enum.GetValues<VetoPoint>().Select(static p => $"{Words.Of(p)} {(p == VetoPoint.Notifier ? "EIO" : "ENOMEM")}")
            .Order(StringComparer.Ordinal), watcher.Seen);
    }

    [Fact]
    public void What_a_sequence_armed_itself_is_left_out_and_what_fails_by_itself_is_told()
    {
        using var machine = BitmapMachine.Create();
        Assert.Equal((true, "add memmap 1, add block-device 1, online_movable notifier 6"), Of(MachineOf(16), "add d1 pages=16\nveto k=1 errno=EPERM\nonline_movable d1.b0"));
        // Machines of large blocks are left alone.
        Assert.Equal((true, "add memmap 1, add block-device 1"), Of(MachineOf(256), "add d1 pages=256"));
        Assert.Equal((true, ""), Of(MachineOf(512), "add d1 pages=512"));

        static MachineSpec MachineOf(int pages) => Bench.Small with { PagesPerSection = pages, SectionsPerBlock = 1, BootBlocks = 3, AutoOnline = AutoOnline.Offline };

        (bool, string) Of(MachineSpec spec, string operations)
        {
            using var faults = new FaultEnumeration(new Rig(machine, new Suite(new ReferenceModel(), Catalogue.All), new Given(spec, Parse(operations))));
            var random = new SplitMix(1);
            return (faults.Enumerate(ref random, 100), Print(faults));
        }
    }

    [Fact]
    public void After_the_fault_the_operation_runs_again_and_then_what_follows_it()
    {
        var asked = new List<string>();
        using var machine = BitmapMachine.Create();
        using var faults = new FaultEnumeration(RigOf(new Listening(machine, new Vetoes { Asked = asked })));
        Assert.True(faults.Enumerate(Bench.Small, Parse("tick seconds=1\ntick seconds=2\ntick seconds=3\ntick seconds=4\ntick seconds=5")));
        // Nothing can fail here: of every operation and every kind of step there is one run.
        var kinds = Enum.GetValues<VetoPoint>().Length;
        Assert.Equal([.. Enumerable.Repeat("1 1 2 3 4", kinds), .. Enumerable.Repeat("1 2 2 3 4 5", kinds), .. Enumerable.Repeat("1 2 3 3 4 5", kinds),
            .. Enumerable.Repeat("1 2 3 4 4 5", kinds), .. Enumerable.Repeat("1 2 3 4 5 5", kinds)], asked);
    }

    [Fact]
    public void A_machine_that_does_not_tell_is_not_asked()
    {
        using var machine = BitmapMachine.Create();
        Assert.True(FaultEnumeration.AppliesTo(machine.Identity));
        Assert.False(FaultEnumeration.AppliesTo(machine.Identity with { Levels = Levels.Core | Levels.Faults }));
        Assert.False(FaultEnumeration.AppliesTo(machine.Identity with { Effects = EffectKinds.Of(EffectKind.Notified) }));
    }

    private static string Print(FaultEnumeration faults) => string.Join(", ", faults.Points.Select(static p =>
        $"{OperationTable.Of(p.Operation).Word} {Words.Of(p.Point)} {p.Struck}"));

    private static FaultPoints[] EnumerateDefault()
    {
        using var machine = BitmapMachine.Create();
        using var faults = new FaultEnumeration(RigOf(machine));
        for (var sequence = 0UL; sequence < Sequences; sequence++)
        {
            var random = new SplitMix(SplitMix.Derive(new GateOptions().Seed, sequence));
            Assert.True(faults.Enumerate(ref random, Operations), $"{faults.Runner.Violation}\n{faults.Runner.LastResult.ToTrace()}");
        }

        return [.. faults.Points];
    }

    private static Rig RigOf(IMachine machine) =>
        new(machine, new Suite(new ReferenceModel(), Catalogue.All), new Sequences());

    private static System.Collections.Immutable.ImmutableArray<Operation> Parse(string operations) =>
        TraceText.TryParse($"hotplug-trace 1\n{operations}\n", out var trace, out var error)
            ? trace.Operations : throw new ArgumentException(error!.ToString(), nameof(operations));

    // One sequence, of one machine.
    private sealed class Given(MachineSpec spec, System.Collections.Immutable.ImmutableArray<Operation> operations) : ISequences
    {
        public MachineSpec DrawSpec(ref SplitMix random, Levels levels) => spec;

        public IOperationSource DrawSource(ref SplitMix random, MachineSpec drawn, Levels levels) => new TraceSource(operations);
    }

    private sealed class Vetoes
    {
        internal SortedSet<string> Seen { get; } = new(StringComparer.Ordinal);

        internal List<string> Asked { get; init; } = [];
    }

    private sealed class Listening(IMachine machine, Vetoes vetoes) : IMachine
    {
        public MachineIdentity Identity => machine.Identity;

        public void Reset(MachineSpec spec)
        {
            vetoes.Asked.Add("");
            machine.Reset(spec);
        }

        public void Execute(in Operation operation, in Target target, Outcome outcome)
        {
            if (operation.Kind == OperationKind.Tick)
                vetoes.Asked[^1] = $"{vetoes.Asked[^1]} {operation.Amount}".TrimStart();
            if (operation.Kind == OperationKind.Veto)
                vetoes.Seen.Add($"{Words.Of((VetoPoint)operation.Choice)} {operation.Errno}");
            machine.Execute(operation, target, outcome);
        }

        public void Observe(Hotplug.Contract.Observations.Observation observation) => machine.Observe(observation);

        public void Dispose() => machine.Dispose();
    }
}
