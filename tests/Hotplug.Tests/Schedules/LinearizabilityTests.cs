using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Schedules;
using Hotplug.Model.Histories;
using Xunit;

namespace Hotplug.Tests.Schedules;

public sealed class LinearizabilityTests
{
    private static readonly ToyHistories s_toy = new();

    [Fact]
    public void The_search_and_a_brute_force_agree_on_60_000_small_random_histories() => DemandAgreement(60_000, Random());

    [Fact]
    public void The_search_and_a_brute_force_agree_on_40_000_small_histories_of_hotplug() => DemandAgreement(40_000, OfHotplug());

    [Fact]
    public void They_agree_on_the_first_of_these_at_once() => Ends.InTime(() =>
    {
        DemandAgreement(800, Random());
        DemandAgreement(400, OfHotplug());
    });

    [Fact]
    public void Real_time_orders_what_did_not_overlap()
    {
        RaceCall[] calls =
        [
            new(0, Operation.LoanTarget(3), default, 0, 1, ToyHistories.Outcome(0)),
            new(1, Operation.Oom(), default, 2, 3, ToyHistories.Outcome(0)),
        ];
        var found = new Linearizability(s_toy).Search(ToyHistories.Toy.Empty, [.. calls], AtRest(3, 0));
        Assert.Equal(Linearization.Refuted, found.Verdict);
        Assert.Equal("toy.reads", found.Violation!.Rule);
        Assert.Equal("cpu0 loan-target pages=3: happens", Assert.Single(found.Order).ToString());
    }

    [Fact]
    public void Two_additions_that_overlap_may_lose_one()
    {
        RaceCall[] calls =
        [
            new(0, Operation.Tick(1), default, 0, 2, ToyHistories.Outcome(0)),
            new(1, Operation.Tick(1), default, 1, 3, ToyHistories.Outcome(0)),
        ];
        var found = new Linearizability(s_toy).Search(ToyHistories.Toy.Empty, [.. calls], AtRest(1, 0));
        Assert.Equal(Linearization.Permitted, found.Verdict);
        Assert.Equal(4, found.Order.Length);
        Assert.Equal(Linearization.Refuted, new Linearizability(s_toy).Search(ToyHistories.Toy.Empty, [.. calls],
            AtRest(3, 0)).Verdict);
    }

    [Fact]
    public void What_never_returned_may_have_happened_or_not()
    {
        RaceCall[] calls = [new(0, Operation.LoanTarget(3), default, 0, -1, ToyHistories.Outcome(0))];
        foreach (var register in (long[])[0, 3])
            Assert.Equal(Linearization.Permitted,
                new Linearizability(s_toy).Search(ToyHistories.Toy.Empty, [.. calls], AtRest(register, 0)).Verdict);
    }

    [Fact]
    public void A_history_that_exceeds_the_bound_is_unknown_and_says_the_bound()
    {
        var calls = Enumerable.Range(0, 8)
            .Select(i => new RaceCall(i % 4, Operation.Tick(1), default, i, 8 + i, ToyHistories.Outcome(0))).ToArray();
        var found = new Linearizability(s_toy, mostStates: 500).Search(ToyHistories.Toy.Empty, [.. calls],
            AtRest(99, 0));
        Assert.Equal(Linearization.Unknown, found.Verdict);
        Assert.Equal(500, found.States);
        Assert.Null(found.Violation);
    }

    private static IEnumerable<(IHistorySpecification, object, ImmutableArray<RaceCall>, Observation)> Random()
    {
        for (var random = new SplitMix(11); ;)
        {
            var (calls, atRest) = ToyDraw.Draw(ref random);
            yield return (s_toy, ToyHistories.Toy.Empty, calls, atRest);
        }
    }

    private static IEnumerable<(IHistorySpecification, object, ImmutableArray<RaceCall>, Observation)> OfHotplug()
    {
        var model = new HistoryModel();
        foreach (var history in HotplugHistories.Draw(5))
            yield return (model, model.Begin(history.Spec, history.Levels, history.State, history.Before), history.Calls, history.After);
    }

    private static void DemandAgreement(
        int count, IEnumerable<(IHistorySpecification Specification, object Initial, ImmutableArray<RaceCall> Calls, Observation AtRest)> histories)
    {
        int permitted = 0, refuted = 0;
        foreach (var (specification, initial, calls, atRest) in histories.Take(count))
        {
            var found = new Linearizability(specification).Search(initial, calls, atRest);
            var expected = BruteForce.IsPermitted(specification, initial, calls, atRest);
            Assert.Equal(expected ? Linearization.Permitted : Linearization.Refuted, found.Verdict);
            _ = expected ? permitted++ : refuted++;
        }

        Assert.True(permitted > count / 6 && refuted > count / 6, $"{permitted} permitted, {refuted} refuted");
    }

    private static Observation AtRest(long register, int queued) => new() { ManagedTotal = register, PoisonedPages = queued };
}
