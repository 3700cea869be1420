using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Engine.Run;

/// <summary>
/// Runs operations on one machine and judges each as soon as it was carried out: declared defects predict, invariants
/// and the specification judge. The first broken rule ends the run.
/// </summary>
/// <remarks>
/// Everything is reused: a step that conforms allocates nothing here. One thread at a time; a <see cref="Deadline"/>
/// may watch from another.
/// </remarks>
public sealed class Runner
{
    private readonly Invariant[] _invariants;
    private readonly Occasion[] _when;
    private readonly long[] _evaluated;
    private readonly int[] _atStart;
    private readonly int[][] _about;
    private readonly IKnownDefect[] _defects;
    private readonly Bindings _bindings = new();
    private readonly Transition _transition = new();
    private readonly Outcome _outcome = new();
    private readonly Menu _menu = new();
    private readonly SortedDictionary<string, long> _deviations = [];
    private readonly Observation[] _observations = [new(), new()];
    private Operation[] _executed = new Operation[64];
    private Answer[] _answers = new Answer[64];
    private int _count;
    private int _last;
    private MachineSpec _spec = new();
    private object? _state;
    private Violation? _violation;
    private Verdict _verdict;
    private long _pulse;
    private volatile Violation? _givenUp;

    /// <summary>A runner of this machine, judged by what of the suite applies to it.</summary>
    public Runner(IMachine machine, Suite suite)
    {
        Machine = machine;
        Suite = suite;
        Identity = machine.Identity;
        _invariants = [.. suite.Invariants.Where(i => i.AppliesTo(Identity))];
        _when = [.. _invariants.Select(static i => i.When)];
        _evaluated = new long[_invariants.Length];
        _atStart = About(default, isStart: true);
        _about = [.. Enum.GetValues<OperationKind>().Select(kind => About(kind, isStart: false))];
        _defects = [.. suite.Defects.Select(static make => make())];
    }

    /// <summary>The machine.</summary>
    public IMachine Machine { get; }

    /// <summary>What judges it.</summary>
    public Suite Suite { get; }

    /// <summary>Who the machine is.</summary>
    public MachineIdentity Identity { get; }

    /// <summary>(Operation × answer) over all runs.</summary>
    public Coverage Coverage { get; } = new();

    /// <summary>Watches what is done; null: nobody does.</summary>
    public IWatcher? Watcher { get; init; }

    /// <summary>Operations of the last run, the one included that ended it; valid until the next run.</summary>
    public ReadOnlySpan<Operation> Executed => _executed.AsSpan(0, _count);

    /// <summary>What they answered; valid until the next run.</summary>
    public ReadOnlySpan<Answer> Answers => _answers.AsSpan(0, _count);

    /// <summary>The rule that the last run broke, or why it is inconclusive; null if it conforms.</summary>
    public Violation? Violation => _violation;

    /// <summary>The specification's state after the last operation that conformed; null before a run.</summary>
    public object? State => _state;

    /// <summary>The invariants that apply to the machine, and how often each had something to judge, over all
    /// runs.</summary>
    public IEnumerable<(Invariant Invariant, long Count)> Evaluated =>
        _invariants.Select((invariant, i) => (invariant, _evaluated[i]));

    /// <summary>Declared deviations that were met over all runs, by the defect's id.</summary>
    public IReadOnlyDictionary<string, long> DeviationsMet => _deviations;

    /// <summary>
    /// Runs until the source ends, a rule is broken, or <paramref name="mostOperations"/> were carried out.
    /// </summary>
    public RunResult Run(MachineSpec spec, IOperationSource source, int mostOperations)
    {
        Walk(spec, source, mostOperations);
        return LastResult;
    }

    /// <summary>A copy of what came of the last run.</summary>
    public RunResult LastResult => ResultOf(_verdict, _violation);

    /// <summary>
    /// As <see cref="Run"/>, without a copy of what was done: allocates nothing while the machine conforms.
    /// </summary>
    public Verdict Walk(MachineSpec spec, IOperationSource source, int mostOperations)
    {
        _count = 0;
        _spec = spec;
        _state = null;
        _violation = null;
        _verdict = Verdict.Conforms;
        _givenUp = null;
        try
        {
            Watcher?.Begin(spec);
            if (TryStart(spec))
                WalkOn(source, mostOperations);
        }
        catch (MachineViolationException thrown)
        {
            End(Verdict.Violates, thrown.Violation);
            ForgetObservations();
        }
        catch (RunEndedException)
        {
            // What was judged before it stands.
            ForgetObservations();
        }
        catch (HarnessException thrown)
        {
            End(Verdict.Inconclusive, EngineRules.HarnessFailedOf(thrown));
            ForgetObservations();
        }
        catch (Exception thrown)
        {
            // Whatever a machine, or a judge that it misled, throws is a verdict with the trace kept.
            if (IsInMachine)
                End(Verdict.Violates, EngineRules.CrashOf(Doing, thrown));
            else
                End(Verdict.Inconclusive, EngineRules.SuiteCrashOf(Doing, thrown));
            ForgetObservations();
        }

        return _verdict;
    }

    /// <summary>What was seen last.</summary>
    internal Observation Seen => _observations[_last];

    /// <summary>What names stand for now.</summary>
    internal Bindings Bindings => _bindings;

    /// <summary>Odd while the machine has the thread; never the same again.</summary>
    internal long Pulse => Volatile.Read(ref _pulse);

