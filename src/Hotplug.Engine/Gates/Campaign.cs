using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Faults;
using Hotplug.Engine.Floors;
using Hotplug.Engine.Replay;
using Hotplug.Engine.Report;
using Hotplug.Engine.Run;
using Hotplug.Engine.Shrink;

namespace Hotplug.Engine.Gates;

/// <summary>One campaign of a <see cref="Gate"/>.</summary>
internal sealed class Campaign
{
    private const int SequencesBetweenProgress = 64;
    private const int FaultOperations = 30;
    private const long FromTrace = Worker.FromTrace;

    private readonly GateOptions _options;
    private readonly Worker[] _workers;
    private readonly Lock _lock = new();
    private readonly ImmutableArray<string>.Builder _passed = ImmutableArray.CreateBuilder<string>();
    private readonly ImmutableArray<string>.Builder _notReplayed = ImmutableArray.CreateBuilder<string>();
    private readonly ImmutableArray<string>.Builder _repeated = ImmutableArray.CreateBuilder<string>();
    private ImmutableArray<FaultPoints> _faults = [];
    private int _replayed;
    private long _next = -1;
    private long _failedSequence = long.MaxValue;
    private readonly SortedDictionary<string, Finding> _findings = new(StringComparer.Ordinal);
    private volatile bool _isAbandoned;

    internal Campaign(GateOptions options, Func<Rig> open)
    {
        _options = options;
        _workers = [.. Enumerable.Range(0, options.Workers).Select(_ => new Worker(open(), options.Facts))];
    }

    internal GateResult Run(Deadline? deadline)
    {
        foreach (var worker in _workers)
            deadline?.Watch(worker.Runner);
        if (!ReplayKept())
        {
            RunSequences();
            StrikeFaults(deadline);
        }

        var failures = ImmutableArray.CreateBuilder<Failure>();
        if (!_isAbandoned)
            foreach (var finding in _findings.Values.OrderBy(static f => f.Sequence))
                failures.Add(Shrink(finding, deadline));
        var result = ResultOf(failures.ToImmutable());
        foreach (var worker in _workers)
            worker.Rig.Machine.Dispose();
        return result;
    }

    /// <summary>The result when a machine does not come back: what its thread still holds is left alone.</summary>
    internal GateResult Hung(Runner runner, RunResult hung)
    {
        // Should the machine come back after all, nobody listens any more.
        _isAbandoned = true;
        var worker = Array.Find(_workers, w => w.Runner == runner);
        var failure = new Failure(runner.Identity, hung, hung.Executed.Length)
        {
            Reproduced = false,
            Seed = worker is null or { Sequence: FromTrace } ? null : _options.Seed,
            Sequence = worker?.Sequence ?? 0,
        };
        return ResultOf([Keep(failure)]);
    }

    // True if a kept failure still fails: then there is nothing new to look for.
    private bool ReplayKept()
    {
        var worker = _workers[0];
        worker.Sequence = FromTrace;
        foreach (var kept in _options.Failures?.Read() ?? [])
        {
            if (WhyNot(kept, worker) is { } reason)
            {
                _notReplayed.Add($"{kept.File}: {reason}");
                continue;
            }

            var trace = kept.Trace!;
            var verdict = worker.Runner.Walk(trace.Spec, new TraceSource(trace.Operations), trace.Operations.Length);
            worker.Operations += worker.Runner.Executed.Length;
            if (worker.Runner.Violation is { Rule: EngineRules.HarnessFailed } why && IsRepeated)
            {
                _notReplayed.Add($"{kept.File}: {why.Observed}");
                continue;
            }

            _replayed++;
            if (verdict == Verdict.Conforms)
            {
                _options.Failures!.Delete(kept.File);
                _passed.Add(kept.File);
                continue;
            }

            Fail(FromTrace, Confirmation.Of(worker.Runner, worker.Runner.LastResult, _options.Reruns));
            if (!_options.KeepGoing)
                return true;
        }

        return false;
    }

    private static string? WhyNot(KeptFailure kept, Worker worker)
    {
        if (kept.Error is not null)
            return kept.Error;
        var missing = kept.Trace!.Needs & ~worker.Runner.Identity.Levels;
        return missing == Levels.None ? null
            : $"{worker.Runner.Identity.Name} does not have {LevelsText.Print(missing)}";
    }

