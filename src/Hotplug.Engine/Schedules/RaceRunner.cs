using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Schedules;

/// <summary>
/// Runs races on one machine: the prefix one operation after the other and judged as any sequence, then what overlaps,
/// as often as wanted from there, each time by another schedule.
/// </summary>
/// <remarks>
/// Judged is: what holds always, after every step; at the end, with everything at rest, whether the answers can be
/// explained, and the invariants on what is seen.
/// </remarks>
public sealed class RaceRunner : IStepWatch, IDisposable
{
    /// <summary>Steps of a schedule that is not called endless.</summary>
    public const int DefaultSteps = 5_000;

    private readonly Runner _prefix;
    private readonly IRaceJudge _judge;
    private readonly RestRules _rules;
    private readonly Scheduler _scheduler = new();
    private readonly RaceNames _names = new();
    private readonly CallRecorder _calls = new();
    private readonly Transition _transition = new();
    private readonly int _mostSteps;
    private Observation _after = new();
    private Race? _race;
    private object? _start;
    private bool _isDirty;

    /// <summary>For this machine, judged by what of the suite applies to it, and by this judge of races.</summary>
    public RaceRunner(IScheduledMachine machine, Suite suite, IRaceJudge judge, int mostSteps = DefaultSteps)
    {
        Machine = machine;
        _prefix = new Runner(machine, suite);
        _judge = judge;
        _mostSteps = mostSteps;
        _rules = new RestRules(suite.Invariants.Where(i => i.AppliesTo(machine.Identity)));
    }

    /// <summary>The machine.</summary>
    public IScheduledMachine Machine { get; }

    /// <summary>Schedules that were run.</summary>
    public long Schedules { get; private set; }

    /// <summary>Steps that they took.</summary>
    public long Steps { get; private set; }

    /// <summary>Sees every step as well, if set.</summary>
    public IStepWatch? Watch { get; set; }

    /// <summary>
    /// Carries out the prefix. False if it does not conform, or is cut short: then there is nothing to race from.
    /// </summary>
    public bool TryPrepare(Race race)
    {
        _race = null;
        Machine.Scheduler = null;
        if (_prefix.Walk(race.Spec, new TraceSource(race.Prefix), int.MaxValue) != Verdict.Conforms)
            return false;
        _start = Machine.Snapshot();
        _race = race;
        _isDirty = false;
        _names.Assign(race, _prefix.Bindings);
        _judge.Begin(race.Spec, _prefix.Identity.Levels,
            _prefix.Suite.Specification.Retain(_prefix.State!), _prefix.Seen);
        return true;
    }

    /// <summary>What the prefix came to.</summary>
    public RunResult Prefix => _prefix.LastResult;

    /// <summary>Runs the race by the next schedule of the strategy; null: there is none left.</summary>
    public RaceResult? RunNext(ISchedules schedules)
    {
        var race = _race ?? throw new InvalidOperationException("TryPrepare prepares a race; none was prepared");
        if (!schedules.TryBegin())
            return null;
        GoBack();
        _names.Begin(_prefix.Bindings);
        _calls.Begin(race);
        var broken = TimesBroken;
        Machine.Scheduler = _scheduler;
        var run = _scheduler.Run(new ScheduledWork(race.Cpus.Length, CarryOut, this), schedules, _mostSteps);
        Machine.Scheduler = null;
        _isDirty = run.IsGivenUp || run.Violation is not null;
        Schedules++;
        Steps += run.Steps;
        var result = run.Violation is not null || run.IsGivenUp ? JudgeCut(run) : JudgeRest(run);
        return result with { IsSeeded = TimesBroken > broken };
    }

    /// <summary>
    /// The machine as it was after the prefix. What was unwound may have left its own buffers half written: then it
    /// starts afresh.
    /// </summary>
    internal void GoBack()
    {
        if (_isDirty)
            Machine.Reset(_race!.Spec);
        Machine.Restore(_start!);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _scheduler.Dispose();
        Machine.Dispose();
    }

    Violation? IStepWatch.After(int step, int cpu, Position from, Position to)
    {
        if (_calls.IsUnderWay(cpu))
            _names.Follow(cpu, _calls.OperationOf(cpu), _calls.OutcomeOf(cpu));
        var seen = Watch?.After(step, cpu, from, to);
        return seen ?? Machine.FindBrokenAlways();
    }

    private void CarryOut(int cpu)
    {
        var operations = _race!.Cpus[cpu];
        for (var i = 0; i < operations.Length; i++)
        {
            if (i > 0)
                _scheduler.At(SchedulePoint.Begin, -1);
            var operation = operations[i];
            var isBound = _names.TryResolve(cpu, operation, out var target);
            var outcome = _calls.Invoke(cpu, operation, target);
            if (isBound)
                Machine.Execute(operation, target, outcome);
            else
                outcome.Answer = Answer.Unbound;
            if (isBound)
                _names.End(cpu, operation, target, outcome);
            _calls.Return(cpu);
        }
    }

    private long TimesBroken => (Machine as ISeeded)?.TimesBroken ?? 0;

    private RaceResult JudgeCut(ScheduleRun run) => run.Violation is { } broken
        ? new RaceResult(Verdict.Violates, broken, run, _calls.ToArray())
        : new RaceResult(Verdict.Conforms, null, run, []);

    private RaceResult JudgeRest(ScheduleRun run)
    {
        var calls = _calls.ToArray();
        try
        {
            Machine.Observe(_after);
        }
        catch (Exception thrown)
        {
            // An observation that is half written is of no use to the next schedule.
            _after = new Observation();
            _isDirty = true;
            return new RaceResult(Verdict.Violates, EngineRules.CrashOf("the look at the end", thrown), run, calls);
        }

        var opinion = Judge(calls);
        return opinion.Verdict != Verdict.Violates && BreaksInvariant() is { } broken
            ? new RaceResult(Verdict.Violates, broken, run, calls)
            : new RaceResult(opinion.Verdict, opinion.Violation, run, calls);
    }

    // What a judge throws is a bug of the suite, and says nothing of the machine.
    private RaceOpinion Judge(ImmutableArray<RaceCall> calls)
    {
        try
        {
            return _judge.Judge(calls, _after);
        }
        catch (Exception thrown)
        {
            return new RaceOpinion(Verdict.Inconclusive, EngineRules.SuiteCrashOf("the race", thrown));
        }
    }

    private Violation? BreaksInvariant()
    {
        var identity = _prefix.Identity;
        _transition.Start(_race!.Spec, identity.Levels, identity.Effects, _after);
        return _rules.FindBroken(_transition);
    }
}
