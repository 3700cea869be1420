using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Rules;

/// <summary>
/// One event of the memory notifier chain: the callbacks that one memory_notify() called, in a row, whatever they did
/// in between.
/// </summary>
/// <param name="Notification">Which event.</param>
/// <param name="Range">The pages that its argument names.</param>
/// <param name="First">Index of the effect of its first callback.</param>
/// <param name="End">Index after the effect of its last callback.</param>
/// <param name="RefusedAt">Index of the effect of the callback that refused; −1 if none did.</param>
public readonly record struct ChainEvent(
    MemoryNotification Notification, PageRange Range, int First, int End, int RefusedAt)
{
    /// <summary>The first event from this effect on; false if there is none.</summary>
    internal static bool TryFind(ReadOnlySpan<Effect> effects, int at, out ChainEvent found)
    {
        while (at < effects.Length && effects[at].Kind != EffectKind.Notified)
            at++;
        if (at == effects.Length)
        {
            found = default;
            return false;
        }

        ref readonly var begin = ref effects[at];
        var (first, end, refused) = (at, at, -1);
        for (; at < effects.Length; at++)
        {
            ref readonly var effect = ref effects[at];
            if (effect.Kind != EffectKind.Notified)
                continue;
            if (effect.Notification != begin.Notification || effect.Range != begin.Range)
                break;
            end = at + 1;
            if (effect.Errno != Errno.None && refused < 0)
                refused = at;
        }

        found = new ChainEvent(begin.Notification, begin.Range, first, end, refused);
        return true;
    }
}
