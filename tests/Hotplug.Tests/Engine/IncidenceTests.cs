using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Explore;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Generators.Scopes;
using Hotplug.Model;
using Hotplug.Tests.Schedules;
using Xunit;
using Xunit.Abstractions;

namespace Hotplug.Tests.Engine;

/// <summary>How much is left to find is estimated rightly where it is known: in a scope that was visited
/// whole.</summary>
public sealed class IncidenceTests(ITestOutputHelper output)
{
    private const int Campaigns = 20;
    private const int SequenceLength = 8;
    private const int Later = 400;

    private static readonly int[] s_sizes = [25, 50, 100];

    [Theory]
    [InlineData("memmap-vetoes")]
    [InlineData("device-memory-vetoes")]
    public void The_bounds_hold_where_the_truth_is_known(string name)
    {
        var scope = SmallScopes.All.First(s => s.Name == name);
        using var machine = BitmapMachine.Create();
        var runner = new Runner(machine, new Suite(new ReferenceModel(), []));
        Assert.True(new Explorer(runner, scope, new ExploreOptions()).Explore().IsComplete);
        // What a sequence of unbound names answers is no edge of the exploration.
        var truth = runner.Coverage.Entries.Count();
        int held = 0, cases = 0;
        var atLeast = 0.0;
        for (var campaign = 0; campaign < Campaigns; campaign++)
            foreach (var size in s_sizes)
            {
                var random = new SplitMix(SplitMix.Derive((ulong)size, (ulong)campaign));
                var before = new Incidence();
                for (var i = 0; i < size; i++)
                    Take(runner, scope, ref random, before);
                Assert.InRange(before.Met, 1, truth);
                // The expectation itself, by looking: how many new ones a next sequence has, on average over many.
                var fresh = 0;
                for (var i = 0; i < Later; i++)
                {
                    var one = new Incidence();
                    Take(runner, scope, ref random, one);
                    one.Merge(before);
                    fresh += one.Met - before.Met;
                }

                cases++;
                held += (double)fresh / Later <= before.MostNewPerSequence ? 1 : 0;
                atLeast += before.AtLeast;
            }

        output.WriteLine($"the bound held in {held} of {cases}, there are {atLeast / cases:0.0} at least on average; {truth} in all");
        Assert.InRange(held, cases * 90 / 100, cases);
        // Chao's is a lower bound in expectation: single campaigns may lie above.
        Assert.InRange(atLeast / cases, truth / 2.0, truth);
    }

    [Fact]
    public void What_was_met_once_is_what_the_next_sequence_may_surprise_with() => Ends.InTime(static () =>
    {
        var incidence = new Incidence();
        for (var i = 0; i < 100; i++)
            incidence.Add([Operation.Tick(1)], [Answer.Ok]);
        Assert.Equal((1, 0), (incidence.Met, incidence.Once));
        // Nothing new in 100 sequences: 3 in 100 at most (the rule of three).
        Assert.InRange(incidence.MostNewPerSequence, 0.029, 0.031);
        incidence.Add([Operation.Oom()], [Answer.Of(Errno.EINVAL)]);
        Assert.Equal(1, incidence.Once);
        Assert.InRange(incidence.MostNewPerSequence, 0.046, 0.048);
        incidence.Add([Operation.Tick(1), Operation.Oom()], [Answer.Of(Errno.EIO), Answer.Ok]);
        // Three were met once and one always: Chao's 4 + 3 * 2 / (2 * 1).
        Assert.Equal((4, 3, 0, 7.0), (incidence.Met, incidence.Once, incidence.Twice, incidence.AtLeast));
        Assert.InRange(incidence.MostNewPerSequence, 7.75 / 102, 7.76 / 102);
        incidence.Add([Operation.Oom()], [Answer.Ok]);
        Assert.Equal((4, 2, 1, 4.5), (incidence.Met, incidence.Once, incidence.Twice, incidence.AtLeast));
    });

    [Fact]
    public void What_two_met_is_met_by_both_together_and_nothing_is_known_of_no_sequence()
    {
        var (one, other) = (new Incidence(), new Incidence());
        Assert.Equal(double.PositiveInfinity, one.MostNewPerSequence);
        one.Add([Operation.Tick(1)], [Answer.Ok]);
        other.Add([Operation.Tick(1), Operation.Oom()], [Answer.Ok, Answer.Ok]);

        one.Merge(other);

        Assert.Equal((2L, 2, 1, 1), (one.Sequences, one.Met, one.Once, one.Twice));
    }

    private static void Take(Runner runner, Scope scope, ref SplitMix random, Incidence incidence)
    {
        var operations = new Operation[SequenceLength];
        for (var i = 0; i < operations.Length; i++)
            operations[i] = scope.Alphabet[random.Below(scope.Alphabet.Length)];
        runner.Walk(scope.Spec, new TraceSource([.. operations]), operations.Length);
        var bound = Enumerable.Range(0, runner.Answers.Length).ToArray();
        var answers = runner.Answers.ToArray();
        bound = [.. bound.Where(i => answers[i].Completion != Completion.Unbound)];
        incidence.Add([.. bound.Select(i => operations[i])], [.. bound.Select(i => answers[i])]);
    }
}
