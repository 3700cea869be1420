using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Operations;

/// <summary>Errors that were put there on purpose: the sticky injector and the armed veto.</summary>
internal static class Refusals
{
    private static readonly Citation s_chain = new("v6.12", "kernel/notifier.c", "notifier_call_chain");
    private static readonly Citation s_inject = new("v6.12", "lib/fault-inject.c", "should_fail_ex");

    /// <summary>The sticky error of the injector for onlining or offlining; none if the chain has no
    /// injector.</summary>
    public static Errno Sticky(in Ruling ruling, bool online) => Sticky(ruling.State, online);

    /// <summary>As <see cref="Sticky(in Ruling, bool)"/>.</summary>
    public static Errno Sticky(State state, bool online)
    {
        foreach (var notifier in state.Spec.Notifiers)
            if (notifier.Name == "injector")
                return online ? state.OnlineError : state.OfflineError;
        return Errno.None;
    }

    /// <summary>True if the answer is the armed failure of this point.</summary>
    public static bool IsVeto(in Ruling ruling, VetoPoint point) =>
        ruling.State.Veto is { K: > 0 } veto && veto.Point == point && ruling.Is(veto.Errno) && veto.Errno != Errno.None;

    /// <summary>True if a notifier refused on purpose with this very answer.</summary>
    public static bool IsRefused(in Ruling ruling, bool online) =>
        (IsVeto(ruling, VetoPoint.Notifier) || (ruling.Answer.IsErrno && ruling.Is(Sticky(ruling, online))))
        && (!ruling.Seen.Levels.HasFlag(Levels.Effects) || SomebodyRefused(ruling));

    /// <summary>
    /// True if memory was nearly gone, so that a callback may have failed to allocate:
    /// slab_mem_going_online_callback(). Only
    /// for machines whose pages are not followed one by one; a kernel keeps its watermarks, so not all that is free is
    /// to be had.
    /// </summary>
    public static bool IsExhausted(Transition seen)
    {
        if (seen.Sees(Visibility.Placement))
            return false;
        long free = 0;
        foreach (ref readonly var zone in seen.Before.Zones)
            free += zone.Free;
        return free < KernelReserve;
    }

    /// <summary>Free pages that a kernel may refuse to hand out: watermarks, reserves, per-CPU lists.</summary>
    public const long KernelReserve = 8192;

    /// <summary>Why success is not permitted: somebody had to refuse. Null if nobody had to.</summary>
    public static Violation? MustRefuse(in Ruling ruling, bool online)
    {
        var sticky = Sticky(ruling, online);
        if (sticky != Errno.None)
            return Why(ruling, $"{ErrnoText.Print(sticky)} from the injector");
        if (ruling.State.Veto is not { K: > 0, Point: VetoPoint.Notifier } veto || veto.Errno == Errno.None
            || !ruling.Seen.Levels.HasFlag(Levels.Effects))
            return null;
        return Calls(ruling.Seen.Outcome) >= veto.K
            ? Why(ruling, $"{ErrnoText.Print(veto.Errno)} from callback call {veto.K}")
            : null;
    }

    /// <summary>Why nothing is permitted: a step took place that was armed to fail. Null where none did, or steps
    /// cannot be seen.</summary>
    public static Violation? MustHaveFailed(in Ruling ruling)
    {
        var veto = ruling.State.Veto;
        var outcome = ruling.Seen.Outcome;
        var done = veto.Point switch
        {
            VetoPoint.Memmap => Count(outcome, EffectKind.VmemmapPopulated),
            VetoPoint.BlockDevice => Count(outcome, EffectKind.BlockCreated),
            VetoPoint.Migration when ruling.IsOk && ruling.Seen.Sees(Visibility.Placement)
                && IsFinal(ruling.Seen.Operation.Kind, veto.Errno) =>
                outcome.PagesOf(WitnessRole.Migrated),
            _ => 0,
        };
        return veto.K > 0 && veto.Errno != Errno.None && done >= veto.K
            ? new Violation("fault.honoured", ruling.Seen.Operation.ToString(),
                $"{ErrnoText.Print(veto.Errno)} in place of step {veto.K} of its kind", $"{done} such steps, and {ruling.Answer}", s_inject)
            : null;
    }

    // Offlining tries again to move what it could not; alloc_contig_range() too, unless memory is what was missing.
    private static bool IsFinal(OperationKind kind, Errno errno) =>
        kind == OperationKind.SoftOffline || (kind == OperationKind.Contig && errno == Errno.ENOMEM);

    private static long Count(Outcome outcome, EffectKind kind)
    {
        long steps = 0;
        foreach (ref readonly var effect in outcome.Effects)
            if (effect.Kind == kind)
                steps++;
        return steps;
    }

    // Where callback calls can be seen, the one that refused is among them.
    private static bool SomebodyRefused(in Ruling ruling)
    {
        foreach (ref readonly var effect in ruling.Seen.Outcome.Effects)
            if (effect.Kind == EffectKind.Notified && ruling.Is(effect.Errno))
                return true;
        return false;
    }

    /// <summary>How many callback calls of the operation could have refused.</summary>
    private static long Calls(Outcome outcome)
    {
        long calls = 0;
        foreach (ref readonly var effect in outcome.Effects)
            if (effect.Kind == EffectKind.Notified && effect.Notification is MemoryNotification.GoingOnline
                or MemoryNotification.GoingOffline or MemoryNotification.PrepareOnline)
                calls++;
        return calls;
    }

    private static Violation Why(in Ruling ruling, string expected) =>
        new("notifier.refusal-honoured", ruling.Seen.Operation.ToString(), expected, ruling.Answer.ToString(), s_chain);
}
