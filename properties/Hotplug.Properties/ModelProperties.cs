using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Hotplug.Adapters.Kernel;
using Hotplug.Adapters.Recording;
using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Explore;
using Hotplug.Engine.Faults;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Generators.Scopes;
using Hotplug.Model;
using Hotplug.Properties.Lies;
using Xunit;
using Runner = Hotplug.Engine.Run.Runner;

namespace Hotplug.Properties;

/// <summary>
/// What the reference model is claimed to do by itself, without the invariants beside it: it permits what a faithful
/// machine does, and refutes what a lying or a faulty one does.
/// </summary>
[Properties(MaxTest = 150, Replay = "20191024,183", QuietOnSuccess = true)]
[TestCaseOrderer("Hotplug.Properties.PropertiesFirst", "Hotplug.Properties")]
public sealed class ModelProperties
{
    private const int Operations = 60;
    private const ulong RunsOfFailures = 16;
    private const int RunsOfFaults = 2000;

    // Of what is explored to the end elsewhere.
    private const int Depth = 2;

    // What only steps, memmap or a later consequence show: the invariants name these.
    private static readonly string[] s_notByTheModel =
    [
        "fresh-pages-marked-taken", "last-put-leaks", "failed-add-frees-foreign-memmap", "memmap-cost-not-returned",
        "memmap-cost-counted-twice", "vmemmap-freed-forwards", "poisoned-unplugged-subtracted", "empty-node-stays-online",
        "chain-stops-on-success", "priority-ignored", "online-not-told", "cancel-online-not-sent",
        "finish-offline-not-sent", "vetoed-online-not-finished", "rollback-by-default-policy", "ejection-told-as-is",
        "cmm-counts-first-page-only", "request-not-noticed", "notified-with-vmemmap",
    ];

    public static TheoryData<string> Scopes => [.. SmallScopes.All.Select(static s => s.Name)];

    public static TheoryData<string> Faults => [.. FaultTable.Forms.Select(static f => f.Id).Except(s_notByTheModel)];

    // Whom the notifier chain calls, what memmap costs in all, what is isolated at rest, what the machine prints and
    // whether it ever ends is the business of the invariants.
    public static TheoryData<Lie> Lies =>
    [
        .. Enum.GetValues<Lie>().Except(
        [
            Lie.HidesNotification, Lie.CountsMemmap, Lie.IsolatesPageblock, Lie.PrintsWarning, Lie.NeverFinishes,
        ]),
    ];

    // A real kernel shows less than our machine does: these can be told all the same.
    public static TheoryData<Lie> LiesOfAKernel =>
    [
        Lie.SaysOk, Lie.SaysAnotherErrno, Lie.FlipsBlockState, Lie.HidesBlock, Lie.InventsBlock, Lie.SwapsBlockZone,
        Lie.SwapsBlockNode, Lie.ShortensBlock, Lie.AddsPresentPage, Lie.PlugsSubBlock, Lie.CountsPoison,
        Lie.FlipsNodeMemory, Lie.FlipsNodeOnline, Lie.HidesDevice, Lie.ReferencesVmemmap,
    ];

    /// <summary>Recordings of real kernels, which show less than everything and work on after they answered.</summary>
    public static TheoryData<string> Recordings =>
        [.. Files.Select(static file => Path.GetRelativePath(KeptTraces.PathOf(""), file))];

    [Theory]
    [MemberData(nameof(Recordings))]
    public void What_a_real_kernel_did_is_permitted(string file)
    {
        var run = RecordingFile.Read(KeptTraces.PathOf(file));
        using var machine = new RecordingMachine(run);
        var runner = new Runner(machine, new Suite(new ReferenceModel(), []) { Defects = ExpectedDefects.Bundled.For(run.Kernel) });
        Assert.True(Patience.Walk(runner, run.Spec, new TraceSource(run.Operations), int.MaxValue) == Verdict.Conforms,
            runner.Violation?.ToString());
    }

    [Theory]
    [MemberData(nameof(LiesOfAKernel))]
    public void A_lie_about_a_real_kernel_is_refuted(Lie lie)
    {
        var first = 2;
        foreach (var file in Files)
        {
            var run = RecordingFile.Read(file);
            using var machine = new LyingMachine(new RecordingMachine(run), lie, first);
            var suite = new Suite(new ReferenceModel(), []) { Defects = ExpectedDefects.Bundled.For(run.Kernel) };
            var runner = new Runner(machine, suite);
            var verdict = Patience.Walk(runner, run.Spec, new TraceSource(run.Operations), int.MaxValue);
            Assert.True(!machine.Lied || verdict == Verdict.Violates, $"{file}: believed: {machine.Told}");
            first = 2 + ((first + 5) % 23);
        }
    }

    [Property(MaxTest = 1000)]
    public Property What_a_faithful_machine_does_is_permitted() => Prop.ForAll(Seeds.Any, static seed =>
    {
        using var machine = BitmapMachine.Create();
        var refutation = Refutation(machine, Steered(seed), seed, new MenuCheck(new ReferenceModel()));
        Assert.True(refutation.Length == 0, refutation);
    });

