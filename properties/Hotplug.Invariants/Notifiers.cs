using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>The memory notifier chain: which events an operation sends, whom they reach, and in which order.</summary>
public static class Notifiers
{
    /// <summary>Catches an event that is missing, doubled or out of turn.</summary>
    public static readonly Invariant Grammar = new(
        "notifier.grammar", Family.Notifiers,
        "The events of a memory block follow the grammar: every GOING ends in its ONLINE, OFFLINE or CANCEL, and "
        + "6.12 frames them with PREPARE_ONLINE and FINISH_OFFLINE.",
        "A callback that waits for ever because the event that ends what it began is missing.",
        new Citation("v6.12", "mm/memory_hotplug.c", "offline_pages"),
        Levels.Effects, Visibility.Blocks, CheckGrammar)
    {
        When = When.Notified,
        Steps = EffectKinds.Of(EffectKind.Notified),
    };

    /// <summary>Catches a chain that is called out of order.</summary>
    public static readonly Invariant PriorityOrder = new(
        "notifier.priority-order", Family.Notifiers,
        "Callbacks are called by falling priority, those of equal priority in the order in which they were registered.",
        "A callback that frees its pages before one that may still refuse has been asked.",
        new Citation("v6.12", "kernel/notifier.c", "notifier_chain_register"),
        Levels.Effects, Visibility.None, CheckPriority)
    {
        When = When.Notified,
        Steps = EffectKinds.Of(EffectKind.Notified),
    };

    /// <summary>Catches callbacks that learn of an event that was refused before their turn.</summary>
    public static readonly Invariant StopsAtRefusal = new(
        "notifier.stops-at-refusal", Family.Notifiers,
        "After a callback has refused an event, no later callback sees that event.",
        "A callback that acts on an operation that will not take place.",
        new Citation("v6.12", "kernel/notifier.c", "notifier_call_chain"),
        Levels.Effects, Visibility.None, CheckStops)
    {
        When = When.Notified,
        Steps = EffectKinds.Of(EffectKind.Notified),
    };

    /// <summary>Catches a cancellation that reaches only those that had agreed.</summary>
    public static readonly Invariant CancelReachesWholeChain = new(
        "notifier.cancel-reaches-whole-chain", Family.Notifiers,
        "A CANCEL, and every event that cannot be refused, reaches each callback of the chain exactly once.",
        "A callback that took a lock at GOING and never hears that it is over.",
        new Citation("v6.12", "drivers/base/memory.c", "memory_notify"),
        Levels.Effects, Visibility.None, CheckCancel)
    {
        When = When.Notified,
        Steps = EffectKinds.Of(EffectKind.Notified),
    };

    /// <summary>Catches a refusal whose reason gets lost.</summary>
    public static readonly Invariant RefusalIsTheAnswer = new(
        "notifier.refusal-is-the-answer", Family.Notifiers,
        "When a callback refuses, onlining or offlining the memory block answers with its errno.",
        "A veto that is ignored, or reported as something else.",
        new Citation("v6.12", "include/linux/notifier.h", "notifier_to_errno"),
        Levels.Effects, Visibility.None, CheckAnswer)
    {
        When = When.OnliningOrOfflining.Or(OperationKind.WriteOnline).And(When.Notified),
        Steps = EffectKinds.Of(EffectKind.Notified),
    };

    /// <summary>Catches callbacks that are handed vmemmap as if it were memory.</summary>
    public static readonly Invariant RangeExcludesVmemmap = new(
        "notifier.range-excludes-vmemmap", Family.Notifiers,
        "Events name the pages of a memory block without its self-hosted vmemmap; PREPARE_ONLINE and "
        + "FINISH_OFFLINE name the whole block.",
        "A callback that treats page descriptors as ordinary pages of the range.",
        new Citation("v6.12", "drivers/base/memory.c", "memory_block_online"),
        Levels.Effects, Visibility.Blocks | Visibility.PageTypes, CheckRange)
    {
        When = When.Notified,
        Steps = EffectKinds.Of(EffectKind.Notified),
    };

