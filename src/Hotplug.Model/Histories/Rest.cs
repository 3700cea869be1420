using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;
using Hotplug.Model.Checks;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>
/// What is seen when everything is at rest agrees with what overlapping operations led to: every page, and by the
/// sequential model's checks blocks, zones, nodes, devices, balloons and CMM.
/// </summary>
internal static class Rest
{
    private static readonly Citation s_pages = new("v6.12", "mm/page_alloc.c", "prep_new_page");

    /// <summary>The first difference, or null.</summary>
    public static Violation? Check(HistoryState state, Observation atRest) =>
        state.UnderWay.IsEmpty ? CheckPages(state, atRest) ?? CheckStructure(state.Structure, atRest) : null;

    private static Violation? CheckPages(HistoryState state, Observation atRest)
    {
        var (taken, freed) = (state.MemmapTaken, state.MemmapFreed);
        var unknown = 0;
        foreach (var known in state.Pages.Blocks)
        {
            if (atRest.Find(known.Number) is not { IsOnline: true } shown)
                return new("blocks.state", $"block {known.Number}", "online", "offline, or gone", s_pages);
            var start = state.Structure.Spec.PagesOf(known.Number).Start;
            foreach (ref readonly var run in shown.Pages.Runs)
            {
                var seen = PageWords.Plain(run.State);
                for (var offset = run.Start; offset < run.End;)
                {
                    var expected = known.RunAt(offset);
                    var count = Math.Min(expected.End, run.End) - offset;
                    if (expected.State.HasAny(PageFlags.Unseen | PageFlags.HwPoison))
                        unknown += count;
                    if (!AreSame(expected.State, seen))
                    {
                        if (expected.State == PageWords.Free && seen == PageWords.Kernel && taken >= count)
                            taken -= count;
                        else if (expected.State == PageWords.Kernel && seen == PageWords.Free && freed >= count)
                            freed -= count;
                        else
                            return new("pages.at-rest",
                                $"pages {new PageRange(start + offset, count)} of block {known.Number}",
                                expected.State.ToString(), run.State.ToString(), s_pages,
                                    [new PageRange(start + offset, count)]);
                    }

                    offset += count;
                }
            }
        }

        // What memmap took may be what memmap of others freed, and either may be a page of which nothing was known.
        return Math.Abs(taken - freed) <= unknown ? null
            : new("pages.memmap", "all online blocks",
                $"{state.MemmapTaken} free pages taken for memmap and {state.MemmapFreed} freed",
                $"{state.MemmapTaken - taken} taken and {state.MemmapFreed - freed} freed", s_pages);
    }

    private static Violation? CheckStructure(State structure, Observation atRest)
    {
        if (structure.Loans is { } loans && atRest.Loans is { } shown)
            structure = structure with
            {
                Loans = loans with
                {
                    HotplugOccurred = shown.HotplugOccurred,
                    SecondsToWake = shown.SecondsToWake,
                    Paused = shown.Paused,
                },
            };
        var seen = new Transition();
        seen.Start(structure.Spec, Levels.None, atRest);
        seen.Next(0, atRest, default, default, new Outcome(), atRest);
        return Settlement.Judge(null, structure, seen, PageRule.Nothing).Refutation;
    }

    // Of a poisoned page the poison is compared, of pages that nothing is known of nothing.
    private static bool AreSame(PageState expected, PageState seen) => expected == seen
        || expected.Has(PageFlags.Unseen) || (expected.Has(PageFlags.HwPoison) && seen.Has(PageFlags.HwPoison));
}