    // The first sequences of the seed once more, and in each the k-th step of each operation fails, for every k.
    private void StrikeFaults(Deadline? deadline)
    {
        var rig = _workers[0].Rig;
        if (_findings.Count > 0 || _isAbandoned || _options.FaultSequences == 0
            || !FaultEnumeration.AppliesTo(rig.Machine.Identity))
            return;
        using var faults = new FaultEnumeration(rig);
        deadline?.Watch(faults.Runner);

        // At least one, also where the time was used up by sequences.
        for (var sequence = 0; sequence < _options.FaultSequences; sequence++)
        {
            if (sequence > 0 && _options.TimeIsUp?.Invoke() == true)
                break;
            var random = new SplitMix(SplitMix.Derive(_options.Seed, (ulong)sequence));
            if (faults.Enumerate(ref random, FaultOperations))
                continue;
            Fail(FromTrace, Confirmation.Of(faults.Runner, faults.Runner.LastResult, _options.Reruns));
            break;
        }

        _faults = faults.Points;
    }

    private void RunSequences()
    {
        var others = _workers.Skip(1).Select(w => new Thread(() => Work(w)) { IsBackground = true }).ToArray();
        foreach (var thread in others)
            thread.Start();
        Work(_workers[0]);
        foreach (var thread in others)
            thread.Join();
    }

    private void Work(Worker worker)
    {
        while (!_isAbandoned && _options.TimeIsUp?.Invoke() != true)
        {
            var sequence = Interlocked.Increment(ref _next);
            // A failure of a lower sequence outranks whatever this one would find.
            if (sequence >= _options.Sequences || sequence > Volatile.Read(ref _failedSequence))
                return;
            if (RunSequence(worker, sequence) == Verdict.Conforms || IsKnown(worker.Runner.Violation!.Rule, sequence))
                continue;
            var finding = Confirmation.Of(worker.Runner, worker.Runner.LastResult, _options.Reruns);
            if (finding.Passed)
                NoteRepeated(sequence, finding);
            else
                Fail(sequence, finding);
        }
    }

    private void NoteRepeated(long sequence, Finding finding)
    {
        lock (_lock)
            _repeated.Add($"sequence {sequence}: {finding.Run.Violation!.Rule}: {finding.Run.Violation.Observed}");
    }

    private Verdict RunSequence(Worker worker, long sequence)
    {
        worker.Sequence = sequence;
        var levels = worker.Runner.Identity.Levels;
        var random = new SplitMix(SplitMix.Derive(_options.Seed, (ulong)sequence));
        var spec = worker.Rig.Sequences.DrawSpec(ref random, levels);
        var source = worker.Rig.Sequences.DrawSource(ref random, spec, levels);
        var verdict = worker.Runner.Walk(spec, source, _options.OperationsPerSequence);
        worker.Operations += worker.Runner.Executed.Length;
        worker.Incidence.Add(worker.Runner.Executed, worker.Runner.Answers);
        worker.Sequences++;
        if (worker.Sequences % SequencesBetweenProgress == 0)
            Tell(isShrinking: false);
        return verdict;
    }

    private void Fail(long sequence, Finding failed)
    {
        lock (_lock)
        {
            if (sequence >= _failedSequence || IsKnown(failed.Run.Violation!.Rule, sequence))
                return;
            if (!_options.KeepGoing)
            {
                _findings.Clear();
                Volatile.Write(ref _failedSequence, sequence);
            }

            _findings[failed.Run.Violation.Rule] = failed with { Sequence = sequence };
        }
    }

    // Of those who go on, the lowest sequence of every rule counts.
    private bool IsKnown(string rule, long sequence)
    {
        lock (_lock)
            return _options.KeepGoing && _findings.TryGetValue(rule, out var known) && known.Sequence <= sequence;
    }

    private void Tell(bool isShrinking)
    {
        if (_options.Progress is not { } tell)
            return;
        lock (_lock)
            tell(new GateProgress(Sequences, Operations, isShrinking));
    }

    private bool IsRepeated => _options.Reruns > 0;

    private long Sequences => _workers.Sum(static w => w.Sequences);

