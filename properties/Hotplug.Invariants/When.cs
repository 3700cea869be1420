using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>The occasions that rules share: see <see cref="Occasion"/>.</summary>
internal static class When
{
    /// <summary>Some block may differ.</summary>
    internal static Occasion BlocksChange { get; } = Occasion.Of(Happening.BlocksChanged);

    /// <summary>A zone's counters, or what they are compared with, may differ.</summary>
    internal static Occasion ZonesChange { get; } = Occasion.Of(Happening.ZonesChanged);

    /// <summary>The operation did not succeed.</summary>
    internal static Occasion Refused { get; } = Occasion.Of(Happening.Refused);

    /// <summary>The machine lends pages.</summary>
    internal static Occasion Loaning { get; } = Occasion.Of(Happening.Loaning);

    /// <summary>A callback of the notifier chain was called.</summary>
    internal static Occasion Notified { get; } = Occasion.Of(EffectKind.Notified);

    /// <summary>A block is to come online.</summary>
    internal static Occasion Onlining { get; } =
        Occasion.Of(OperationKind.Online, OperationKind.OnlineKernel, OperationKind.OnlineMovable);

    /// <summary>A block is to come online or to go offline, by its state attribute.</summary>
    internal static Occasion OnliningOrOfflining { get; } = Onlining.Or(OperationKind.Offline);

    /// <summary>Memory is to be removed.</summary>
    internal static Occasion Removing { get; } =
        Occasion.Of(OperationKind.Remove, OperationKind.OfflineRemove, OperationKind.Eject);

    /// <summary>A page is to be poisoned.</summary>
    internal static Occasion Poisoning { get; } =
        Occasion.Of(OperationKind.Poison, OperationKind.HardOffline, OperationKind.SoftOffline);

    /// <summary>A page is to be poisoned, or its poison removed.</summary>
    internal static Occasion PoisoningOrUnpoisoning { get; } = Poisoning.Or(OperationKind.Unpoison);

    /// <summary>Device memory is asked for another size.</summary>
    internal static Occasion Resizing { get; } =
        Occasion.Of(OperationKind.Plug, OperationKind.Unplug, OperationKind.Resize);

    /// <summary>Pages are to be allocated.</summary>
    internal static Occasion Allocating { get; } = Occasion.Of(OperationKind.Alloc);
}
