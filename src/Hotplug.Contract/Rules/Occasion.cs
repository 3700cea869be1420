using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Rules;

/// <summary>What kinds of things, besides operations and effects, an invariant may wait for.</summary>
[Flags]
public enum Happening : byte
{
    /// <summary>Nothing in particular.</summary>
    None = 0,

    /// <summary>Some block may differ: <see cref="Transition.Changed"/> is not empty.</summary>
    BlocksChanged = 1,

    /// <summary>
    /// A zone's counters, or what they are compared with, may differ: a zone or a block changed, a declared defect
    /// predicts
    /// a deviation, or a device or balloon is or was in flight.
    /// </summary>
    ZonesChanged = 2,

    /// <summary>The operation did not succeed.</summary>
    Refused = 4,

    /// <summary>The machine lends pages, or did before: it shows the state of CMM.</summary>
    Loaning = 8,
}

/// <summary>
/// When an invariant has anything to judge. On every other transition it holds without being asked, so that a rule
/// about
/// notifier events costs nothing where none was sent. All parts must arise; <c>default</c> always does.
/// </summary>
/// <param name="Operations">The operations it is about, a bit each; 0: any, the start of a run included.</param>
/// <param name="Effects">Steps, a bit each, of which at least one must have been taken; 0: none needs to.</param>
/// <param name="Needs">What else must have happened, all of it.</param>
public readonly record struct Occasion(ulong Operations = 0, ulong Effects = 0, Happening Needs = Happening.None)
{
    /// <summary>One of these operations was carried out.</summary>
    public static Occasion Of(params ReadOnlySpan<OperationKind> operations)
    {
        ulong bits = 0;
        foreach (var operation in operations)
            bits |= 1UL << (int)operation;
        return new Occasion(Operations: bits);
    }

    /// <summary>One of these steps was taken.</summary>
    public static Occasion Of(params ReadOnlySpan<EffectKind> effects)
    {
        ulong bits = 0;
        foreach (var effect in effects)
            bits |= 1UL << (int)effect;
        return new Occasion(Effects: bits);
    }

    /// <summary>All of this happened.</summary>
    public static Occasion Of(Happening needs) => new(Needs: needs);

    /// <summary>Both arise; of operations and of effects, one of the two sides names some.</summary>
    public Occasion And(Occasion other) =>
        new(Operations | other.Operations, Effects | other.Effects, Needs | other.Needs);

    /// <summary>True if it is about this operation; an occasion that names operations never arises at the
    /// start.</summary>
    public bool Names(OperationKind operation, bool isStart) =>
        Operations == 0 || (!isStart && (Operations >> (int)operation & 1) != 0);

    /// <summary>True if it arises in a transition in which this happened.</summary>
    /// <param name="effects">The steps taken, a bit each.</param>
    /// <param name="happened">What else happened.</param>
    public bool Arises(ulong effects, Happening happened) =>
        (Effects == 0 || (Effects & effects) != 0) && (Needs & happened) == Needs;
}
