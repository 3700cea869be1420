using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Tests.Invariants;

/// <summary>What a kernel does, step by step, as <see cref="Scene.Toy"/> would log it.</summary>
internal static class EffectScript
{
    public static readonly PageRange Block4 = new(128, 32);
    public static readonly PageRange Body4 = new(136, 24);
    public static readonly PageRange Block5 = new(160, 32);

    /// <summary>One event; the callback at <paramref name="refusing"/> answers EBUSY and ends it.</summary>
    public static Effect[] Event(MemoryNotification notification, PageRange range, int refusing = -1)
    {
        var called = refusing < 0 ? Scene.Toy.Notifiers.Length : refusing + 1;
        return [.. Enumerable.Range(0, called).Select(i => Call(notification, range, i,
            i == refusing ? Errno.EBUSY : Errno.None))];
    }

    public static Effect Call(MemoryNotification notification, PageRange range, int callback,
        Errno errno = Errno.None) =>
        new(EffectKind.Notified, range, default, callback, notification, errno);

    public static Effect[] Online(PageRange block) =>
    [
        .. Event(MemoryNotification.PrepareOnline, block), Step(EffectKind.MovedToZone, block),
        .. Event(MemoryNotification.GoingOnline, block), Step(EffectKind.PagesToBuddy, block),
        Step(EffectKind.SectionsOnline, block),
        Step(EffectKind.PresentChanged, block, 32), Step(EffectKind.Unisolated, block),
            .. Event(MemoryNotification.Online, block),
    ];

    public static Effect[] OnlineRefused(PageRange block) =>
    [
        .. Event(MemoryNotification.PrepareOnline, block), Step(EffectKind.MovedToZone, block),
        .. Event(MemoryNotification.GoingOnline, block, refusing: 1), .. Event(MemoryNotification.CancelOnline, block),
        Step(EffectKind.RemovedFromZone, block), .. Event(MemoryNotification.FinishOffline, block),
    ];

    /// <summary>Offlines block 4, whose first 8 pages are vmemmap.</summary>
    public static Effect[] Offline() =>
    [
        Step(EffectKind.PcpDisabled, Body4), Step(EffectKind.PcpDrained, Body4), Step(EffectKind.LruDisabled, Body4),
        Step(EffectKind.Isolated, Body4),
        .. Event(MemoryNotification.GoingOffline, Body4), Step(EffectKind.SectionsOffline, Block4),
        Step(EffectKind.LruEnabled, Body4), Step(EffectKind.PcpEnabled, Body4), Step(EffectKind.PresentChanged,
            Body4, -24),
        .. Event(MemoryNotification.Offline, Body4), Step(EffectKind.RemovedFromZone, Body4),
        Step(EffectKind.VmemmapDeinitialised, new PageRange(128, 8)), .. Event(MemoryNotification.FinishOffline,
            Block4),
    ];

    /// <summary>Offlines block 4 until the last callback refuses.</summary>
    public static Effect[] OfflineRefused() =>
    [
        Step(EffectKind.PcpDisabled, Body4), Step(EffectKind.PcpDrained, Body4), Step(EffectKind.LruDisabled, Body4),
        Step(EffectKind.Isolated, Body4),
        .. Event(MemoryNotification.GoingOffline, Body4, refusing: 3), Step(EffectKind.Unisolated, Body4),
        .. Event(MemoryNotification.CancelOffline, Body4), Step(EffectKind.LruEnabled, Body4),
            Step(EffectKind.PcpEnabled, Body4),
    ];

    public static Effect[] Removal(PageRange block) => [Step(EffectKind.BlockDestroyed, block),
        Step(EffectKind.VmemmapFreed, block)];

    public static Effect[] Addition(PageRange block) => [Step(EffectKind.VmemmapPopulated, block),
        Step(EffectKind.BlockCreated, block)];

    public static Effect Step(EffectKind kind, PageRange range, long value = 0) =>
        new(kind, range, new ZoneId(0, ZoneKind.Movable), value);

    /// <summary>The steps without those that match.</summary>
    public static Effect[] Without(Effect[] steps, Predicate<Effect> left) => Array.FindAll(steps, e => !left(e));

    /// <summary>The steps with one of them put last.</summary>
    public static Effect[] Last(Effect[] steps, EffectKind kind) =>
        [.. steps.Where(e => e.Kind != kind), .. steps.Where(e => e.Kind == kind)];
}
