namespace Hotplug.Contract.Machines;

/// <summary>A set of kinds of effects.</summary>
/// <param name="Bits">Bit n stands for the kind with the value n.</param>
public readonly record struct EffectKinds(ulong Bits)
{
    /// <summary>Every kind.</summary>
    public static EffectKinds All { get; } = Of(Enum.GetValues<EffectKind>());

    /// <summary>The set of these kinds.</summary>
    public static EffectKinds Of(params ReadOnlySpan<EffectKind> kinds)
    {
        ulong bits = 0;
        foreach (var kind in kinds)
            bits |= 1UL << (int)kind;
        return new EffectKinds(bits);
    }

    /// <summary>The kinds that happened.</summary>
    public static EffectKinds In(ReadOnlySpan<Effect> effects)
    {
        ulong bits = 0;
        foreach (ref readonly var effect in effects)
            bits |= 1UL << (int)effect.Kind;
        return new EffectKinds(bits);
    }

    /// <summary>True if the kind is in the set.</summary>
    public bool Has(EffectKind kind) => (Bits >> (int)kind & 1) == 1;

    /// <summary>True if every kind of the other set is in this one.</summary>
    public bool Contains(EffectKinds other) => (Bits & other.Bits) == other.Bits;

    /// <summary>True if some kind is in both sets.</summary>
    public bool Intersects(EffectKinds other) => (Bits & other.Bits) != 0;

    /// <summary>What is in the other set and not in this one.</summary>
    public EffectKinds Lacks(EffectKinds other) => new(other.Bits & ~Bits);

    /// <summary>Prints the words, separated by blanks.</summary>
    public override string ToString()
    {
        var set = this;
        return string.Join(' ', Enum.GetValues<EffectKind>().Where(k => set.Has(k)).Select(static k => Words.Of(k)));
    }
}
