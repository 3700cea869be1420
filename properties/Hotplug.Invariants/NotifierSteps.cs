using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Where the events of the memory notifier chain stand among the steps of an operation.</summary>
public static class NotifierSteps
{
    /// <summary>Catches callbacks that are asked while pages may still be handed out.</summary>
    public static readonly Invariant GoingOfflineAfterIsolation = new(
        "notifier.going-offline-after-isolation", Family.Notifiers,
        "GOING_OFFLINE is sent while all pageblocks of the range are isolated.",
        "Pages that a callback frees at GOING_OFFLINE are handed out again at once.",
        new Citation("v6.12", "mm/page_isolation.c", "start_isolate_page_range"),
        Levels.Effects, Visibility.None, CheckIsolation)
    {
        When = When.Notified,
        Steps = EffectKinds.Of(EffectKind.Notified, EffectKind.Isolated, EffectKind.Unisolated),
    };

    /// <summary>Catches a rollback in the wrong order.</summary>
    public static readonly Invariant CancelOfflineAfterUnisolation = new(
        "notifier.cancel-offline-after-unisolation", Family.Notifiers,
        "CANCEL_OFFLINE is sent after the pageblocks of the range have left isolation.",
        "Pageblocks that stay isolated after a failed offline: their free pages are lost to everybody.",
        new Citation("v6.12", "mm/page_isolation.c", "undo_isolate_page_range"),
        Levels.Effects, Visibility.None, CheckUnisolation)
    {
        When = When.Notified,
        Steps = EffectKinds.Of(EffectKind.Notified, EffectKind.Isolated, EffectKind.Unisolated),
    };

    /// <summary>Catches OFFLINE sent too early or too late.</summary>
    public static readonly Invariant OfflineAfterAccounting = new(
        "notifier.offline-after-accounting", Family.Notifiers,
        "OFFLINE is sent after the sections went offline and present pages were lowered, and before the range "
        + "leaves its zone.",
        "Callbacks that recompute limits from counters which still hold the memory that is gone.",
        new Citation("v6.12", "mm/memory_hotplug.c", "offline_pages"),
        Levels.Effects, Visibility.None, CheckOffline)
    {
        When = When.Notified,
        Steps = EffectKinds.Of(EffectKind.Notified, EffectKind.SectionsOffline, EffectKind.PresentChanged),
    };

    /// <summary>Catches ONLINE sent before the memory can be used.</summary>
    public static readonly Invariant OnlineAfterAccounting = new(
        "notifier.online-after-accounting", Family.Notifiers,
        "ONLINE is sent after the sections came online, present pages were raised and the pageblocks left isolation.",
        "Callbacks that count on memory which cannot be allocated yet.",
        new Citation("v6.12", "mm/memory_hotplug.c", "online_pages"),
        Levels.Effects, Visibility.None, CheckOnline)
    {
        When = When.Notified,
        Steps = EffectKinds.Of(EffectKind.Notified, EffectKind.SectionsOnline, EffectKind.PresentChanged),
    };

    /// <summary>Catches per-CPU lists that stay off after a failed offline.</summary>
    public static readonly Invariant PcplistsRestored = new(
        "notifier.pcplists-restored", Family.Notifiers,
        "Per-CPU lists and LRU caches that an operation disables are enabled again before it ends, by one "
        + "disabler at a time.",
        "Every allocation is slow for ever after one failed offline.",
        new Citation("v6.12", "mm/page_alloc.c", "zone_pcp_enable"),
        Levels.Effects, Visibility.None, CheckPcplists)
    {
        When = Occasion.Of(EffectKind.PcpDisabled, EffectKind.PcpEnabled, EffectKind.LruDisabled,
            EffectKind.LruEnabled),
        Steps = EffectKinds.Of(EffectKind.PcpDisabled, EffectKind.PcpEnabled),
    };

    /// <summary>Catches an offline that is rolled back after its commit point.</summary>
    public static readonly Invariant CommitIsFinal = new(
        "notifier.commit-is-final", Family.Notifiers,
        "Once the sections of a range are offline, its offlining cannot be cancelled any more.",
        "A rollback over pages that have left the buddy: they are lost, and still counted.",
        new Citation("v6.12", "mm/memory_hotplug.c", "offline_pages"),
        Levels.Effects, Visibility.None, CheckCommit)
    {
        When = When.Notified,
        Steps = EffectKinds.Of(EffectKind.Notified, EffectKind.SectionsOffline),
    };

