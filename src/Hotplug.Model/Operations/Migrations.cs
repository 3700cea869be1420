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
        foreach (ref readonly var witness in seen.Outcome.Witness)
        {
            if (witness.Role != WitnessRole.Migrated)
                continue;
            var source = new PageRange(witness.From, witness.Range.Count);
            if (before.Has(PageFlags.Buddy) && witness.Range.Contains(pfn)
                && seen.PageBefore(witness.From + pfn - witness.Range.Start).WithoutOrder == after)
                return 1;
            if (after.Has(PageFlags.Buddy) && source.Contains(pfn))
                return source.End - pfn;
        }

        return 0;
    }
}
