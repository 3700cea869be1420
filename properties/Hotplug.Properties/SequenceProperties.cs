using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Explore;
using Hotplug.Engine.Faults;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Generators.Scopes;
using Hotplug.Invariants;
using Hotplug.Model;
using Xunit;
using Runner = Hotplug.Engine.Run.Runner;

namespace Hotplug.Properties;

/// <summary>What a gate does, in small: sequences of every kind, judged by everything at once, and not shrunk.</summary>
[Properties(Replay = "20191024,183", QuietOnSuccess = true)]
[TestCaseOrderer("Hotplug.Properties.PropertiesFirst", "Hotplug.Properties")]
public sealed class SequenceProperties : IDisposable
{
    private const int Operations = 60;
    private const ulong MostRuns = 80;

    // Of what is explored to the end elsewhere.
    private const int Depth = 4;

    // As many as it takes for every kind of step to fail once.
    private const ulong RunsOfFailures = 14;

    // What so few sequences do not show, and the small scope where it shows.
    private static readonly Dictionary<string, string> s_rare = new()
    {
        ["abandoned-references-kept"] = "boot-references",
        ["ejection-told-as-is"] = "memmap",
        ["rollback-by-default-policy"] = "arrival",
    };

    private readonly Rig _rig = new(BitmapMachine.Create(), new Suite(new ReferenceModel(), Catalogue.All), new Sequences());

    public static TheoryData<string> Scopes => [.. SmallScopes.All.Select(static s => s.Name)];

    public static TheoryData<string> RareFaults => [.. s_rare.Keys];

    public static TheoryData<string> Faults => [.. FaultTable.Forms.Select(static f => f.Id).Except(s_rare.Keys)];

    [Property(MaxTest = 600)]
    public Property Whatever_is_drawn_keeps_every_rule() => Prop.ForAll(Seeds.Any, seed =>
    {
        var runner = new Runner(_rig.Machine, _rig.Suite);
        Assert.True(Patience.Walk(runner, _rig.Sequences, seed, new GateOptions().OperationsPerSequence) == Verdict.Conforms,
            runner.Violation?.ToString());
    });

    /// <summary>An observation is reused; what another machine wrote into it, with stamps of its own, is no reason to
    /// leave anything as it is.</summary>
    [Property(MaxTest = 40)]
    public Property What_is_written_over_what_another_machine_showed_is_its_own() => Prop.ForAll(Seeds.Any, seed =>
    {
        using IMachine other = BitmapMachine.Create(), mine = BitmapMachine.Create();
        Observation reused = new(), fresh = new();
        Walk(other, seed);
        other.Observe(reused);
        Walk(mine, seed + 1);
        mine.Observe(reused);
        mine.Observe(fresh);
        Onlookers.AssertSame(fresh, reused);

        void Walk(IMachine machine, ulong own)
        {
            var random = new SplitMix(seed);
            var spec = _rig.Sequences.DrawSpec(ref random, machine.Identity.Levels);
            random = new SplitMix(own);
            var source = _rig.Sequences.DrawSource(ref random, spec, machine.Identity.Levels);
            Patience.Walk(new Runner(machine, _rig.Suite), spec, source, Operations);
        }
    });

    [Property(MaxTest = 60)]
    public Property What_is_done_again_from_a_snapshot_comes_to_the_same() => Prop.ForAll(Seeds.Any, seed =>
    {
        using var machine = new Rewinder(BitmapMachine.Create());
        Walk(machine, seed, Operations);
    });