    private static Violation? CheckIsolation(Transition seen)
    {
        var events = new NotificationWalk(seen);
        while (events.MoveNext())
            if (events.Notification == MemoryNotification.GoingOffline
                && LastOf(seen, events, EffectKind.Isolated) <= LastOf(seen, events, EffectKind.Unisolated))
                return Evidence.Against(GoingOfflineAfterIsolation, $"block {events.Block}",
                    "isolated before going-offline", "not isolated", events.Range);
        return null;
    }

    private static Violation? CheckUnisolation(Transition seen)
    {
        var events = new NotificationWalk(seen);
        while (events.MoveNext())
            if (events.Notification == MemoryNotification.CancelOffline
                && LastOf(seen, events, EffectKind.Unisolated) <= LastOf(seen, events, EffectKind.Isolated))
                return Evidence.Against(CancelOfflineAfterUnisolation, $"block {events.Block}",
                    "out of isolation before cancel-offline", "isolated", events.Range);
        return null;
    }

    private static Violation? CheckOffline(Transition seen)
    {
        var events = new NotificationWalk(seen);
        while (events.MoveNext())
        {
            if (events.Notification != MemoryNotification.Offline)
                continue;
            var missing = LastOf(seen, events, EffectKind.SectionsOffline) < 0 ? "sections online"
                : LastOf(seen, events, EffectKind.PresentChanged) < 0 ? "present pages not lowered"
                : LastOf(seen, events, EffectKind.RemovedFromZone) >= 0 ? "the range out of its zone" : null;
            if (missing is not null)
                return Evidence.Against(OfflineAfterAccounting, $"block {events.Block}",
                    "sections offline and present lowered, and the zone left only later", missing, events.Range);
        }

        return null;
    }

    private static Violation? CheckOnline(Transition seen)
    {
        var events = new NotificationWalk(seen);
        while (events.MoveNext())
        {
            if (events.Notification != MemoryNotification.Online)
                continue;
            var missing = LastOf(seen, events, EffectKind.SectionsOnline) < 0 ? "sections offline"
                : LastOf(seen, events, EffectKind.PresentChanged) < 0 ? "present pages not raised"
                : LastOf(seen, events, EffectKind.Unisolated) < 0 ? "pageblocks isolated" : null;
            if (missing is not null)
                return Evidence.Against(OnlineAfterAccounting, $"block {events.Block}",
                    "sections online, present raised and pageblocks out of isolation", missing, events.Range);
        }

        return null;
    }

    private static Violation? CheckPcplists(Transition seen)
    {
        if (seen.Operation.Kind == OperationKind.Pcp)
            return null;   // Disabled by one operation, enabled by a later one.
        int pcp = 0, lru = 0;
        foreach (ref readonly var effect in seen.Outcome.Effects)
        {
            pcp += effect.Kind switch { EffectKind.PcpDisabled => 1, EffectKind.PcpEnabled => -1, _ => 0 };
            lru += effect.Kind switch { EffectKind.LruDisabled => 1, EffectKind.LruEnabled => -1, _ => 0 };
            if (pcp is < 0 or > 1 || lru < 0)
                return Evidence.Against(PcplistsRestored, seen.Operation.ToString(), "disabled once, then enabled once",
                    $"{Words.Of(effect.Kind)} out of turn", effect.Range);
        }

        return (pcp | lru) == 0 ? null
            : Evidence.Against(PcplistsRestored, seen.Operation.ToString(), "enabled again before the operation ends",
                pcp > 0 ? "per-CPU lists disabled" : "LRU caches disabled");
    }

    private static Violation? CheckCommit(Transition seen)
    {
        var events = new NotificationWalk(seen);
        while (events.MoveNext())
            if (events.Notification == MemoryNotification.CancelOffline
                && LastOf(seen, events, EffectKind.SectionsOffline) >= 0)
                return Evidence.Against(CommitIsFinal, $"block {events.Block}", "offline, as its sections are",
                    "cancel-offline", events.Range);
        return null;
    }

    // The last effect of this kind about the event's block before the event; −1 for none. Counter changes name no
    // pages.
    private static int LastOf(Transition seen, in NotificationWalk at, EffectKind kind)
    {
        var effects = seen.Outcome.Effects;
        for (var i = at.First - 1; i >= 0; i--)
        {
            ref readonly var effect = ref effects[i];
            if (effect.Kind == kind && (effect.Range.Count == 0 || effect.Range.Intersects(at.Range)))
                return i;

            // What another event of the same block saw belongs to an earlier step, unless it is the one that began this
            // one.
            if (effect.Kind == EffectKind.Notified && effect.Range.Intersects(at.Range)
                && NotificationGrammar.Ends(effect.Notification) && effect.Notification != at.Notification)
                return -1;
        }

        return -1;
    }
}
