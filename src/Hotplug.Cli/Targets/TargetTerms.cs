using Hotplug.Contract.Machines;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Engine.Shrink;
using Hotplug.Generators;

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

    /// <summary>How many machines may run side by side.</summary>
    public int MostWorkers { get; init; } = int.MaxValue;

    /// <summary>How many operations a sequence has at most.</summary>
    public int OperationsPerSequence { get; init; } = new GateOptions().OperationsPerSequence;

    /// <summary>How long one operation may take.</summary>
    public TimeSpan OperationLimit { get; init; } = new GateOptions().OperationLimit;

    /// <summary>How often what did not conform is run again before it counts.</summary>
    public int Reruns { get; init; }

    /// <summary>How much work shrinking may be.</summary>
    public ShrinkBudget Shrinking { get; init; } = new();
}
