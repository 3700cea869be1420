using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace Hotplug.Contract.Rules;

/// <summary>Judges one transition: null if the rule holds, else the violation with its evidence. Keeps no
/// state.</summary>
public delegate Violation? InvariantCheck(Transition seen);

/// <summary>The families of invariants.</summary>
public enum Family : byte
{
    /// <summary>Memory blocks and their state machine.</summary>
    Blocks,
    /// <summary>Zones: spans and counters.</summary>
    Zones,
    /// <summary>No page is lost, none is in two places.</summary>
    Conservation,
    /// <summary>Reference counts.</summary>
    References,
    /// <summary>PageOffline.</summary>
    PageOffline,
    /// <summary>Memmap and vmemmap.</summary>
    Vmemmap,
    /// <summary>Accounting across zones and nodes.</summary>
    Accounting,
    /// <summary>Per-CPU lists.</summary>
    Pcplists,
    /// <summary>Order of notifications and steps.</summary>
    Notifiers,
    /// <summary>Failure leaves things as they were.</summary>
    Rollback,
    /// <summary>Balloons.</summary>
    Balloon,
    /// <summary>CMM.</summary>
    Cmm,
    /// <summary>Device memory.</summary>
    DeviceMemory,
    /// <summary>The online callback.</summary>
    Callback,
    /// <summary>Memory failure.</summary>
    Poison,
    /// <summary>Contiguous allocation.</summary>
    Contig,
    /// <summary>What the machine prints of itself.</summary>
    Machine,
}

/// <summary>
/// A named rule over what a machine shows: before, operation, outcome, after. It follows from its source, does not
/// forbid what the kernel permits, and knows neither the model nor any machine.
/// </summary>
/// <param name="Id">Word id: <c>zone.present-pages</c>.</param>
/// <param name="Family">Its family.</param>
/// <param name="Statement">One sentence.</param>
/// <param name="Catches">What bug it catches, in one sentence.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="Level">Levels that it needs: not applicable to a machine without one of them.</param>
/// <param name="Needs">What must be visible; not applicable otherwise.</param>
/// <param name="Check">The judgement.</param>
public sealed record Invariant(string Id, Family Family, string Statement, string Catches, Citation Source,
    Levels Level, Visibility Needs, InvariantCheck Check)
{
    /// <summary>When it has anything to judge; by default on every transition.</summary>
    public Occasion When { get; init; }

    /// <summary>
    /// Of a machine that just started it judges more than holds whenever one is at rest: by then operations may have left
    /// what looks the same and is as it should be, and what is seen does not tell.
    /// </summary>
    public bool OnlyAtStart { get; init; }

    /// <summary>Kinds of effects that must be reported; not applicable otherwise.</summary>
    public EffectKinds Steps { get; init; }

    /// <summary>True if a machine of these levels and this visibility can be judged by it.</summary>
    public bool AppliesTo(MachineIdentity machine) => (machine.Levels & Level) == Level
        && (machine.Visible & Needs) == Needs && machine.Effects.Contains(Steps);
}
