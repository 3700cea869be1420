using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>
/// Memory failure among others: whether a page is poisoned afterwards is exact, what else becomes of it is left to
/// those who look at it at rest (kernel-semantics 3.14).
/// </summary>
internal static class Failing
{
    private static readonly Citation s_failure = new("v6.12", "mm/memory-failure.c", "memory_failure");

    /// <summary>Judges all four.</summary>
    public static Judgement End(in Turn turn)
    {
        if (turn.State.BlockOf(turn.Call.Target.Range.Start) is { } block
            && !block.Range.Contains(turn.Call.Target.Range.Start))
            return turn.Answer.IsOk ? turn.RefuteAnswer("an errno: there is no such page", s_failure)
                : turn.Ends(turn.State);
        var judgement = Structural.Judge(turn.Structure, turn.Call);
        if (judgement.Next is not State structure)
            return judgement;
        var pfn = turn.Call.Target.Range.Start;
        var page = turn.State.Pages.At(pfn);
        if (turn.Operation.Kind == OperationKind.SoftOffline)
            structure = WithPoison(turn.Structure, pfn, turn.Answer.IsOk);
        var next = turn.State with { Structure = structure };
        if (page.HasAny(PageFlags.NoPage | PageFlags.Unseen))
            return turn.Ends(next);
        var isPoisoned = structure.Poisoned.BinarySearch(pfn) >= 0;
        if (isPoisoned)
            next = next.With(new PageRange(pfn, 1), PageWords.Poisoned(page));
        else if (page.Has(PageFlags.HwPoison))
            next = next.With(new PageRange(pfn, 1), PageState.NotSeen);
        return turn.Ends(next);
    }

    private static State WithPoison(State state, long pfn, bool isPoisoned)
    {
        var index = state.Poisoned.BinarySearch(pfn);
        return !isPoisoned || index >= 0 ? state : state with { Poisoned = state.Poisoned.Insert(~index, pfn) };
    }
}
