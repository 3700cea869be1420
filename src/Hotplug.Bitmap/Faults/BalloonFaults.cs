using System.Collections.Immutable;
using Hotplug.Contract.Rules;
using static Hotplug.Bitmap.FaultTable;

namespace Hotplug.Bitmap.Faults;

/// <summary>Seeded faults of family balloon.</summary>
internal static class BalloonFaults
{
    internal static ImmutableArray<FaultForm> Rows { get; } =
    [
        Row(Fault.TargetAddedToSize, Family.Balloon, "B-77",
            "A balloon grows by its target instead of to it.",
            new("v6.12", "drivers/virtio/virtio_balloon.c", "towards_target"),
            "balloon.grows-by-what-it-took", 2),
        Row(Fault.InflationNotTold, Family.Balloon, "B-90",
            "Pages are inflated and the host is not told which.",
            new("v6.12", "drivers/virtio/virtio_balloon.c", "tell_host"),
            "balloon.grows-by-what-it-took", 1),
        Row(Fault.ImmovableBalloonMoves, Family.Balloon, "B-10",
            "Pages of Hyper-V's and Xen's balloon can be migrated, as those of virtio's can.",
            new("v6.12", "drivers/hv/hv_balloon.c", "alloc_balloon_pages"),
            "pages.explained", 1),
        Row(Fault.ImmovableBalloonInMovable, Family.Balloon, "I-14",
            "Hyper-V's and Xen's balloon take pages of zone Movable, which never move then.",
            new("v6.12", "drivers/xen/balloon.c", "decrease_reservation"),
            "balloon.immovable-outside-movable", 2),
    ];
}
