using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Faults;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Tests.Engine.Fakes;
using Hotplug.Tests.Schedules;
using Xunit;

namespace Hotplug.Tests.Engine;

/// <summary>How soon a rule breaks is counted as anybody would count it, sequence by sequence.</summary>
public sealed class FaultTrialTests
{
    private const int Length = 5;
    private const int Rare = 980;

    [Fact]
    public void Every_start_has_sequences_of_its_own_and_counts_what_was_carried_out_until_the_rule_breaks() => Ends.InTime(() =>
    {
        var starts = Trial(Late("late", Rare)).Run(new TrialOptions("late") { Seed = 3, Starts = 4, OperationsPerSequence = Length });

        Assert.Equal(Enumerable.Range(0, 4).Select(static i => Recount((ulong)i)), starts.Select(static s => s.Operations));
        Assert.All(starts, static s => Assert.Equal("late", s.Found!.Violation!.Rule));
        Assert.All(starts, static s => Assert.Equal($"tick seconds={Rare}", Assert.Single(s.Shrunk!.Minimal.Operations).ToString()));
        Assert.True(starts.Select(static s => s.Operations).Distinct().Count() > 1);
    });

    [Fact]
    public void What_breaks_another_rule_is_counted_and_passed_over() => Ends.InTime(() =>
    {
        // Whatever is not divided by 3 breaks the other one first.
        var trial = Trial(Runs.Rule("other", static seen => !seen.IsStart && seen.Operation.Amount % 3 != 0 ? FakeSpecification.Break("other") : null),
            Late("late", 500));
        var start = Assert.Single(trial.Run(new TrialOptions("late") { Starts = 1, OperationsPerSequence = Length, Shrinking = null }));

        Assert.Equal(0, start.Found!.Executed[^1].Amount % 3);
        Assert.True(start.Operations > start.Found.Executed.Length);
        Assert.Null(start.Shrunk);
    });

    [Theory]
    [InlineData(10, 10)]
    [InlineData(11, 15)]
    public void A_search_ends_when_its_operations_are_used_up(int most, long carriedOut) => Ends.InTime(() =>
    {
        var start = Assert.Single(Trial().Run(new TrialOptions("never") { Starts = 1, MostOperations = most, OperationsPerSequence = Length }));
        Assert.Equal(new TrialStart(carriedOut, null, null), start);
    });

    private static long Recount(ulong start)
    {
        var seed = SplitMix.Derive(3, start);
        for (var (sequence, operations) = (0UL, 0L); ; sequence++)
        {
            var random = new SplitMix(SplitMix.Derive(seed, sequence));
            for (var i = 0; i < Length; i++, operations++)
                if (random.Between(1, 1000) >= Rare)
                    return operations + 1;
        }
    }

    private static Invariant Late(string id, long seconds) =>
        Runs.Rule(id, seen => !seen.IsStart && seen.Operation.Amount >= seconds ? FakeSpecification.Break(id) : null);

    private static FaultTrial Trial(params Invariant[] rules) =>
        new(new Rig(new FakeMachine(), new Suite(new FakeSpecification(), [.. rules]), new Ticks()));
}