    /// <summary>Catches events where nothing comes online or goes offline.</summary>
    public static readonly Invariant RemoveIsSilent = new(
        "notifier.remove-is-silent", Family.Notifiers,
        "Removing memory sends no event: its blocks are offline already.",
        "Callbacks that release twice what belonged to the memory.",
        new Citation("v6.12", "mm/memory_hotplug.c", "try_remove_memory"),
        Levels.Effects, Visibility.None, CheckRemove)
    {
        When = Occasion.Of(OperationKind.Remove).And(When.Notified),
        Steps = EffectKinds.Of(EffectKind.Notified),
    };

    /// <summary>Catches callbacks that are bothered with what is refused at the door.</summary>
    public static readonly Invariant EarlyRefusalIsSilent = new(
        "notifier.early-refusal-is-silent", Family.Notifiers,
        "An online or offline that answers EINVAL or EHWPOISON without a callback's refusal sends no event.",
        "Callbacks that act on a block which spans zones, has a hole, or has the state already.",
        new Citation("v6.12", "mm/memory_hotplug.c", "offline_pages"),
        Levels.Effects, Visibility.None, CheckSilent)
    {
        When = When.OnliningOrOfflining.And(When.Refused).And(When.Notified),
        Steps = EffectKinds.Of(EffectKind.Notified),
    };

    private static Violation? CheckGrammar(Transition seen)
    {
        var framed = seen.Spec.Dialect.Has(DialectItem.PrepareFinishEvents);
        var events = new NotificationWalk(seen);
        while (events.MoveNext())
        {
            var next = events;
            if (!next.MoveNextOf(events.Block))
            {
                if (NotificationGrammar.MayEnd(events, framed))
                    continue;
                return Evidence.Against(Grammar, $"block {events.Block}", "an event that ends what began",
                    $"{Words.Of(events.Notification)} last", events.Range);
            }

            if (!NotificationGrammar.MayFollow(events, next.Notification, framed))
                return Evidence.Against(Grammar, $"block {events.Block}",
                    $"what may follow {Words.Of(events.Notification)}{(events.IsRefused ? " that was refused" : "")}",
                    Words.Of(next.Notification), next.Range);
        }

        return CheckFirst(seen, framed);
    }

    private static Violation? CheckFirst(Transition seen, bool framed)
    {
        var events = new NotificationWalk(seen);
        while (events.MoveNext())
        {
            if (events.IsFirstOfBlock && !NotificationGrammar.MayBegin(events.Notification, framed))
                return Evidence.Against(Grammar, $"block {events.Block}", "an event that begins something",
                    $"{Words.Of(events.Notification)} first", events.Range);
        }

        return null;
    }

    private static Violation? CheckPriority(Transition seen)
    {
        var chain = seen.Spec.Notifiers;
        var events = new NotificationWalk(seen);
        while (events.MoveNext())
        {
            var last = -1;
            foreach (ref readonly var effect in seen.Outcome.Effects[events.First..events.End])
            {
                if (effect.Kind != EffectKind.Notified)
                    continue;
                var callback = (int)effect.Value;
                if (last >= 0 && (chain[callback].Priority > chain[last].Priority
                    || (chain[callback].Priority == chain[last].Priority && callback < last)))
                    return Evidence.Against(PriorityOrder, $"{Words.Of(events.Notification)} {events.Range}",
                        $"{chain[callback].Name} (priority {chain[callback].Priority}) before "
                        + $"{chain[last].Name} (priority {chain[last].Priority})",
                        "after it", events.Range);
                last = callback;
            }
        }

        return null;
    }

    private static Violation? CheckStops(Transition seen)
    {
        var events = new NotificationWalk(seen);
        while (events.MoveNext())
            if (events.IsRefused && events.End > events.RefusedAt + 1
                && NotificationGrammar.CanBeRefused(events.Notification))
                return Evidence.Against(StopsAtRefusal, $"{Words.Of(events.Notification)} {events.Range}",
                    $"no callback after the refusal of {Name(seen, events.RefusedAt)}",
                    $"{Name(seen, events.End - 1)} called", events.Range);
        return null;
    }

