using System.Collections.Immutable;
using Hotplug.Contract.Rules;
using static Hotplug.Bitmap.FaultTable;

namespace Hotplug.Bitmap.Faults;

/// <summary>Seeded faults of family cmm.</summary>
internal static class CmmFaults
{
    internal static ImmutableArray<FaultForm> Rows { get; } =
    [
        Row(Fault.CmmLoansWhileRemoving, Family.Cmm, "B-30",
            "CMM's thread does not look whether a removal is active: it polls and loans pages while memory leaves.",
            new("2009", "source document 000", "CMM activity will be halted when hotplug remove operations are active"),
            "cmm.halted-while-removing", 2),
        Row(Fault.CmmListPageStays, Family.Cmm, "B-27",
            "At GOING_OFFLINE CMM gives back the loaned pages of the range, but not the list pages that lie in it.",
            new("2009", "source document 000", "free pages in the range which is to be removed"),
            "cmm.range-is-clear", 3),
    ];
}
