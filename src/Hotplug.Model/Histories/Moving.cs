using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>Pages are migrated: from what is being emptied to free pages that nobody has isolated.</summary>
internal static class Moving
{
    private static readonly Citation s_migrate = new("v6.12", "mm/migrate.c", "migrate_pages");
    private static readonly Citation s_target = new("v6.12", "mm/migrate.c", "alloc_migration_target");

    /// <summary>Judges the migration of one page.</summary>
    public static Judgement Migrate(in Turn turn)
    {
        var state = turn.State;
        var (to, from) = (turn.Pages, turn.Occurrence.From);
        var page = state.Pages.At(from);
        if (!PageWords.CanMove(page))
            return Turn.Refute("migration.moves-movable-pages", $"page {from}",
                $"one that {turn.Subject} may migrate: movable, with no reference but its owner's", page.ToString(),
                    s_migrate,
                new PageRange(from, 1));
        if (!MayLeave(turn, from))
            return Turn.Refute("migration.stays-in-range", $"page {from}", $"in the range that {turn.Subject} empties",
                "elsewhere", s_migrate, new PageRange(from, 1));
        if (Taking.TryTake(state, to, page) is not { } next)
            return RefuteTarget(turn, to);
        next = next.With(new PageRange(from, 1), PageWords.Free);
        foreach (var allocation in state.Structure.Allocations)
            if (allocation.RunFrom(from).Index >= 0)
                next = next.With(allocation.Moved(from, to.Start, 1));
        return Turn.Permit(next.With(turn.Ongoing));
    }

    private static Judgement RefuteTarget(in Turn turn, PageRange to)
    {
        var page = turn.State.Pages.At(to.Start);
        return page == PageWords.Free
            ? Turn.Refute("migration.leaves-isolated-range", $"page {to.Start}",
                $"no target for {turn.Subject}, because its pageblock is isolated", "migrated to", s_target, to)
            : Turn.Refute("migration.to-free-pages", $"page {to.Start}", $"free when {turn.Subject} migrates to it",
                page.ToString(), s_target, to);
    }

    // Who isolated a range empties that; soft_offline_page() isolates nothing but its page.
    private static bool MayLeave(in Turn turn, long from) => turn.Operation.Kind switch
    {
        OperationKind.SoftOffline => turn.Call.Target.Range.Contains(from),
        OperationKind.Plug or OperationKind.Unplug or OperationKind.Resize =>
            turn.Spec.DeviceMemoryOf(turn.Spec.BlockOf(from)) == turn.Operation.Subject.Id,
        _ => turn.Ongoing.Wanted.Contains(from),
    };
}
