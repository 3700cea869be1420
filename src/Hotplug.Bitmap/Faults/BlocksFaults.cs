using System.Collections.Immutable;
using Hotplug.Contract.Rules;
using static Hotplug.Bitmap.FaultTable;

namespace Hotplug.Bitmap.Faults;

/// <summary>Seeded faults of family blocks.</summary>
internal static class BlocksFaults
{
    internal static ImmutableArray<FaultForm> Rows { get; } =
    [
        Row(Fault.OnlineTwiceAccepted, Family.Blocks, "I-35",
            "Onlining a block that is online succeeds.",
            new("v6.12", "drivers/base/memory.c", "memory_block_change_state"),
            "block.same-state-refused", 1),
        Row(Fault.OnlineBlockRemoved, Family.Blocks, "I-42",
            "A block is removed while it is online.",
            new("v6.12", "mm/memory_hotplug.c", "try_remove_memory"),
            "block.state-machine", 2),
        Row(Fault.NonsenseAccepted, Family.Blocks, "I-35",
            "A word that the kernel does not know is accepted as a state.",
            new("v6.12", "drivers/base/memory.c", "state_store"),
            "block.same-state-refused", 1),
        Row(Fault.ResourceNotReleased, Family.Blocks, "B-22",
            "Removal keeps the resource.",
            new("v6.12", "mm/memory_hotplug.c", "release_mem_region_adjustable"),
            "block.resources-agree", 1),
        Row(Fault.NeighbouringResourceLost, Family.Blocks, "B-22",
            "Removal releases the resource of its neighbour too.",
            new("v6.12", "kernel/resource.c", "release_mem_region_adjustable"),
            "block.resources-agree", 2),
        Row(Fault.LastBlockNotAdded, Family.Blocks, "I-45",
            "An add of several memory blocks loses the last one.",
            new("v6.12", "drivers/base/memory.c", "create_memory_block_devices"),
            "block.add-is-whole", 1),
        Row(Fault.OnlineAttributeRefused, Family.Blocks, "I-35",
            "Writing to a block's online attribute the value that it has is refused.",
            new("v6.12", "drivers/base/core.c", "device_online"),
            "block.online-attribute-idempotent", 1),
    ];
}
