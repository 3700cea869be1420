using System.Collections.Immutable;
using Hotplug.Contract.Rules;
using static Hotplug.Bitmap.FaultTable;

namespace Hotplug.Bitmap.Faults;

/// <summary>Seeded faults of family rollback.</summary>
internal static class RollbackFaults
{
    internal static ImmutableArray<FaultForm> Rows { get; } =
    [
        Row(Fault.RollbackByDefaultPolicy, Family.Rollback, "B-63",
            "A refused removal brings blocks back where a plain online would put them.",
            new("v6.12", "mm/memory_hotplug.c", "try_reonline_memory_block"),
            "rollback.reonlined-in-same-zone", 3),
        Row(Fault.RollbackForgotten, Family.Rollback, "B-63",
            "A refused removal leaves the blocks offline that it had offlined.",
            new("v6.12", "mm/memory_hotplug.c", "offline_and_remove_memory"),
            "rollback.reonlined-in-same-zone", 3),
        Row(Fault.FailedAddKeepsResource, Family.Rollback, "B-22",
            "An add that fails half way keeps its resource.",
            new("v6.12", "mm/memory_hotplug.c", "add_memory_resource"),
            "block.resources-agree", 1),
        Row(Fault.OverlappingAddDestroys, Family.Rollback, "B-23",
            "An add over memory that is there already removes it on its way back.",
            new("v6.12", "mm/memory_hotplug.c", "register_memory_resource"),
            "block.state-machine", 2),
        Row(Fault.FailedAutoOnlineFailsAdd, Family.Rollback, "B-13",
            "An add answers the error of the automatic online, though the memory is there.",
            new("v6.12", "mm/memory_hotplug.c", "add_memory_resource"),
            "rollback.blocks-unchanged", 2),
        Row(Fault.OfflinedButNotRemoved, Family.Rollback, "B-72",
            "Offline-and-remove succeeds with the blocks offline and still there.",
            new("v6.12", "mm/memory_hotplug.c", "offline_and_remove_memory"),
            "block.remove-is-whole", 2),
        Row(Fault.EjectionToldAsIs, Family.Rollback, "B-88",
            "A refused ejection answers the error of the step that failed.",
            new("v6.12", "drivers/acpi/scan.c", "acpi_scan_hot_remove"),
            "eject.answer", 4),
    ];
}
