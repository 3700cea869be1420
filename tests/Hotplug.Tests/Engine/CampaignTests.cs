using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Faults;
using Hotplug.Engine.Floors;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Replay;
using Hotplug.Engine.Run;
using Hotplug.Tests.Engine.Fakes;
using Hotplug.Tests.Schedules;
using Xunit;

namespace Hotplug.Tests.Engine;

/// <summary>What comes first in a campaign counts: the lower sequence, the first kept failure, steps that fail last.</summary>
public sealed class CampaignTests : IDisposable
{
    private const int ManySequences = 10;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hotplug-campaign");

    private FailureDatabase Database => new(_folder.FullName);

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Of_two_sequences_that_fail_at_once_the_lower_counts_whichever_is_told_first(int toldFirst) => Ends.InTime(() =>
    {
        var result = new Meeting(toldFirst).Run(keepGoing: false, Fails("zero", 0), Fails("one", 1));

        Assert.Equal((0L, "zero"), (result.Failure!.Sequence, result.Failure.Violation.Rule));
        Assert.Empty(result.Others);
        // Nobody begins another one.
        Assert.Equal(2, result.Sequences);
    });

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Who_keeps_going_reports_the_lowest_sequence_of_every_rule(int toldFirst) => Ends.InTime(() =>
    {
        var result = new Meeting(toldFirst).Run(keepGoing: true, Fails("both", 0, 1));
        Assert.Equal((0L, "both"), (result.Failure!.Sequence, result.Failure.Violation.Rule));
        Assert.Empty(result.Others);
        Assert.Equal(ManySequences, result.Sequences);

        result = new Meeting(toldFirst).Run(keepGoing: true, Fails("zero", 0), Fails("one", 1));
        Assert.Equal((0L, "zero"), (result.Failure!.Sequence, result.Failure.Violation.Rule));
        Assert.Equal([(1L, "one")], result.Others.Select(static f => (f.Sequence, f.Violation.Rule)));
    });

    [Fact]
    public void Of_kept_failures_of_one_rule_the_first_is_reported_and_who_does_not_keep_going_replays_no_other()
    {
        foreach (var seconds in (int[])[901, 902, 903])
            Database.Write("late", new Trace(FakeMachine.Spec, [Operation.Tick(seconds)]));
        var first = Database.Read()[0].Trace!.Operations[0];
        var gate = GateOf(new FakeMachine(), Runs.Rule("late", static seen =>
            !seen.IsStart && seen.Operation.Amount > 900 ? FakeSpecification.Break("late") : null));
        // Without a budget what is reported is what was found.
        var options = new GateOptions { Sequences = ManySequences, Failures = Database, OperationsPerSequence = 10, ShrinkBudget = new(Operations: 0) };

        var all = gate.Run(options with { KeepGoing = true });

        Assert.Equal((first, 3), (Assert.Single(all.Failure!.Run.Executed), all.Replayed));
        Assert.Null(all.Failure.Seed);
        Assert.Empty(all.Others);
        Assert.Equal((ManySequences, 103L), (all.Sequences, all.Operations));
        Assert.Equal((1, 0L), (gate.Run(options).Replayed, gate.Run(options).Sequences));
    }

    [Fact]
    public void A_machine_that_comes_back_after_all_is_not_asked_again_and_what_it_answers_is_not_kept() => Ends.InTime(() =>
    {
        var clock = new ManualClock();
        using var release = new ManualResetEventSlim();
        using var over = new ManualResetEventSlim();
        var machine = new FakeMachine
        {
            Instead = (_, _, _) =>
            {
                clock.Advance(TimeSpan.FromSeconds(20));
                release.Wait();
                return true;
            },
            AtDispose = over.Set,
        };

        var result = GateOf(machine).Run(new GateOptions { Seed = 7, Sequences = ManySequences, Clock = clock, Failures = Database, KeepGoing = true });
        Assert.Equal(EngineRules.Hang, result.Failure!.Violation.Rule);
        release.Set();
        over.Wait();

        Assert.Single(machine.Asked);
        Assert.Equal(result.Failure.File, Assert.Single(Database.Read()).File);
    });

