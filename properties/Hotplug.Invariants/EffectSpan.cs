using Hotplug.Contract;
using Hotplug.Contract.Machines;

namespace Hotplug.Invariants;

/// <summary>Looks through a part of an operation's effects.</summary>
internal static class EffectSpan
{
    /// <summary>True if a step of this kind was taken for exactly this range.</summary>
    internal static bool Include(this ReadOnlySpan<Effect> effects, EffectKind kind, PageRange range)
    {
        foreach (ref readonly var effect in effects)
            if (effect.Kind == kind && effect.Range == range)
                return true;
        return false;
    }
}
