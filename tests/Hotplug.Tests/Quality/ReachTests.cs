using System.Text;
using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Model;
using Xunit;
using Xunit.Abstractions;

namespace Hotplug.Tests.Quality;

/// <summary>
/// What the default sequences are made of. What they must reach is declared, and the gate is red without it: see
/// <see cref="Hotplug.Tests.Floors.DeclaredFloorsTests"/>.
/// </summary>
public sealed class ReachTests(ITestOutputHelper output)
{
    /// <summary>A part of the default sequences: the first ones.</summary>
    private const int FirstSequences = 300;

    private static readonly Lazy<Coverage> s_reached = new(Reach);

    [Fact]
    public void Most_operations_are_carried_out_and_a_fair_share_is_refused()
    {
        output.WriteLine(Table(s_reached.Value));
        Assert.InRange(ShareOf(static answer => answer.IsOk), 0.55, 0.80);
        Assert.InRange(ShareOf(static answer => answer == Answer.Unbound), 0.01, 0.10);
    }

    // Each run goes on until it ends, whatever it says of the machine: that is for others to judge.
    private static Coverage Reach()
    {
        using var machine = BitmapMachine.Create();
        var runner = new Runner(machine, new Suite(new ReferenceModel(), []));
        var sequences = new Sequences();
        var options = new GateOptions();
        for (var sequence = 0UL; sequence < FirstSequences; sequence++)
        {
            var random = new SplitMix(SplitMix.Derive(options.Seed, sequence));
            var spec = sequences.DrawSpec(ref random, machine.Identity.Levels);
            var source = sequences.DrawSource(ref random, spec, machine.Identity.Levels);
            runner.Walk(spec, source, options.OperationsPerSequence);
        }

        return runner.Coverage;
    }

    private static double ShareOf(Predicate<Answer> what) =>
        (double)s_reached.Value.Entries.Where(e => what(e.Answer)).Sum(static e => e.Count)
        / s_reached.Value.Operations;

    private static string Table(Coverage coverage)
    {
        var text = new StringBuilder();
        foreach (var group in coverage.Entries.GroupBy(static e => e.Kind))
            text.Append($"{OperationTable.Of(group.Key).Word,-16}{group.Sum(static e => e.Count),8}  ")
                .AppendJoin("  ", group.Select(static e => $"{e.Answer} {e.Count}")).Append('\n');
        return text.ToString();
    }
}
