using Hotplug.Bitmap;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Run;
using Hotplug.Engine.Shrink;
using Hotplug.Invariants.Facts;
using Hotplug.Model;
using Hotplug.Tests.Conventions;
using Xunit;

namespace Hotplug.Tests.Floors;

/// <summary>
/// The simplest ways to every fact, which are data. What counts a fact too seldom does not get there; what counts it too
/// often finds a simpler way: an operation less, a smaller number, a plainer machine.
/// </summary>
public sealed class FactWaysTests
{
    private const string Beginning = "fact ";

    // To look for anything shorter by all means is for failures; here simplifying has to do.
    private static readonly ShrinkBudget s_budget = new ShrinkBudget() with { Operations = 60_000, ProofOperations = 0, ProofLength = 0 };
    private static readonly Citation s_source = new("contract", "Sometimes", "happens");

    public static TheoryData<string> Facts => new(FactCatalogue.All.Select(static f => f.Id));

    [Theory]
    [MemberData(nameof(Facts))]
    public void Its_ways_lead_to_the_fact_and_nothing_simpler_does(string id)
    {
        var fact = FactCatalogue.All.Single(f => f.Id == id);
        using var machine = BitmapMachine.Create();
        var runner = new Runner(machine, new Suite(new ReferenceModel(), [Breaking(fact)]));
        var ways = Ways(id).ToList();
        Assert.NotEmpty(ways);
        foreach (var way in ways)
        {
            var run = runner.Run(way.Spec, new TraceSource(way.Operations), way.Operations.Length);
            Assert.True(run.Violation?.Rule == id, $"{run.Violation}\n{way}");
            Assert.Equal(way.Operations.Length - 1, run.FailedAt);
            Assert.Equal(TraceText.Print(way), TraceText.Print(new Shrinker(runner, s_budget).Shrink(run).Minimal with { Notes = [] }));
        }
    }

    // A rule that says that the fact does not happen.
    private static Invariant Breaking(Sometimes fact) => new(fact.Id, Family.Blocks, fact.Statement, "Nothing.", s_source,
        fact.Level, Visibility.Blocks, seen => fact.Happens(seen) ? new Violation(fact.Id, "a run", "not this", fact.Statement, s_source) : null)
    {
        When = fact.When,
    };

    private static IEnumerable<Trace> Ways(string id)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "tests", "Hotplug.Tests", "Floors", "FactWays.txt"));
        foreach (var way in text.Split("\n\n").Where(w => w.StartsWith($"{Beginning}{id}\n", StringComparison.Ordinal)))
        {
            Assert.True(TraceText.TryParse(TraceText.Header + way[way.IndexOf('\n')..] + "\n", out var trace, out var error), error?.ToString());
            yield return trace;
        }
    }
}