    /// <summary>Nobody judges what a machine begins with: it is what the specification says.</summary>
    [Property(MaxTest = 100)]
    public Property A_PC_begins_with_zone_DMA_and_ends_with_a_hole() => Prop.ForAll(Seeds.Any, seed =>
    {
        var random = new SplitMix(seed);
        var spec = _rig.Sequences.DrawSpec(ref random, _rig.Machine.Identity.Levels) is var drawn && drawn.BootBlocks > 1
            ? drawn with { PcBoot = true } : drawn with { PcBoot = true, BootBlocks = 2, DimmFirstBlock = 2, DimmBlocks = 0, DeviceMemories = [] };
        var unit = Math.Min(spec.PagesPerPageblock, spec.PagesPerBlock / 2);
        var shown = new Observation();
        _rig.Machine.Reset(spec);
        _rig.Machine.Observe(shown);
        Assert.Equal((0L, unit), (shown.Zone(new ZoneId(0, ZoneKind.Dma)).Start, shown.Zone(new ZoneId(0, ZoneKind.Dma)).Present));
        var hole = shown.Find(spec.BootBlocks - 1)!.Pages.Runs[^1];
        Assert.Equal((PageState.None, unit), (hole.State, hole.Count));
        Assert.Equal((unit, (spec.BootBlocks * (long)spec.PagesPerBlock) - unit),
            (shown.Zone(new ZoneId(0, ZoneKind.Normal)).Start, shown.Zone(new ZoneId(0, ZoneKind.Normal)).Span.End));
    });

    /// <summary>Long enough for what the machine remembers of its changes to run full, again and again.</summary>
    [Property(MaxTest = 3)]
    public Property Who_looks_seldom_sees_the_same() => Prop.ForAll(Seeds.Any, static seed =>
    {
        using var machine = new Onlookers(BitmapMachine.Create(), 3, 20, 1500);
        Walk(machine, seed, 4000);
    });

    [Fact]
    public void Whatever_step_fails_every_rule_is_kept()
    {
        using var faults = new FaultEnumeration(_rig);
        for (var run = 0UL; run < RunsOfFailures; run++)
        {
            var random = new SplitMix(SplitMix.Derive(2, run));
            var isKept = Patience.Await(
                () => faults.Enumerate(ref random, 20), static () => "a failure that does not come back");
            Assert.True(isKept, $"run {run}: {faults.Runner.Violation}");
        }

        Assert.Equal(Enum.GetValues<VetoPoint>(), faults.Points.Select(static p => p.Point).Distinct().Order());
    }

    /// <summary>Where sequences seldom come, and what once failed.</summary>
    [Fact]
    public void Whatever_is_on_a_kept_way_keeps_every_rule()
    {
        using var machine = new Rewinder(BitmapMachine.Create());
        var runner = new Runner(machine, _rig.Suite);
        var violations = KeptTraces.Violations(runner);
        Assert.True(violations.Length == 0, violations);
    }

    /// <summary>All sequences of a few operations, among few pages.</summary>
    [Theory]
    [MemberData(nameof(Scopes))]
    public void Whatever_happens_in_a_small_scope_keeps_every_rule(string scope)
    {
        var found = Patience.Explore(new Runner(_rig.Machine, _rig.Suite), scope, Depth).Failure;
        Assert.True(found is null, $"{found?.Violation}\n{found?.ToTrace()}");
    }

    [Theory]
    [MemberData(nameof(RareFaults))]
    public void A_rare_fault_breaks_a_rule_in_a_small_scope(string id)
    {
        using var machine = BitmapMachine.Create(FaultTable.Find(id)!.Fault);
        var found = Patience.Explore(new Runner(machine, _rig.Suite), s_rare[id], Depth + 1);
        Assert.True(found.Failure is not null, $"not in {found.Edges} operations of {s_rare[id]}");
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_seeded_fault_breaks_a_rule(string id)
    {
        var form = FaultTable.Find(id)!;
        using var machine = BitmapMachine.Create(form.Fault);
        var runner = new Runner(machine, _rig.Suite);
        var sequences = new Sequences(form.Family);
        var verdict = Verdict.Conforms;
        for (var run = 0UL; run < MostRuns && verdict == Verdict.Conforms; run++)
            verdict = Patience.Walk(runner, sequences, SplitMix.Derive(7, run), Operations);
        Assert.True(verdict == Verdict.Violates, $"not in {MostRuns} sequences: {form.Statement}");
    }

    public void Dispose() => _rig.Machine.Dispose();

    private static void Walk(IMachine machine, ulong seed, int operations)
    {
        var runner = new Runner(machine, new Suite(new ReferenceModel(), []));
        Assert.True(Patience.Walk(runner, new Sequences(), seed, operations) == Verdict.Conforms, runner.Violation?.ToString());
    }
}
