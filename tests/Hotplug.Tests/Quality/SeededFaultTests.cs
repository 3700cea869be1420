using Hotplug.Bitmap;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Explore;
using Hotplug.Engine.Faults;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Engine.Shrink;
using Hotplug.Generators;
using Hotplug.Generators.Scopes;
using Hotplug.Invariants;
using Hotplug.Model;
using Xunit;
using Xunit.Abstractions;

namespace Hotplug.Tests.Quality;

/// <summary>The suite finds what it is there for: every fault that is put into the machine on purpose.</summary>
public sealed class SeededFaultTests(ITestOutputHelper output)
{
    /// <summary>Operations that exploring this far takes are few; `hotplug faults --prove` goes all the way.</summary>
    private const int ProvedHere = 2;

    public static TheoryData<string> Faults => new(FaultTable.Forms.Select(static f => f.Id));

    [Theory]
    [MemberData(nameof(Faults))]
    public void Its_rule_kills_the_fault_within_the_budget(string id)
    {
        var fault = FaultTable.Find(id)!;
        using var machine = BitmapMachine.Create(fault.Fault);
        var start = new FaultTrial(new Rig(machine, Judges(), new Sequences()))
            .Run(new TrialOptions(fault.KilledBy) { Starts = 1, Shrinking = null })[0];
        output.WriteLine($"{start.Operations} operations");
        Assert.Equal(fault.KilledBy, start.Found?.Violation?.Rule);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void Whatever_it_began_with_its_failure_shrinks_to_one_trace_of_the_shortest_length(string id)
    {
        var fault = FaultTable.Find(id)!;
        using var machine = BitmapMachine.Create(fault.Fault);
        var starts = new FaultTrial(new Rig(machine, Judges(), new Sequences())).Run(new TrialOptions(fault.KilledBy)
        {
            Starts = 2,
            Seed = 0x5EED,
            Shrinking = new ShrinkBudget { Scopes = SmallScopes.All },
        });
        var shrunk = starts.Where(static s => s.Shrunk is not null).Select(static s => s.Shrunk!).ToArray();
        Assert.NotEmpty(shrunk);
        Assert.All(shrunk, s => Assert.Equal(fault.Shortest, s.Minimal.Operations.Length));
        Assert.All(shrunk, s => Assert.Equal(fault.Shortest - 1, s.ConformingLength));
        Assert.Single(shrunk.Select(static s => TraceText.Print(s.Minimal)).Distinct());
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void Nothing_shorter_shows_the_fault(string id)
    {
        var fault = FaultTable.Find(id)!;
        var depth = Math.Min(ProvedHere, fault.Shortest);
        var failure = SmallScopes.All.Select(scope => Explore(fault.Fault, scope, depth)).FirstOrDefault(f => f is not null);
        if (fault.Shortest > depth)
            Assert.Null(failure);
        else
            Assert.Equal((fault.Shortest, fault.KilledBy), (failure?.Executed.Length ?? 0, failure?.Violation?.Rule));
    }

    [Fact]
    public void The_corpus_has_what_it_should()
    {
        var forms = FaultTable.Forms;
        Assert.Equal(Enum.GetValues<Fault>(), forms.Select(static f => f.Fault));
        Assert.InRange(forms.Length, 100, 250);
        foreach (var family in (Family[])[Family.PageOffline, Family.References, Family.Vmemmap])
            Assert.InRange(forms.Count(f => f.Family == family), 10, 250);
        Assert.All(forms, static f => Assert.Matches("^[BI]-[0-9]{2}$", f.Catalogue));
    }

    [Fact]
    public void The_machine_without_a_fault_breaks_nothing_on_purpose()
    {
        using var machine = BitmapMachine.Create();
        Assert.Equal(0, ((ISeeded)machine).TimesBroken);
    }

    private static Suite Judges() => new(new ReferenceModel(), Catalogue.All);

    private static RunResult? Explore(Fault fault, Scope scope, int depth)
    {
        using var machine = BitmapMachine.Create(fault);
        return new Explorer(new Runner(machine, Judges()), scope, new ExploreOptions { MostOperations = depth, Rule = FaultTable.Of(fault).KilledBy })
            .Explore().Failure;
    }
}
