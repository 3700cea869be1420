using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Schedules;
using Xunit;

namespace Hotplug.Tests.Schedules;

/// <summary>What the search tries first, what it tells a specification, and what it says when it finds nothing.</summary>
public sealed class LinearizationSearchTests
{
    // Four writes that overlap in part, and two that never returned; the number of the CPU is what is written.
    private static readonly ImmutableArray<RaceCall> s_calls =
    [
        Write(6, 9, -1), Write(4, 5, 7), Write(1, 0, 4), Write(5, 8, -1), Write(3, 3, 6), Write(2, 1, 2),
    ];

    [Fact]
    public void What_returned_first_is_tried_first_and_what_never_returned_last()
    {
        var spy = new Spy();
        var found = new Linearizability(spy).Search(ToyHistories.Toy.Empty, s_calls, AtRest(4));
        Assert.Equal((Linearization.Permitted, 5), (found.Verdict, found.States));
        Assert.Equal([2, 1, 3, 4], spy.Judged.Select(static j => j.Cpu));
        Assert.Equal([2, 1, 3, 4], found.Order.Select(static e => e.Call.Cpu));

        spy = new Spy();
        found = new Linearizability(spy).Search(ToyHistories.Toy.Empty, s_calls, AtRest(6));
        Assert.Equal((Linearization.Permitted, 7), (found.Verdict, found.States));
        Assert.Equal([2, 1, 3, 4, 5, 6], spy.Judged.Select(static j => j.Cpu));
        Assert.Equal([2, 1, 3, 4, 5, 6], found.Order.Select(static e => e.Call.Cpu));
    }

    [Fact]
    public void A_specification_is_told_which_other_calls_overlap()
    {
        var spy = new Spy();
        new Linearizability(spy).Search(ToyHistories.Toy.Empty, s_calls, AtRest(6));
        Assert.Equal(["1: 2 3", "2: 1", "3: 1 4", "4: 3", "5: 6", "6: 5"], spy.Judged.OrderBy(static j => j.Cpu)
            .Select(static j => $"{j.Cpu}: {string.Join(' ', j.Overlapping.Order())}"));
    }

    [Fact]
    public void Blamed_is_what_ends_the_longest_beginning_and_of_those_the_first()
    {
        RaceCall[] calls = [Read(1, 0, 3, value: 5), Read(2, 1, 4, value: 6), Write(3, 2, 5)];
        var found = new Linearizability(new ToyHistories()).Search(ToyHistories.Toy.Empty, [.. calls], AtRest(3));
        Assert.Equal(Linearization.Refuted, found.Verdict);
        Assert.Equal([3], found.Order.Select(static e => e.Call.Cpu));
        Assert.StartsWith("5, in every order of the 3 operations", found.Violation!.Observed, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_it_was_in_vain_it_does_not_look_again()
    {
        // Nobody reads what four write, in whatever order: which of them came last is all that matters.
        RaceCall[] calls = [.. Enumerable.Range(1, 4).Select(static n => Write(n, n, 10 + n)), Read(5, 0, 20, value: 9)];
        var found = new Linearizability(new ToyHistories()).Search(ToyHistories.Toy.Empty, [.. calls], AtRest(3));
        Assert.Equal(Linearization.Refuted, found.Verdict);
        // Nothing done, and of every choice of the four each of them as the last: 1 + 4 + 12 + 12 + 4.
        Assert.Equal(33, found.States);
    }

    private static RaceCall Write(int cpu, int invoked, int returned) =>
        new(cpu, Operation.LoanTarget(cpu), default, invoked, returned, ToyHistories.Outcome(0));

    private static RaceCall Read(int cpu, int invoked, int returned, long value) =>
        new(cpu, Operation.Oom(), default, invoked, returned, ToyHistories.Outcome(value));

    private static Observation AtRest(long register) => new() { ManagedTotal = register, PoisonedPages = 0 };

    // The toy, and what it was asked.
    private sealed class Spy : IHistorySpecification
    {
        private readonly ToyHistories _toy = new();

        internal List<(int Cpu, int[] Overlapping)> Judged { get; } = [];

        public object Begin(MachineSpec spec, Levels levels, object sequentialState, Observation atRest) => sequentialState;

        public ImmutableArray<object> EventsOf(RaceCall call) => _toy.EventsOf(call);

        public Judgement Judge(object state, RaceCall call, object occurrence, ReadOnlySpan<RaceCall> overlapping)
        {
            Judged.Add((call.Cpu, [.. overlapping.ToArray().Select(static o => o.Cpu)]));
            return _toy.Judge(state, call, occurrence, overlapping);
        }

        public Violation? CheckRest(object state, Observation atRest) => _toy.CheckRest(state, atRest);
    }
}