    [Fact]
    public void Steps_are_made_to_fail_in_the_first_sequences_once_nothing_else_was_found() => Ends.InTime(static () =>
    {
        var result = GateOf(Failing()).Run(Striking());
        Assert.Equal(Verdict.Conforms, result.Verdict);
        // Two sequences of 30 operations, of which each has two callbacks.
        Assert.Equal([new FaultPoints(OperationKind.Tick, VetoPoint.Notifier, 120, 2)], result.Faults.AsEnumerable());

        Assert.Empty(GateOf(new FakeMachine()).Run(Striking()).Faults);
        Assert.Empty(GateOf(Failing()).Run(Striking() with { FaultSequences = 0 }).Faults);
        // Where the time is up before it began: of one sequence all the same.
        Assert.Equal([new FaultPoints(OperationKind.Tick, VetoPoint.Notifier, 60, 2)],
            GateOf(Failing()).Run(Striking() with { TimeIsUp = static () => true }).Faults.AsEnumerable());
        var found = GateOf(Failing(), Fails("zero", 0)).Run(Striking());
        Assert.Equal((0L, 0), (found.Failure!.Sequence, found.Faults.Length));
    });

    [Fact]
    public void What_breaks_where_a_step_is_made_to_fail_is_no_sequence_of_the_seed()
    {
        var result = GateOf(Failing(), Runs.Rule("second", static seen =>
            seen.Answer == Answer.Of(Errno.EIO) && seen.Index > 1 ? FakeSpecification.Break("second") : null)).Run(Striking());

        Assert.Equal((Verdict.Violates, "second"), (result.Verdict, result.Failure!.Violation.Rule));
        Assert.Null(result.Failure.Seed);
        Assert.Equal(ManySequences, result.Sequences);
        // The first operation had both of its callbacks fail, and then the second its first.
        Assert.Equal([new FaultPoints(OperationKind.Tick, VetoPoint.Notifier, 2, 2)], result.Faults.AsEnumerable());
    }

    [Theory]
    [InlineData(VetoPoint.Notifier)]
    [InlineData(VetoPoint.Memmap)]
    public void A_machine_that_hangs_where_a_step_fails_or_where_its_failure_is_shrunk_is_not_waited_for(VetoPoint hangs) => Ends.InTime(() =>
    {
        var clock = new ManualClock();
        using var release = new ManualResetEventSlim();
        var (failing, runs) = (Failing(), 0);
        var machine = new FakeMachine
        {
            Identity = failing.Identity,
            AtReset = () => runs++,
            Instead = (operation, target, outcome) =>
            {
                // The first ten runs are sequences; the next one is shrunk, if the tenth failed.
                if (hangs == VetoPoint.Notifier ? operation.Kind == OperationKind.Veto : runs > ManySequences)
                {
                    clock.Advance(TimeSpan.FromSeconds(20));
                    release.Wait();
                }

                failing.Execute(operation, target, outcome);
                return true;
            },
        };

        var result = GateOf(machine, Fails("last", hangs == VetoPoint.Notifier ? -1 : ManySequences - 1)).Run(Striking() with { Clock = clock });
        release.Set();

        Assert.Equal((EngineRules.Hang, (long)ManySequences), (result.Failure!.Violation.Rule, result.Sequences));
        Assert.Null(result.Failure.Seed);
    });

    [Fact]
    public void Progress_is_told_every_64_sequences_and_when_shrinking_begins()
    {
        var told = new List<GateProgress>();

        var result = new Gate(static () => new Rig(new FakeMachine(), new Suite(new FakeSpecification(), []), new Numbered()))
            .Run(new GateOptions { Sequences = 200, OperationsPerSequence = 2, Progress = told.Add });

        Assert.Equal(Verdict.Conforms, result.Verdict);
        Assert.Equal([new(64, 128, false), new(128, 256, false), new(192, 384, false)], told);
    }

    [Fact]
    public void What_all_workers_did_is_added_up() => Ends.InTime(() =>
    {
        var result = new Meeting(0).Run(keepGoing: false, Runs.Rule("always", static _ => null));

        // Each of the two did one sequence at least, and none did all.
        Assert.Equal((10L, 10L), (result.Sequences, result.Operations));
        Assert.Equal(20, Assert.Single(result.Shares).Count);
        Assert.Equal([("tick seconds=1", 1L), ("tick seconds=2..9", 8L), ("tick seconds=10..99", 1L)],
            result.Reached.Where(static r => r.Kind == FloorKind.Argument).Select(static r => (r.What, r.Count)).OrderBy(static r => r.What.Length));
        Assert.Equal(10, result.Coverage.Of(OperationKind.Tick, Answer.Ok));
        Assert.Equal(10, result.Incidence.Sequences);
    });

    [Fact]
    public void There_must_be_somebody_to_do_it() =>
        Assert.Throws<ArgumentException>(() => GateOf(new FakeMachine()).Run(new GateOptions { Workers = 0 }));

