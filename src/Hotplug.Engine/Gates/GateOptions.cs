using System.Collections.Immutable;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Replay;
using Hotplug.Engine.Shrink;

namespace Hotplug.Engine.Gates;

/// <summary>How far a campaign has come.</summary>
/// <param name="Sequences">Sequences run.</param>
/// <param name="Operations">Operations carried out.</param>
/// <param name="IsShrinking">A failure was found and is being shrunk.</param>
public readonly record struct GateProgress(long Sequences, long Operations, bool IsShrinking);

/// <summary>What a campaign is to do.</summary>
public sealed record GateOptions
{
    /// <summary>The seed: sequence i is drawn from it and i alone.</summary>
    public ulong Seed { get; init; }

    /// <summary>How many sequences at most.</summary>
    public long Sequences { get; init; } = 1_000;

    /// <summary>In how many sequences every internal step of every operation is made to fail; 0: in none.</summary>
    public int FaultSequences { get; init; }

    /// <summary>How many operations a sequence has at most.</summary>
    public int OperationsPerSequence { get; init; } = 100;

    /// <summary>
    /// Asked before every sequence, by every worker: true ends the campaign. The engine has no clock of its own.
    /// </summary>
    public Func<bool>? TimeIsUp { get; init; }

    /// <summary>
    /// How many threads run sequences, each on a rig of its own. The lowest failing sequence is reported.
    /// </summary>
    public int Workers { get; init; } = 1;

    /// <summary>Facts that are counted when they happen.</summary>
    public ImmutableArray<Sometimes> Facts { get; init; } = [];

    /// <summary>Where failures are kept; null keeps none.</summary>
    public FailureDatabase? Failures { get; init; }

    /// <summary>Watches for machines that hang; null: a hang is the caller's to notice.</summary>
    public TimeProvider? Clock { get; init; }

    /// <summary>How long one operation may take by that clock.</summary>
    public TimeSpan OperationLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How often what did not conform is run again before it counts, on machines whose answers may differ from run to
    /// run: what does not show again is flaky, which is inconclusive. 0: whatever shows once counts.
    /// </summary>
    public int Reruns { get; init; }

    /// <summary>Do not end at the first failure: find the first of every rule that breaks.</summary>
    public bool KeepGoing { get; init; }

    /// <summary>Ends shrinking early, with the simplest failure so far.</summary>
    public CancellationToken Stop { get; init; }

    /// <summary>Called now and then, by one thread at a time.</summary>
    public Action<GateProgress>? Progress { get; init; }

    /// <summary>How much work shrinking may be.</summary>
    public ShrinkBudget ShrinkBudget { get; init; } = new();
}
