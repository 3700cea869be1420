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
    ];
}
