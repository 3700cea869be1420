using System.Collections.Immutable;
using Hotplug.Adapters.Qemu;
using Hotplug.Cli.Input;
using Hotplug.Cli.Targets;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Floors;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Invariants;

namespace Hotplug.Cli.Reports;

/// <summary>Everything that the reports of a gate say.</summary>
/// <param name="Choice">The machine that was chosen.</param>
/// <param name="Budget">How long it was to last.</param>
/// <param name="Result">What came of it.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Interrupted">It was stopped from outside, and nothing was found before.</param>
internal sealed record GateReport(Choice Choice, Budget Budget, GateResult Result, TimeSpan Elapsed, bool Interrupted)
{
    /// <summary>
    /// An interrupted gate has not said anything about the sequences that it did not run; one that did not reach what
    /// it is to reach is red, whatever the machine did.
    /// </summary>
    internal Verdict Verdict => Interrupted ? Result.Verdict.And(Verdict.Inconclusive)
        : JudgesFloors && Missed.Any() ? Verdict.Violates : Result.Verdict.And(Races?.Result.Verdict ?? Verdict.Conforms);

    /// <summary>What its races came to; null if there were none.</summary>
    internal RaceFigures? Races { get; init; }

    /// <summary>
    /// What was declared to be reached, in proportion where a gate runs fewer sequences, and how often it was; empty if
    /// nothing is, or for fewer levels.
    /// </summary>
    internal ImmutableArray<FloorShare> Floors { get; } = Choice.Levels is null
        ? FloorJudge.Judge([.. Choice.Target.Terms.Floors.Select(f => f.In(Result.Sequences, Choice.Target.Terms.FloorsFrom))],
            Result.Reached)
        : [];

    /// <summary>Floors count for a gate of a fixed number of sequences that nothing ended early.</summary>
    internal bool JudgesFloors => !Floors.IsEmpty && !Interrupted && Result.Failure is null && Budget.Time is null
        && Budget.Sequences >= Choice.Target.Terms.FloorsFrom;

    /// <summary>Floors that were not reached.</summary>
    internal IEnumerable<FloorShare> Missed => Floors.Where(static f => !f.IsReached);

    /// <summary>Of a live kernel: what it did, how long it took, and what did not finish.</summary>
    internal LiveFigures? Live { get; init; }

    /// <summary>The levels that the verdict certifies.</summary>
    internal Levels Levels => Result.Machine.Levels | (Races is null ? Levels.None : Levels.Schedules);

    internal ExitCode ExitCode => ExitCodes.Of(Verdict);

    internal double SequencesPerSecond => Result.Sequences / Math.Max(Elapsed.TotalSeconds, 0.001);

    internal double OperationsPerSecond => Result.Operations / Math.Max(Elapsed.TotalSeconds, 0.001);

    /// <summary>Evaluations of invariants, all families together.</summary>
    internal long Evaluations => Result.Shares.Sum(static s => s.Count);

    /// <summary>The families that were judged, in their order.</summary>
    internal IEnumerable<FamilyShare> Families => Result.Shares
        .GroupBy(static s => s.Invariant.Family)
        .OrderBy(static g => g.Key)
        .Select(static g => new FamilyShare(g.Key, g.Count(), g.Sum(static s => s.Count)));

    /// <summary>Invariants that this machine cannot be judged by.</summary>
    internal IEnumerable<Invariant> NotApplicable => Catalogue.All.Where(i => !i.AppliesTo(Result.Machine));

    /// <summary>Operations of the machine's levels that never succeeded.</summary>
    internal IEnumerable<OperationForm> NeverOk => OperationTable.Forms.Where(form =>
        Result.Machine.Levels.HasFlag(form.Level) && Result.Coverage.Of(form.Kind, Answer.Ok) == 0);

    /// <summary>Why a machine cannot be judged by it: the levels or views that it lacks.</summary>
    internal static string WhyNot(Invariant invariant, MachineIdentity machine)
    {
        var levels = invariant.Level & ~machine.Levels;
        if (levels != Levels.None)
            return $"needs level {LevelsText.Print(levels)}";
        var unseen = invariant.Needs & ~machine.Visible;
        return unseen != Visibility.None
            ? $"needs to see {unseen.ToString().ToLowerInvariant()}"
            : $"needs the steps {machine.Effects.Lacks(invariant.Steps)}";
    }
}

/// <summary>What one family of invariants had to judge.</summary>
/// <param name="Family">The family.</param>
/// <param name="Invariants">How many of its invariants apply.</param>
/// <param name="Evaluations">How often they were evaluated.</param>
internal readonly record struct FamilyShare(Family Family, int Invariants, long Evaluations);