    /// <summary>
    /// For a watcher on another thread: the machine has had the thread since <paramref name="pulse"/> for longer than
    /// <paramref name="limit"/>. Null if it came back meanwhile. The run ends with this result if it ever comes back.
    /// </summary>
    internal RunResult? GiveUp(long pulse, TimeSpan limit)
    {
        var violation = EngineRules.HangOf(Doing, limit);
        var result = ResultOf(Verdict.Violates, violation);
        _givenUp = violation;
        if (Pulse == pulse)
            return result;
        _givenUp = null;
        return null;
    }

    private bool IsInMachine => (_pulse & 1) == 1;

    private string Doing => _count == 0 ? "the start of the machine" : _executed[_count - 1].ToString();

    private bool TryStart(MachineSpec spec)
    {
        _bindings.Reset(spec);
        Enter();
        Machine.Reset(spec);
        Machine.Observe(_observations[_last]);
        Leave();
        foreach (var defect in _defects)
            defect.Reset();
        _transition.Start(spec, Identity.Levels, Identity.Effects, _observations[_last]);
        return JudgeTime() && JudgeForm() && JudgeInvariants() && Take(Suite.Specification.Begin(_transition));
    }

    private void WalkOn(IOperationSource source, int mostOperations)
    {
        source.Begin(_spec, Identity.Levels);
        var needsMenu = source.NeedsMenu;
        var going = true;
        while (going && _count < mostOperations)
        {
            if (needsMenu)
                Describe();
            if (_count == _executed.Length)
                Grow();
            if (!source.TryNext(_menu, out _executed[_count]))
                return;
            going = Step(_count++);
        }
    }

    private bool Step(int index)
    {
        ref readonly var operation = ref _executed[index];
        if (!_bindings.TryResolve(operation, out var target))
        {
            _answers[index] = Answer.Unbound;
            Coverage.Count(operation.Kind, Answer.Unbound);
            return true;
        }

        _answers[index] = Answer.Unfinished;
        _outcome.Clear();
        var before = _observations[_last];
        _last ^= 1;
        var after = _observations[_last];
        Enter();
        Machine.Execute(operation, target, _outcome);
        Machine.Observe(after);
        Leave();
        _answers[index] = _outcome.Answer;
        Coverage.Count(operation.Kind, _outcome.Answer);
        _transition.Next(index, before, operation, target, _outcome, after);
        return JudgeTime() && JudgeForm() && Judge();
    }

    private bool Judge()
    {
        if (_defects.Length > 0)
            Predict();
        if (!JudgeInvariants() || !Take(Suite.Specification.Judge(_state!, _transition)))
            return false;
        Watcher?.Watch(_transition);
        _bindings.Follow(_transition);
        return true;
    }

    private void Predict()
    {
        foreach (var defect in _defects)
            defect.Watch(_transition);
        foreach (var deviation in _transition.Deviations.Now)
            _deviations[deviation.Defect] = _deviations.GetValueOrDefault(deviation.Defect) + 1;
    }

    private bool JudgeTime() => _givenUp is not { } hang || End(Verdict.Violates, hang);

    private bool JudgeForm() => Garbage.Find(_transition) is not { } garbage || End(Verdict.Violates, garbage);

    private bool JudgeInvariants()
    {
        var judges = _transition.IsStart ? _atStart : _about[(int)_transition.Operation.Kind];
        if (judges.Length == 0)
            return true;
        var (steps, happened) = (_transition.StepsTaken, _transition.Happened);
        foreach (var i in judges)
        {
            if (!_when[i].Arises(steps, happened))
                continue;
            _evaluated[i]++;
            if (_invariants[i].Check(_transition) is { } violation)
                return End(Verdict.Violates, violation);
        }

        return true;
    }

    // Which invariants have anything to say of the operation, in the order of the suite.
    private int[] About(OperationKind kind, bool isStart) =>
        [.. Enumerable.Range(0, _invariants.Length).Where(i => _invariants[i].When.Names(kind, isStart))];

    private bool Take(Judgement judgement)
    {
        if (judgement.Refutation is { } refutation)
            return End(Verdict.Violates, refutation);
        // A state that is built in place stays the same object: nothing to write.
        if (!ReferenceEquals(_state, judgement.Next))
            _state = judgement.Next;
        return true;
    }

    private bool End(Verdict verdict, Violation violation)
    {
        _verdict = verdict;
        _violation = violation;
        return false;
    }

    private void Describe()
    {
        _menu.Clear();
        Suite.Specification.Describe(_state!, _menu);
    }

    private void Enter() => Volatile.Write(ref _pulse, _pulse + 1);

    private void Leave() => Volatile.Write(ref _pulse, _pulse + 1);

    private void Grow()
    {
        Array.Resize(ref _executed, _executed.Length * 2);
        Array.Resize(ref _answers, _answers.Length * 2);
    }

    // What was thrown may have left an observation half written.
    private void ForgetObservations()
    {
        _observations[0] = new Observation();
        _observations[1] = new Observation();
        if (IsInMachine)
            Leave();
    }

    private RunResult ResultOf(Verdict verdict, Violation? violation) => new(verdict,
        ImmutableArray.Create(Executed), ImmutableArray.Create(Answers),
        verdict == Verdict.Conforms ? -1 : _count - 1, violation, _spec);
}
