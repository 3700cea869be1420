using System.Collections.Immutable;
using Hotplug.Contract.Rules;
using static Hotplug.Bitmap.FaultTable;

namespace Hotplug.Bitmap.Faults;

/// <summary>Seeded faults of family callback.</summary>
internal static class CallbackFaults
{
    internal static ImmutableArray<FaultForm> Rows { get; } =
    [
        Row(Fault.CallbackDropsForeignPages, Family.Callback, "B-33",
            "While a balloon's online_page callback is set, pages of memory that is not its own go nowhere.",
            new("v6.12", "drivers/hv/hv_balloon.c", "hv_online_page"),
            "zone.managed-pages", 1),
        Row(Fault.FirstCallbackClaimsAll, Family.Callback, "B-33",
            "In a list of callbacks the first one takes memory for its own that no driver added.",
            new("2019", "source document 004", "a list of callbacks"),
            "callback.foreign-to-buddy", 1),
        Row(Fault.UnregisteredLeftOffline, Family.Callback, "I-45",
            "Memory without block devices is added and not brought online: nobody else ever can.",
            new("2019", "source document 004", "add_memory() without block devices"),
            "callback.unregistered-is-online", 1),
        Row(Fault.SlotTakenOver, Family.Callback, "B-33",
            "A second driver that sets its callback takes the slot over.",
            new("v6.12", "mm/memory_hotplug.c", "set_online_page_callback"),
            "callback.one-slot", 1),
        Row(Fault.CallbackRestoredEarly, Family.Callback, "B-33",
            "A driver restores the generic callback while its memory is still there.",
            new("v6.12", "mm/memory_hotplug.c", "restore_online_page_callback"),
            "callback.set-while-memory", 2),
        Row(Fault.UnbackedGivenToBuddy, Family.Callback, "B-79",
            "Pages that the hypervisor has not backed go to the buddy when their block comes online.",
            new("v6.12", "drivers/hv/hv_balloon.c", "hv_page_online_one"),
            "callback.usable-within-backed", 1),
        Row(Fault.BackedPagesKept, Family.Callback, "B-33",
            "Pages that the hypervisor backs are not given to the buddy.",
            new("v6.12", "drivers/hv/hv_balloon.c", "handle_pg_range"),
            "zone.managed-pages", 2),
        Row(Fault.UnregisteredShown, Family.Callback, "I-35",
            "Memory that its driver did not register can be onlined and offlined by user space.",
            new("2019", "source document 004", "memory without block devices"),
            "callback.unregistered-is-hidden", 2),
    ];
}
