using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Run;
using Hotplug.Engine.Shrink;
using Hotplug.Invariants.Facts;
using Hotplug.Model;
using Hotplug.Tests.Conventions;
using Hotplug.Tests.Schedules;
using Xunit;

namespace Hotplug.Tests.Floors;

/// <summary>
/// The simplest ways to every fact, which are data. What counts a fact too seldom does not get there; what counts it too
/// often finds a simpler way: an operation less, a smaller number, a plainer machine.
/// </summary>
public sealed class FactWaysTests
{
    private const int Growths = 30;
    private const string Beginning = "fact ";

    // To look for anything shorter by all means is for failures; here simplifying has to do.
    private static readonly ShrinkBudget s_budget = new ShrinkBudget() with { Operations = 60_000, ProofOperations = 0, ProofLength = 0 };
    private static readonly Citation s_source = new("contract", "Sometimes", "happens");

    public static TheoryData<string> Facts => new(FactCatalogue.All.Select(static f => f.Id));

    [Theory]
    [MemberData(nameof(Facts))]
    public void Its_ways_lead_to_the_fact_and_nothing_simpler_does(string id) => Ends.InTime(() =>
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
    });

    [Fact]
    public void Whatever_grew_around_a_way_goes_again() => Ends.InTime(() =>
    {
        var (grown, back) = (0, 0);
        foreach (var fact in FactCatalogue.All)
        {
            using var machine = BitmapMachine.Create();
            var runner = new Runner(machine, new Suite(new ReferenceModel(), [Breaking(fact)]));
            var way = Ways(fact.Id).First();
            var random = new SplitMix(SplitMix.Derive(0x6120, (ulong)grown++));
            var large = Grown(ref random, way, runner, fact.Id);
            var shrunk = new Shrinker(runner, s_budget).Shrink(runner.Run(large.Spec, new TraceSource(large.Operations), large.Operations.Length));
            back += TraceOrder.Compare(shrunk.Minimal, way) <= 0 ? 1 : 0;
            Assert.True(shrunk.Minimal.Operations.Length <= way.Operations.Length, $"{fact.Id}\n{large}\n{shrunk.Minimal}");
        }

        // Simplifying is greedy: now and then it ends at another way of as many operations.
        Assert.InRange(back, grown - 2, grown);
    });

    // What still comes to the fact with its last operation, and not before: larger in any way.
    private static Trace Grown(ref SplitMix random, Trace way, Runner runner, string rule)
    {
        var numbers = new List<OperationNumber>();
        for (var growth = 0; growth < Growths; growth++)
        {
            var (spec, operations, at) = (way.Spec, way.Operations, random.Below(way.Operations.Length));
            OperationNumber.List(operations[at], numbers);
            var number = numbers[random.Below(numbers.Count)];
            var next = random.Below(7) switch
            {
                0 => way with { Spec = spec with { Cpus = spec.Cpus + 1 } },
                1 => way with { Spec = spec with { Notifiers = [.. spec.Notifiers, new("slub", 1)] } },
                2 => way with { Spec = spec with { AutoMovableRatio = 77, PageBytes = 8192 } },
                3 => way with { Operations = operations.Insert(at, Operation.Tick(random.Between(1, 9))) },
                4 => way with { Operations = operations.Insert(at, Operation.Alloc(Name.Allocation(7), random.Between(1, 3))) },
                5 => way with { Operations = operations.Insert(at, operations[random.Below(operations.Length)]) },
                _ when number.Place != NumberPlace.Field => way,
                _ => way with
                {
                    Operations = operations.SetItem(at, number.With(operations[at], number.Get(operations[at]) + random.Between(1, 9))),
                },
            };
            if (SpecRules.Check(next.Spec) is not null || !IsSound(next))
                continue;
            var run = runner.Run(next.Spec, new TraceSource(next.Operations), next.Operations.Length);
            if (run.Violation?.Rule == rule && run.FailedAt == next.Operations.Length - 1)
                way = next;
        }

        return way;
    }

    // Prints as what it is: every number within its bounds.
    private static bool IsSound(Trace trace)
    {
        try
        {
            return TraceText.TryParse(TraceText.Print(trace), out _, out _);
        }
        catch (IndexOutOfRangeException)
        {
            return false;
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