    private static Violation? CheckCancel(Transition seen)
    {
        var events = new NotificationWalk(seen);
        while (events.MoveNext())
        {
            if (NotificationGrammar.CanBeRefused(events.Notification) && events.IsRefused)
                continue;
            for (var callback = 0; callback < seen.Spec.Notifiers.Length; callback++)
            {
                if (seen.Spec.Notifiers[callback].Unseen)
                    continue;
                var calls = 0;
                foreach (ref readonly var effect in seen.Outcome.Effects[events.First..events.End])
                    if (effect.Kind == EffectKind.Notified && effect.Value == callback)
                        calls++;
                var expected = NotificationGrammar.CallbacksOf(seen.Spec, callback);
                if (calls != expected)
                    return Evidence.Against(CancelReachesWholeChain, $"{Words.Of(events.Notification)} {events.Range}",
                        $"{Evidence.Count(expected, "call")} of {seen.Spec.Notifiers[callback].Name}", $"{calls}",
                            events.Range);
            }
        }

        return null;
    }

    private static Violation? CheckAnswer(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.Offline && seen.Operation.Kind != OperationKind.WriteOnline
            && !BlockSteps.Onlines(seen.Operation.Kind))
            return null;
        var events = new NotificationWalk(seen);
        while (events.MoveNext())
            if (events.IsRefused && NotificationGrammar.CanBeRefused(events.Notification)
                && seen.Answer != Answer.Of(seen.Outcome.Effects[events.RefusedAt].Errno))
                return Evidence.Against(RefusalIsTheAnswer, seen.Operation.ToString(),
                    $"{ErrnoText.Print(seen.Outcome.Effects[events.RefusedAt].Errno)} from "
                    + Name(seen, events.RefusedAt),
                    seen.Answer.ToString(), events.Range);
        return null;
    }

    private static Violation? CheckRange(Transition seen)
    {
        var events = new NotificationWalk(seen);
        while (events.MoveNext())
        {
            var whole = seen.Spec.PagesOf((int)events.Block);
            var hosted = Vmemmap(seen.After.Find((int)events.Block)) ?? Vmemmap(seen.Before.Find((int)events.Block));
            var frames = events.Notification is MemoryNotification.PrepareOnline or MemoryNotification.FinishOffline;
            // A block that is all vmemmap has nothing else that could be named.
            var excluded = frames || hosted == whole.Count ? 0 : hosted ?? events.Range.Start - whole.Start;
            var expected = new PageRange(whole.Start + excluded, whole.Count - excluded);
            if (events.Range != expected)
                return Evidence.Against(RangeExcludesVmemmap, $"block {events.Block}",
                    $"{Words.Of(events.Notification)} of {expected}", $"{events.Range}", events.Range);
        }

        return null;
    }

    private static int? Vmemmap(BlockObservation? block) => block is { IsOnline: true } ? block.Pages.Vmemmap : null;

    private static Violation? CheckRemove(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.Remove)
            return null;
        foreach (ref readonly var effect in seen.Outcome.Effects)
            if (effect.Kind == EffectKind.Notified)
                return Evidence.Against(RemoveIsSilent, $"pages {effect.Range}", "no event",
                    Words.Of(effect.Notification), effect.Range);
        return null;
    }

    private static Violation? CheckSilent(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.Offline && !BlockSteps.Onlines(seen.Operation.Kind))
            return null;
        if (seen.Answer != Answer.Of(Errno.EINVAL) && seen.Answer != Answer.Of(Errno.EHWPOISON))
            return null;
        var events = new NotificationWalk(seen);
        if (!events.MoveNext())
            return null;
        var first = events;
        do
            if (events.IsRefused)
                return null;
        while (events.MoveNext());
        return Evidence.Against(EarlyRefusalIsSilent, seen.Operation.ToString(), $"{seen.Answer} without an event",
            Words.Of(first.Notification), first.Range);
    }

    private static string Name(Transition seen, int effect) =>
        seen.Spec.Notifiers[(int)seen.Outcome.Effects[effect].Value].Name;
}