    private long Operations => _workers.Sum(static w => w.Operations);

    // The failure is kept as it was found before anything else is done with it.
    private Failure Shrink(Finding finding, Deadline? deadline)
    {
        Tell(isShrinking: true);
        var rig = _workers[0].Rig;
        var found = Keep(FailureOf(finding, finding.Run, finding.Run.Executed.Length) with
        {
            Reproduced = IsRepeated,
            Again = finding.Again,
            Records = finding.Records,
        });
        // Neither bad luck nor a failing harness becomes clearer by fewer operations.
        if (found.IsFlaky || (IsRepeated && found.Violation.Rule == EngineRules.HarnessFailed))
            return found;
        var runner = new Runner(rig.Machine, rig.Suite);
        deadline?.Watch(runner);
        var shrunk = new Shrinker(runner, _options.ShrinkBudget, _options.Stop).Shrink(finding.Run);
        if (IsRepeated && !shrunk.Reproduced)
            return found with { Again = runner.LastResult };
        var minimal = Keep(FailureOf(finding, shrunk.Result, shrunk.OriginalLength) with
        {
            Reproduced = shrunk.Reproduced,
            IsProvedMinimal = shrunk.IsProvedMinimal,
            // The last run was the minimal one again: its record counts if it failed again.
            Records = rig.Machine is IKeepsRecord keeper && runner.Violation?.Rule == found.Violation.Rule
                ? [keeper.Record] : [],
        });
        if (found.File is { } file && file != minimal.File)
            _options.Failures!.Delete(file);
        return minimal;
    }

    private Failure FailureOf(Finding finding, RunResult run, int originalLength) =>
        new(_workers[0].Runner.Identity, run, originalLength)
        {
            Seed = finding.Sequence == FromTrace ? null : _options.Seed,
            Sequence = finding.Sequence,
        };

    private Failure Keep(Failure failure) => _options.Failures is { } failures
        ? failure with { File = failures.Write(failure.Violation.Rule, failure.ToTrace()) }
        : failure;

    private GateResult ResultOf(ImmutableArray<Failure> failures)
    {
        var coverage = new Coverage();
        var incidence = new Incidence();
        var deviations = new SortedDictionary<string, long>();
        foreach (var worker in _workers)
        {
            coverage.Merge(worker.Runner.Coverage);
            incidence.Merge(worker.Incidence);
            foreach (var (defect, count) in worker.Runner.DeviationsMet)
                deviations[defect] = deviations.GetValueOrDefault(defect) + count;
        }

        var verdict = _notReplayed.Count > 0 ? Verdict.Inconclusive : Verdict.Conforms;
        return new GateResult
        {
            Verdict = failures.Aggregate(verdict, static (all, failure) => all.And(failure.Verdict)),
            Machine = _workers[0].Runner.Identity,
            Seed = _options.Seed,
            Sequences = Sequences,
            Operations = Operations,
            Coverage = coverage,
            Incidence = incidence,
            Shares = [.. SharesOf()],
            Reached = [.. ReachedIn(coverage)],
            Faults = _faults,
            DeviationsMet = deviations.ToImmutableSortedDictionary(),
            Replayed = _replayed,
            Passed = _passed.ToImmutable(),
            NotReplayed = _notReplayed.ToImmutable(),
            Repeated = _repeated.ToImmutable(),
            Failure = failures.FirstOrDefault(),
            Others = failures.IsEmpty ? [] : failures[1..],
        };
    }

    private IEnumerable<Share> SharesOf() => _workers
        .SelectMany(static w => w.Runner.Evaluated)
        .GroupBy(static e => e.Invariant.Id)
        .Select(static g => new Share(g.First().Invariant, g.Sum(static e => e.Count)));

    private IEnumerable<Reach> ReachedIn(Coverage coverage) => coverage.Entries
        .Select(static e => new Reach(FloorKind.Answer, $"{OperationTable.Of(e.Kind).Word} {e.Answer}", e.Count))
        .Concat(_workers.SelectMany(static w => w.Reached)
            .GroupBy(static r => (r.Kind, r.What))
            .Select(static g => new Reach(g.Key.Kind, g.Key.What, g.Sum(static r => r.Count))));
}
