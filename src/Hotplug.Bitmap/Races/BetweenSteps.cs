using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;

namespace Hotplug.Bitmap.Races;

/// <summary>What holds between any two steps of operations that overlap, and what a page looks like there.</summary>
internal static class BetweenSteps
{
    private static readonly Citation s_free = new("v6.12", "mm/page_alloc.c", "free_page_is_bad");
    private static readonly Citation s_taken = new("v6.12", "mm/page_alloc.c", "check_new_page_bad");
    private static readonly Citation s_loans =
        new("2009", "source document 000", "at most one page is allocated after hotplug becomes active");
    private static readonly Citation s_buddy = new("v6.12", "mm/page_alloc.c", "__free_one_page");
    private static readonly Citation s_offline = new("v6.12", "mm/page_alloc.c", "__offline_isolated_pages");
    private static readonly Citation s_references = new("v6.12", "include/linux/page_ref.h", "page_ref_sub");

    /// <summary>The first rule that is broken now, or null.</summary>
    public static Violation? FindBroken(MachineState state, List<(Mishap Mishap, long Page)> mishaps)
    {
        if (mishaps.Count > 0)
            return Of(mishaps[0].Mishap, mishaps[0].Page);
        foreach (var number in state.Blocks.Numbers)
            if (FindBroken(state, state.Blocks[number]) is { } broken)
                return broken;
        return null;
    }

    /// <summary>The page in words: who has it, on which list it is, and what becomes of its pageblock.</summary>
    public static string Describe(MachineState state, long page)
    {
        if (state.FindBlockOf(page) is not { } block)
            return "no such page";
        if (block.Home < 0)
            return $"page of block {block.Number}, offline";
        var offset = state.OffsetOf(page);
        var extra = state.References.Of(page);
        return $"{UseOf(state, block, offset)}{(extra > 0 ? $", {extra} extra references" : "")}"
            + $"{(block.IsListed ? "" : ", pageblock isolated")}{(block.IsPoisoned(offset) ? ", poisoned" : "")}";
    }

    private static string UseOf(MachineState state, MemoryBlock block, int offset) => state.UseAt(block, offset) switch
    {
        PageUse.Free when block.InFlight.Contains(offset) => "on its way, on no list",
        PageUse.Free when block.PcplistOf(offset) is >= 0 and var cpu => $"free, on the list of CPU {cpu}",
        PageUse.Free => "free, in the buddy",
        PageUse.Kernel when block.Cmm?.Has(offset) == true => block.Cmm.IsList(offset) ? "CMM's list page" : "on loan",
        PageUse.Kernel when state.Runs.Find(block, state.PageOf(block, offset)) < 0 => "taken, in nobody's hands yet",
        PageUse.NeverOnlined or PageUse.Unplugged => "PageOffline",
        var use => $"in use, {Words.Of(use)}",
    };

    // A free page is in the buddy, on one list, or on its way to one: all of them, and none twice.
    private static Violation? FindBroken(MachineState state, MemoryBlock block)
    {
        var listed = block.OnPcplists.Count + block.InFlight.Count;
        if (block.Home < 0)
            return listed + block.FreePages == 0 ? null
                : new("schedule.offline-page-listed", $"block {block.Number}", "no page of an offline block on any list",
                    $"{listed + block.FreePages}", s_offline, [state.RangeOf(block)]);
        if (block.State != BlockState.Online)
            return null;
        var free = 0;
        for (var offset = block.Vmemmap; offset < state.Layout.PagesPerBlock;)
        {
            var end = state.RunEnd(block, offset, state.Layout.PagesPerBlock);
            if (state.UseAt(block, offset) == PageUse.Free)
                free += end - offset;
            offset = end;
        }

        return free == block.FreePages + listed ? null
            : new("schedule.page-on-one-list", $"block {block.Number}",
                $"its {free} free pages in the buddy, on one list, or on their way to one",
                $"{block.FreePages} in the buddy and {listed} elsewhere", s_buddy, [state.RangeOf(block)]);
    }

    private static Violation Of(Mishap mishap, long page) => mishap switch
    {
        Mishap.FreedTwice => new("schedule.freed-once", $"page {page}", "in somebody's hands when it is freed",
            "free already", s_free, [new PageRange(page, 1)]),
        Mishap.TakenTwice => new("schedule.page-in-one-hand", $"page {page}", "free, or isolated, when it is taken",
            "somebody else's, or gone", s_taken, [new PageRange(page, 1)]),
        Mishap.LoanedLate => new("schedule.one-loan-on-its-way", $"page {page}",
            "at most one page loaned since the removal began, which was on its way", "a second one", s_loans,
            [new PageRange(page, 1)]),
        Mishap.LoanedFromRange => new("schedule.no-loan-from-the-range", $"page {page}",
            "no page loaned of a block that is being removed", "on loan", s_loans, [new PageRange(page, 1)]),
        Mishap.ReferencesBelowZero => new("schedule.references", $"page {page}", "a reference to drop", "none",
            s_references, [new PageRange(page, 1)]),
        _ => new("schedule.offline-page-listed", $"page {page}", "nothing freed into a block that is gone",
            "freed", s_offline, [new PageRange(page, 1)]),
    };
}
