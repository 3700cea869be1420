using System.Collections.Immutable;
using Hotplug.Contract.Rules;
using static Hotplug.Bitmap.FaultTable;

namespace Hotplug.Bitmap.Faults;

/// <summary>Seeded faults of family device-memory.</summary>
internal static class DeviceMemoryFaults
{
    internal static ImmutableArray<FaultForm> Rows { get; } =
    [
        Row(Fault.UnplugNotRecorded, Family.DeviceMemory, "B-71",
            "Sub-blocks are unplugged, and the driver still has them as plugged.",
            new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_sbm_set_sb_unplugged"),
            "device-memory.size-follows-sub-blocks", 2),
        Row(Fault.PluggedThoughRefused, Family.DeviceMemory, "B-71",
            "Sub-blocks of a block that could not be added stay plugged.",
            new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_sbm_plug_and_add_mb"),
            "device-memory.size-is-its-blocks", 1),
        Row(Fault.ShortUnplugClaimsSuccess, Family.DeviceMemory, "B-84",
            "An unplug that fell short says that all is done.",
            new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_unplug_request"),
            "device-memory.converges", 2),
        Row(Fault.EmptyBlockNeverRemoved, Family.DeviceMemory, "B-72",
            "A block whose last sub-block was unplugged is never removed.",
            new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_sbm_try_remove_unplugged_mb"),
            "device-memory.removes-empty-blocks", 2),
        Row(Fault.RequestNotNoticed, Family.DeviceMemory, "B-87",
            "A new request is not noticed while the last unplug has not been reached.",
            new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_config_changed"),
            "device-memory.request-noticed", 3),
    ];
}
