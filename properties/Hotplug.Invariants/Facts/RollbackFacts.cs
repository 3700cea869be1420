using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants.Facts;

/// <summary>A rollback begins at each point where an operation can fail; see <see cref="Rollback"/>.</summary>
internal static class RollbackFacts
{
    private const Levels Hosting = Levels.Core | Levels.MemmapOnMemory;

    private static readonly Occasion s_offline = Occasion.Of(OperationKind.Offline).And(When.Refused);
    private static readonly Occasion s_add = Occasion.Of(OperationKind.Add).And(When.Refused);

    private static readonly Occasion s_eject =
        Occasion.Of(OperationKind.OfflineRemove, OperationKind.Eject).And(When.Refused);

    internal static ImmutableArray<Sometimes> All { get; } =
    [
        new("rollback.online-first-callback", "The first callback refuses GOING_ONLINE.",
            Levels.Core, When.Notified, static seen => Steps.Refused(seen, MemoryNotification.GoingOnline, byFirst: true)),
        new("rollback.online-later-callback", "A callback refuses GOING_ONLINE after others agreed: all hear of it.",
            Levels.Core, When.Notified, static seen => Steps.Refused(seen, MemoryNotification.GoingOnline, byFirst: false)
                && Steps.Sent(seen, MemoryNotification.CancelOnline)),
        new("rollback.offline-first-callback", "The first callback refuses GOING_OFFLINE.",
            Levels.Core, When.Notified, static seen => Steps.Refused(seen, MemoryNotification.GoingOffline, byFirst: true)),
        new("rollback.offline-later-callback", "A callback refuses GOING_OFFLINE after others agreed: all hear of it.",
            Levels.Core, When.Notified, static seen => Steps.Refused(seen, MemoryNotification.GoingOffline, byFirst: false)
                && Steps.Sent(seen, MemoryNotification.CancelOffline)),
        new("rollback.prepare-refused", "A callback refuses PREPARE_ONLINE: what 6.12 sends before self-hosted memmap.",
            Levels.Core, When.Notified, static seen => Steps.Refused(seen, MemoryNotification.PrepareOnline, byFirst: true)
                || Steps.Refused(seen, MemoryNotification.PrepareOnline, byFirst: false)),
        new("rollback.offline-isolation", "An offline fails where its pageblocks are isolated, before anybody is told.",
            Levels.Core, s_offline, static seen => seen.Answer == Answer.Of(Errno.EBUSY)
                && Steps.Any(seen, EffectKind.PcpDisabled) && !Steps.Any(seen, EffectKind.Notified)),
        new("rollback.offline-unfinished", "An offline that everybody agreed to does not end and is cancelled.",
            Levels.Core, s_offline, static seen => seen.Answer == Answer.Unfinished
                && Steps.Sent(seen, MemoryNotification.CancelOffline)),
        new("rollback.offline-some-migrated", "An offline fails after it migrated pages: they stay where they are.",
            Levels.Core, s_offline, static seen => Steps.Any(seen, EffectKind.Migrated)),
        new("rollback.offline-migration-vetoed", "The migration of a page fails.",
            Levels.Core | Levels.Faults, s_offline,
            static seen => Steps.Any(seen, EffectKind.FaultInjected, (long)VetoPoint.Migration)),
        new("rollback.add-first-section", "An add gets no memmap for its first section.",
            Levels.Core, s_add, static seen => seen.Answer == Answer.Of(Errno.ENOMEM)
                && !Steps.Any(seen, EffectKind.VmemmapPopulated)),
        new("rollback.add-later-section", "An add gets memmap for its first sections and none for a later one.",
            Levels.Core, s_add, static seen => Steps.Any(seen, EffectKind.VmemmapFreed)
                && !Steps.Any(seen, EffectKind.BlockCreated)),
        new("rollback.add-first-block-device", "An add fails with its first block device, all its memmap mapped.",
            Levels.Core | Levels.Faults, s_add, static seen => !Steps.Any(seen, EffectKind.BlockCreated)
                && Steps.Any(seen, EffectKind.FaultInjected, (long)VetoPoint.BlockDevice)),
        new("rollback.add-later-block-device", "An add fails after some of its block devices were created.",
            Levels.Core | Levels.Faults, s_add, static seen => Steps.Any(seen, EffectKind.BlockDestroyed)),
        new("rollback.self-hosted-online", "An online is refused when the block's own memmap was set up.",
            Hosting, When.Notified, static seen => !seen.Answer.IsOk
                && Steps.Any(seen, EffectKind.VmemmapInitialised) && Steps.Any(seen, EffectKind.VmemmapDeinitialised)),
        new("rollback.self-hosted-offline", "An offline of a block with its own memmap is cancelled.",
            Hosting, s_offline, static seen => Steps.Block(seen) is { Pages.Vmemmap: > 0 }
                && Steps.Sent(seen, MemoryNotification.CancelOffline)),
        new("rollback.one-block", "A refused ejection brings one block back online.",
            Levels.Core, s_eject, static seen => Steps.Count(seen, EffectKind.SectionsOffline) == 1
                && Steps.Count(seen, EffectKind.SectionsOnline) == 1),
        new("rollback.several-blocks", "A refused ejection brings several blocks back online.",
            Levels.Core, s_eject, static seen => Steps.Count(seen, EffectKind.SectionsOffline) > 1
                && Steps.Count(seen, EffectKind.SectionsOnline) > 1),
        new("rollback.fails-itself", "A block that a refused ejection had offlined cannot be brought back online.",
            Levels.Core, s_eject, static seen => Steps.Count(seen, EffectKind.SectionsOffline)
                > Steps.Count(seen, EffectKind.SectionsOnline)),
        new("rollback.plug", "A plug fails half way through adding a block.",
            Levels.DeviceMemory, When.Resizing.And(When.Refused),
            static seen => Steps.Any(seen, EffectKind.VmemmapFreed) && Steps.Any(seen, EffectKind.VmemmapPopulated)),
        new("rollback.on-arrival", "A block that was to come online on arrival is refused; its add succeeds.",
            Levels.Core, Occasion.Of(OperationKind.Add).And(When.Notified), static seen => seen.Answer.IsOk
                && Steps.Sent(seen, MemoryNotification.CancelOnline)),
        new("rollback.sticky-error", "A sticky error refuses a block.",
            Levels.Core | Levels.Faults, When.Notified, static seen => !seen.Answer.IsOk
                && !Steps.Any(seen, EffectKind.FaultInjected) && (seen.Answer.Errno is Errno.EPERM or Errno.EAGAIN)),
    ];
}
