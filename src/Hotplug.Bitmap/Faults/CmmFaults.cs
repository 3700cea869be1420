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
        Row(Fault.CmmCountsFirstPageOnly, Family.Cmm, "B-29",
            "The isolation notifier counts one page of CMM, however many a pageblock has.",
            new("v2.6.33", "arch/powerpc/platforms/pseries/cmm.c", "cmm_count_pages"),
            "cmm.counts-its-pages", 3),
        Row(Fault.CmmRefusesForLoans, Family.Cmm, "B-28",
            "CMM refuses an offline for loaned pages, which it could give back.",
            new("v2.6.33", "arch/powerpc/platforms/pseries/cmm.c", "cmm_mem_going_offline"),
            "offline.answer", 3),
        Row(Fault.CmmPageNotFreed, Family.Cmm, "B-25",
            "A page that CMM took back from the hypervisor is not freed.",
            new("v2.6.33", "arch/powerpc/platforms/pseries/cmm.c", "cmm_free_pages"),
            "cmm.given-back-is-free", 3),
        Row(Fault.CmmListPageForEach, Family.Cmm, "B-26",
            "CMM takes a new list page for every loan, though the head has room.",
            new("v2.6.33", "arch/powerpc/platforms/pseries/cmm.c", "cmm_alloc_pages"),
            "cmm.lists-are-full", 2),
        Row(Fault.CmmFreeingAborts, Family.Cmm, "B-31",
            "CMM stops to give pages back while hotplug is active.",
            new("2019", "source document 000", "freeing pages never aborts"),
            "cmm.freeing-never-aborts", 4),
        Row(Fault.CmmLoansOneTooMany, Family.Cmm, "I-69",
            "CMM loans a page more than the hypervisor wants.",
            new("v2.6.33", "arch/powerpc/platforms/pseries/cmm.c", "cmm_thread"),
            "cmm.up-to-its-target", 2),
        Row(Fault.CmmDoesNotPause, Family.Cmm, "B-32",
            "CMM does not wait after a removal: the delay is skipped.",
            new("2019", "source document 000", "the delay after a removal"),
            "cmm.paused-after-hotplug", 2),
    ];
}
