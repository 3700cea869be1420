using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Operations;

/// <summary>Pages that the machine says it migrated: followed in the state, and what they explain.</summary>
internal static class Migrations
{
    /// <summary>The state with every allocation and poisoned page where the witness says it is now.</summary>
    public static State Follow(State state, Outcome outcome)
    {
        foreach (ref readonly var witness in outcome.Witness)
        {
            if (witness.Role != WitnessRole.Migrated)
                continue;
            var allocations = state.Allocations;
            for (var i = 0; i < allocations.Length; i++)
                allocations = allocations.SetItem(i, allocations[i].Moved(witness.From, witness.Range.Start, witness.Range.Count));
            state = state with { Allocations = allocations };
        }

        return state;
    }

    /// <summary>
    /// True if the run is the target of migrations – free before, now what its source was – or their source – free now.
    /// </summary>
    public static bool Explain(Transition seen, PageRange pages, PageState before, PageState after)
    {
        for (var pfn = pages.Start; pfn < pages.End;)
        {
            var step = StepAt(seen, pfn, before, after);
            if (step == 0)
                return false;
            pfn += Math.Min(step, pages.End - pfn);
        }

        return true;
    }

    // How many pages from pfn on one witness explains.
    private static long StepAt(Transition seen, long pfn, PageState before, PageState after)
    {
        var witnesses = seen.Outcome.Witness;
        for (var i = witnesses.Length - 1; i >= 0; i--)
        {
            if (witnesses[i].Role != WitnessRole.Migrated)
                continue;
            var source = new PageRange(witnesses[i].From, witnesses[i].Range.Count);
            if (witnesses[i].Range.Contains(pfn) && (before.IsFree || LoanPages.IsAny(before) || Left(witnesses[..i], pfn)))
            {
                var (origin, count) = Origin(witnesses[..(i + 1)], pfn);
                var (state, alike) = seen.RunBefore(origin);
                if (state.WithoutOrder == after)
                    return Math.Min(count, alike);
            }

            if (after.IsFree && source.Contains(pfn))
                return source.End - pfn;
        }

        return 0;
    }

    // The page that was there moved away earlier in the same operation.
    private static bool Left(ReadOnlySpan<Witness> earlier, long pfn)
    {
        foreach (ref readonly var witness in earlier)
            if (witness.Role == WitnessRole.Migrated && new PageRange(witness.From, witness.Range.Count).Contains(pfn))
                return true;
        return false;
    }

    // A page may move more than once in one operation: where it was at first, and how many from it on moved along.
    private static (long Pfn, long Count) Origin(ReadOnlySpan<Witness> moves, long pfn)
    {
        var count = long.MaxValue;
        for (var i = moves.Length - 1; i >= 0; i--)
            if (moves[i].Role == WitnessRole.Migrated && moves[i].Range.Contains(pfn))
            {
                // An earlier step may have moved only some of them: from there on, page by page.
                count = Math.Min(count, i == moves.Length - 1 ? moves[i].Range.End - pfn : 1);
                pfn = moves[i].From + pfn - moves[i].Range.Start;
            }

        return (pfn, count);
    }
}
