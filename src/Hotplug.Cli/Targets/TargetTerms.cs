using System.Collections.Immutable;
using Hotplug.Cli.Commands;
using Hotplug.Contract.Machines;
using Hotplug.Engine.Floors;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Engine.Shrink;
using Hotplug.Generators;
using Hotplug.Generators.Scopes;

namespace Hotplug.Cli.Targets;

/// <summary>
/// On which terms machines of a target are tested: what judges them, what drives them, how much they can bear.
/// </summary>
public sealed record TargetTerms
{
    /// <summary>The terms of machines that are fast and whose every answer is theirs.</summary>
    public static TargetTerms Usual { get; } = new();

    /// <summary>What judges a machine.</summary>
    public Func<MachineIdentity, Suite> Suite { get; init; } = static _ => Judges.Suite();

    /// <summary>What drives a machine.</summary>
    public Func<MachineIdentity, ISequences> Sequences { get; init; } = static _ => new Sequences();

    /// <summary>What a default gate must reach; empty for machines that were never measured.</summary>
    public ImmutableArray<Floor> Floors { get; init; } = [];

    /// <summary>From how many sequences on a gate is judged by its floors.</summary>
    public long FloorsFrom { get; init; } = GateCommand.DefaultSequences;

    /// <summary>How many machines may run side by side.</summary>
    public int MostWorkers { get; init; } = int.MaxValue;

    /// <summary>How many operations a sequence has at most.</summary>
    public int OperationsPerSequence { get; init; } = new GateOptions().OperationsPerSequence;

    /// <summary>How long one operation may take.</summary>
    public TimeSpan OperationLimit { get; init; } = new GateOptions().OperationLimit;

    /// <summary>How often what did not conform is run again before it counts.</summary>
    public int Reruns { get; init; }

    /// <summary>Every failure is explained, which takes some dozens of runs; otherwise 'hotplug explain' does.</summary>
    public bool Explains { get; init; } = true;

    /// <summary>How much work shrinking may be.</summary>
    public ShrinkBudget Shrinking { get; init; } = new() { Scopes = SmallScopes.All };
}
