using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Floors;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Generators.Floors;
using Hotplug.Model;
using Xunit;

namespace Hotplug.Tests.Floors;

/// <summary>
/// Every choice of the generator is needed: without it the gate is red. Each is removed in turn, and the very sequence
/// that reached it first is run again: it must no longer do so.
/// </summary>
public sealed class RemovedChoiceTests
{
    /// <summary>So many of the default sequences reach every choice.</summary>
    private const int Sequences = 2_000;

    // Where each choice was reached first, and how often in that sequence.
    private static readonly Lazy<Dictionary<(FloorKind, string), int>> s_first = new(FindFirst);

    public static TheoryData<FloorKind> Kinds =>
        new(FloorKind.Argument, FloorKind.Spec, FloorKind.Steering, FloorKind.Arm);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Without_it_its_floor_is_not_reached(FloorKind kind)
    {
        foreach (var floor in DeclaredFloors.All.Where(f => f.Kind == kind))
        {
            Assert.True(s_first.Value.TryGetValue((kind, floor.What), out var sequence), $"{floor}: never reached");
            var share = Assert.Single(FloorJudge.Judge([floor with { Least = 1 }], Reach(sequence, floor)));
            Assert.True(!share.IsReached, $"{floor}: reached {share.Count} times without it");
        }
    }

    [Theory]
    [InlineData(OperationKind.Online, "online ok")]
    [InlineData(OperationKind.Pcp, "pcp ok")]
    [InlineData(OperationKind.Tick, "tick ok")]
    public void Without_an_operation_none_of_its_floors_is_reached(OperationKind kind, string answer)
    {
        var word = OperationTable.Of(kind).Word;
        var sequences = new Omitting(new Sequences(), null, o => o.Kind == kind);
        var reached = Run(sequences, Enumerable.Range(0, 20));
        var shares = FloorJudge.Judge(
            [.. DeclaredFloors.All.Where(f => f.What.Split(' ') is var words && (words[0] == word || words[^1] == word))], reached);
        Assert.Contains(shares, s => s.Floor.What == answer);
        Assert.All(shares, static s => Assert.False(s.IsReached, s.Floor.ToString()));
    }

    private static Dictionary<(FloorKind, string), int> FindFirst()
    {
        var first = new Dictionary<(FloorKind, string), int>();
        var wanted = DeclaredFloors.All.Where(static f => f.Kind is FloorKind.Argument or FloorKind.Spec
            or FloorKind.Steering or FloorKind.Arm).Select(static f => (f.Kind, f.What)).ToHashSet();
        for (var sequence = 0; sequence < Sequences && wanted.Count > 0; sequence++)
            foreach (var reach in Run(new Sequences(), [sequence]))
                if (reach.Count > 0 && wanted.Remove((reach.Kind, reach.What)))
                    first.Add((reach.Kind, reach.What), sequence);
        return first;
    }

    private static IEnumerable<Reach> Reach(int sequence, Floor without) => Run(without.Kind switch
    {
        FloorKind.Spec => new Omitting(new Sequences(), SpecTraits.All.Single(t => t.What == without.What).Has, null),
        FloorKind.Argument => new Omitting(new Sequences(), null, o => Has(o, without.What)),
        _ => new Sequences { Without = without },
    }, [sequence]);

    // What an operation counts for by itself.
    private static bool Has(Operation operation, string form) => ArgumentForms.Of(operation).Contains(form);

    private static IEnumerable<Reach> Run(ISequences sequences, IEnumerable<int> which)
    {
        using var machine = BitmapMachine.Create();
        var levels = machine.Identity.Levels;
        var reached = new Reached([], levels);
        var runner = new Runner(machine, new Suite(new ReferenceModel(), [])) { Watcher = reached };
        var traits = new long[SpecTraits.All.Length];
        foreach (var sequence in which)
        {
            var random = new SplitMix(SplitMix.Derive(new GateOptions().Seed, (ulong)sequence));
            var spec = sequences.DrawSpec(ref random, levels);
            for (var i = 0; i < traits.Length; i++)
                traits[i] += SpecTraits.All[i].Has(spec) ? 1 : 0;
            var source = sequences.DrawSource(ref random, spec, levels);
            runner.Walk(spec, source, new GateOptions().OperationsPerSequence);
        }

        var answers = runner.Coverage.Entries
            .Select(static e => new Reach(FloorKind.Answer, $"{OperationTable.Of(e.Kind).Word} {e.Answer}", e.Count));
        return
        [
            .. answers, .. reached.All, .. SpecTraits.All.Select((t, i) => new Reach(FloorKind.Spec, t.What, traits[i])),
            .. (sequences as ICountsChoices)?.Choices.Where(static c => c.Kind != FloorKind.Spec) ?? [],
        ];
    }
}