    /// <summary>Other machines show less, and what they do not show is not asserted.</summary>
    [Property(MaxTest = 600)]
    public Property A_faithful_machine_may_show_less() => Prop.ForAll(Seeds.Any, static seed =>
    {
        using var machine = Blind(seed);
        var refutation = Refutation(machine, new Sequences(), seed);
        Assert.True(refutation.Length == 0, $"shows {machine.Identity.Visible}, {machine.Identity.Levels}: {refutation}");
    });

    [Property(MaxTest = 600)]
    public Property Nobody_believes_another_answer_or_witness() => Prop.ForAll(Seeds.Any, static seed =>
    {
        using var machine = BitmapMachine.Create();
        var refutation = Refutation(machine, Steered(seed), seed, new Doubter(new ReferenceModel()));
        Assert.True(refutation.Length == 0, refutation);
    });

    [Fact]
    public void Whatever_step_fails_is_permitted_and_what_came_of_it_cannot_be_denied()
    {
        using var machine = BitmapMachine.Create();
        var suite = new Suite(new Doubter(new ReferenceModel()), []);
        using var faults = new FaultEnumeration(new Rig(machine, suite, new Sequences()));
        for (var run = 0UL; run < RunsOfFailures; run++)
        {
            var random = new SplitMix(SplitMix.Derive(3, run));
            var isKept = Patience.Await(
                () => faults.Enumerate(ref random, 12), static () => "a failure that does not come back");
            Assert.True(isKept, $"run {run}: {faults.Runner.Violation}");
        }
    }

    /// <summary>Where sequences seldom come, and what once failed: there everything is doubted.</summary>
    [Fact]
    public void What_happened_on_a_kept_way_cannot_be_denied()
    {
        using var machine = BitmapMachine.Create();
        var runner = new Runner(machine, new Suite(new Doubter(new ReferenceModel(), thorough: true), []));
        var believed = KeptTraces.Violations(runner);
        Assert.True(believed.Length == 0, believed);
    }

    /// <summary>All sequences of a few operations, among few pages.</summary>
    [Theory]
    [MemberData(nameof(Scopes))]
    public void What_happens_in_a_small_scope_cannot_be_denied(string scope)
    {
        using var machine = BitmapMachine.Create();
        var runner = new Runner(machine, new Suite(new Doubter(new ReferenceModel(), thorough: true), []));
        var found = Patience.Explore(runner, scope, Depth).Failure;
        Assert.True(found is null, $"{found?.Violation}\n{found?.ToTrace()}");
    }

    [Theory]
    [MemberData(nameof(Lies))]
    public void A_lie_is_refuted(Lie lie)
    {
        var told = 0;
        for (var run = 0UL; run < 800 && told < 40; run++)
        {
            using var machine = new LyingMachine(BitmapMachine.Create(), lie, 1 + (int)(run % 20));
            var refutation = Refutation(machine, new Sequences(), SplitMix.Derive(0x11E5, run));
            Assert.True(!machine.Lied || refutation.Length > 0, $"run {run}: believed: {machine.Told}");
            told += machine.Lied ? 1 : 0;
        }

        Assert.NotEqual(0, told);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void What_a_faulty_machine_does_is_refuted(string id)
    {
        var form = FaultTable.Find(id)!;
        using var machine = BitmapMachine.Create(form.Fault);
        var sequences = new Sequences(form.Family);
        var refuted = false;
        for (var run = 0UL; run < RunsOfFaults && !refuted; run++)
            refuted = Refutation(machine, sequences, SplitMix.Derive(7, run)).Length > 0;
        Assert.True(refuted, $"not in {RunsOfFaults} sequences: {form.Statement}");
    }

    private static IEnumerable<string> Files =>
        Directory.GetFiles(KeptTraces.PathOf("tests/Hotplug.Tests/Recordings"), "*.jsonl.gz", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal);

    // Towards a family, or with none in mind.
    private static Sequences Steered(ulong seed)
    {
        var families = Enum.GetValues<Family>();
        return seed % 3 == 0 ? new Sequences() : new Sequences(families[(int)(seed % (ulong)families.Length)]);
    }

    // Some of what can be hidden, drawn from the seed.
    private static BlindMachine Blind(ulong seed)
    {
        var random = new SplitMix(SplitMix.Derive(seed, 0xB11D));
        var hidden = (Visibility)(random.Next() & random.Next() & (ulong)Visibility.All);
        return new BlindMachine(BitmapMachine.Create(), hidden, hidesSteps: random.Below(2) == 0);
    }

    private static string Refutation(IMachine machine, Sequences sequences, ulong seed, ISpecification? specification = null)
    {
        var runner = new Runner(machine, new Suite(specification ?? new ReferenceModel(), []));
        return Patience.Walk(runner, sequences, seed, Operations) == Verdict.Conforms ? "" : runner.Violation!.ToString();
    }
}