    [Fact]
    public void Deviations_of_all_workers_are_added_up()
    {
        var suite = new Suite(new FakeSpecification(), []) { Defects = [static () => new EveryTick()] };
        foreach (var workers in (int[])[1, 2])
        {
            var result = new Gate(() => new Rig(new FakeMachine(), suite, new Numbered())).Run(new GateOptions
            {
                Sequences = ManySequences,
                OperationsPerSequence = 4,
                Workers = workers,
            });
            Assert.Equal([("every-tick", 40L)], result.DeviationsMet.Select(static d => (d.Key, d.Value)));
        }
    }

    private static GateOptions Striking() => new() { Sequences = ManySequences, OperationsPerSequence = 3, FaultSequences = 2 };

    private static Gate GateOf(FakeMachine machine, params Invariant[] rules) =>
        new(() => new Rig(machine, new Suite(new FakeSpecification(), [.. rules]), new Numbered()));

    private static Invariant Fails(string rule, params int[] sequences) => Runs.Rule(rule, seen =>
        !seen.IsStart && sequences.Contains(Numbered.SequenceOf(seen.Operation)) ? FakeSpecification.Break(rule) : null);

    // Every operation has two callbacks that can be made to fail.
    private static FakeMachine Failing()
    {
        var armed = default(Operation);
        return new FakeMachine
        {
            Identity = new("fails", "1", Levels.Core | Levels.Faults | Levels.Effects, Visibility.Blocks)
            {
                Effects = EffectKinds.Of(EffectKind.FaultInjected),
            },
            Instead = (operation, _, outcome) =>
            {
                if (operation.Kind != OperationKind.Veto && armed is { Kind: OperationKind.Veto, Choice: (int)VetoPoint.Notifier, Amount: <= 2 })
                {
                    outcome.Add(new Effect(EffectKind.FaultInjected, default, Errno: armed.Errno));
                    outcome.Answer = Answer.Of(armed.Errno);
                }

                armed = operation;
                return true;
            },
        };
    }

    // Every operation of sequence N is 'tick seconds=N+1'.
    private sealed class Numbered : ISequences, IOperationSource
    {
        private static readonly ulong[] s_first =
            [.. Enumerable.Range(0, ManySequences).Select(static n => new SplitMix(SplitMix.Derive(0, (ulong)n)).Next())];

        private int _sequence;

        public bool NeedsMenu => false;

        internal static int SequenceOf(in Operation operation) => (int)operation.Amount - 1;

        public MachineSpec DrawSpec(ref SplitMix random, Levels levels) => FakeMachine.Spec;

        public IOperationSource DrawSource(ref SplitMix random, MachineSpec spec, Levels levels)
        {
            _sequence = Array.IndexOf(s_first, random.Next());
            return this;
        }

        public void Begin(MachineSpec spec, Levels levels)
        {
            // The same again and again.
        }

        public bool TryNext(Menu menu, out Operation operation)
        {
            operation = Operation.Tick(_sequence + 1);
            return true;
        }
    }

    // Sequences 0 and 1 run at the same time; what the second of them finds is told when what the first found was.
    private sealed class Meeting(int toldFirst)
    {
        private readonly TaskCompletionSource[] _begun = [new(), new()];
        private readonly TaskCompletionSource _told = new();
        private int _thread = -1;

        internal GateResult Run(bool keepGoing, params Invariant[] rules) =>
            new Gate(() => new Rig(new FakeMachine { Instead = Meet }, new Suite(new FakeSpecification(), [.. rules]), new Numbered()))
                .Run(new GateOptions
                {
                    Sequences = ManySequences,
                    OperationsPerSequence = 1,
                    Workers = 2,
                    KeepGoing = keepGoing,
                    TimeIsUp = Ask,
                });

        // A worker asks when it has told what it found.
        private bool Ask()
        {
            if (Environment.CurrentManagedThreadId == Volatile.Read(ref _thread))
                _told.TrySetResult();
            return false;
        }

        private bool Meet(Operation operation, Target target, Outcome outcome)
        {
            var sequence = Numbered.SequenceOf(operation);
            if (sequence > 1)
                return true;
            _begun[sequence].TrySetResult();
            _begun[1 - sequence].Task.Wait();
            if (sequence == toldFirst)
                Volatile.Write(ref _thread, Environment.CurrentManagedThreadId);
            else
                _told.Task.Wait();
            return true;
        }
    }

    private sealed class EveryTick : IKnownDefect
    {
        public string Id => "every-tick";

        public void Reset()
        {
            // Nothing is remembered.
        }

        public void Watch(Transition seen) => seen.Deviations.Predict(new Deviation(Id, DeviationKind.KernelWarning, Amount: 1));
    }
}
