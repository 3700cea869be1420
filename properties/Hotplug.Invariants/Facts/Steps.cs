using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants.Facts;

/// <summary>What facts ask of a transition.</summary>
internal static class Steps
{
    /// <summary>How many steps of this kind were taken.</summary>
    internal static int Count(Transition seen, EffectKind kind)
    {
        var count = 0;
        foreach (ref readonly var effect in seen.Outcome.Effects)
            if (effect.Kind == kind)
                count++;
        return count;
    }

    /// <summary>A step of this kind was taken.</summary>
    internal static bool Any(Transition seen, EffectKind kind) => seen.StepsTaken.Has(kind);

    /// <summary>A step of this kind was taken, with this value.</summary>
    internal static bool Any(Transition seen, EffectKind kind, long value)
    {
        foreach (ref readonly var effect in seen.Outcome.Effects)
            if (effect.Kind == kind && effect.Value == value)
                return true;
        return false;
    }

    /// <summary>The event was refused, by the first callback or by a later one.</summary>
    internal static bool Refused(Transition seen, MemoryNotification notification, bool byFirst)
    {
        foreach (ref readonly var sent in seen.Events)
            if (sent.Notification == notification && sent.RefusedAt >= 0 && byFirst == (sent.RefusedAt == sent.First))
                return true;
        return false;
    }

    /// <summary>The event was sent.</summary>
    internal static bool Sent(Transition seen, MemoryNotification notification)
    {
        foreach (ref readonly var sent in seen.Events)
            if (sent.Notification == notification)
                return true;
        return false;
    }

    /// <summary>The block that the operation is about, before; null if there was none.</summary>
    internal static BlockObservation? Block(Transition seen) =>
        seen.Target.Range.Count == 0 ? null : seen.Before.Find(seen.Spec.BlockOf(seen.Target.Range.Start));

    /// <summary>The page that the operation is about, before.</summary>
    internal static PageState Page(Transition seen) => seen.PageBefore(seen.Target.Range.Start);

    /// <summary>A page of the range had one of the flags before, and at least so many references.</summary>
    internal static bool HasPage(Transition seen, PageRange range, PageFlags flags, int references = int.MinValue)
    {
        for (var pfn = range.Start; pfn < range.End;)
        {
            var (state, count) = seen.RunBefore(pfn);
            if (state.HasAny(flags) && state.References >= references)
                return true;
            pfn += count;
        }

        return false;
    }
}
