using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Faults;
using Hotplug.Engine.Floors;
using Hotplug.Engine.Report;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Gates;

/// <summary>How often an invariant was evaluated.</summary>
/// <param name="Invariant">The invariant.</param>
/// <param name="Count">Transitions that it judged.</param>
public readonly record struct Share(Invariant Invariant, long Count);

/// <summary>What came of a campaign, and what it did.</summary>
public sealed record GateResult
{
    /// <summary>The verdict over everything that was run.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>Who was judged.</summary>
    public required MachineIdentity Machine { get; init; }

    /// <summary>The seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Sequences run.</summary>
    public long Sequences { get; init; }

    /// <summary>Operations carried out, replayed failures included; shrinking not.</summary>
    public long Operations { get; init; }

    /// <summary>(Operation × answer), likewise.</summary>
    public Coverage Coverage { get; init; } = new();

    /// <summary>What was met in how many sequences, and what that tells of the rest.</summary>
    public Incidence Incidence { get; init; } = new();

    /// <summary>Every invariant that applies to the machine, in the order of the suite.</summary>
    public ImmutableArray<Share> Shares { get; init; } = [];

    /// <summary>What was reached, and how often: floors are compared with it.</summary>
    public ImmutableArray<Reach> Reached { get; init; } = [];

    /// <summary>Internal steps that were made to fail one after the other; empty where the machine cannot be
    /// asked.</summary>
    public ImmutableArray<FaultPoints> Faults { get; init; } = [];

    /// <summary>Declared deviations that were met, by defect.</summary>
    public ImmutableSortedDictionary<string, long> DeviationsMet { get; init; } =
        ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>Kept failures that were replayed.</summary>
    public int Replayed { get; init; }

    /// <summary>Those of them that pass now and were forgotten.</summary>
    public ImmutableArray<string> Passed { get; init; } = [];

    /// <summary>
    /// Kept failures that could not be replayed, with the reason: the verdict is then at best inconclusive.
    /// </summary>
    public ImmutableArray<string> NotReplayed { get; init; } = [];

    /// <summary>
    /// Sequences in which the harness failed once and which conformed when they were run again, with the reason.
    /// </summary>
    public ImmutableArray<string> Repeated { get; init; } = [];

    /// <summary>What ended the campaign early; null if it conforms.</summary>
    public Failure? Failure { get; init; }

    /// <summary>Of a campaign that goes on: the first failures of other rules, in the order of their
    /// sequences.</summary>
    public ImmutableArray<Failure> Others { get; init; } = [];
}
