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
    /// predicts a deviation, or a device or balloon is or was in flight.
    /// </summary>
    ZonesChanged = 2,

    /// <summary>The operation did not succeed.</summary>
    Refused = 4,

    /// <summary>The machine lends pages, or did before: it shows the state of CMM.</summary>
    Loaning = 8,
}

/// <summary>
/// When an invariant has anything to judge. On every other transition it holds without being asked, so that a rule about
/// notifier events costs nothing where none was sent. All parts must arise; <c>default</c> always does.
/// </summary>
/// <param name="Operations">The operations it is about, a bit each; 0: any, the start of a run included.</param>
/// <param name="Effects">Steps of which at least one must have been taken; empty: none needs to.</param>
/// <param name="Needs">What else must have happened, all of it.</param>
public readonly record struct Occasion(
    ulong Operations = 0, EffectKinds Effects = default, Happening Needs = Happening.None)
{
    /// <summary>One of these operations was carried out.</summary>
    public static Occasion Of(params ReadOnlySpan<OperationKind> operations) => default(Occasion).Or(operations);

    /// <summary>One of these steps was taken.</summary>
    public static Occasion Of(params ReadOnlySpan<EffectKind> effects) => new(Effects: EffectKinds.Of(effects));

    /// <summary>All of this happened.</summary>
    public static Occasion Of(Happening needs) => new(Needs: needs);

    /// <summary>The same for these operations as well.</summary>
    public Occasion Or(params ReadOnlySpan<OperationKind> operations)
    {
        var bits = Operations;
        foreach (var operation in operations)
            bits |= 1UL << (int)operation;
        return this with { Operations = bits };
    }

    /// <summary>Both arise; of operations, and of effects, only one of the two names any.</summary>
    public Occasion And(Occasion other) => new(Operations | other.Operations,
        new EffectKinds(Effects.Bits | other.Effects.Bits), Needs | other.Needs);

    /// <summary>
    /// True if it is about this operation; an occasion that names operations never arises at the start.
    /// </summary>
    public bool Names(OperationKind operation, bool isStart) =>
        Operations == 0 || (!isStart && (Operations >> (int)operation & 1) != 0);

    /// <summary>True if it arises in a transition in which this happened.</summary>
    /// <param name="steps">The steps taken.</param>
    /// <param name="happened">What else happened.</param>
    public bool Arises(EffectKinds steps, Happening happened) =>
        (Effects.Bits == 0 || Effects.Intersects(steps)) && (Needs & happened) == Needs;
}
