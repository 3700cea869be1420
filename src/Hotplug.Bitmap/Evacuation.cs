using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>Empties a block that goes offline, or tells which page keeps it.</summary>
internal sealed class Evacuation<TRules>(
    MachineState state, BuddyAllocator buddy, Migration<TRules> migration, IsolationNotifier<TRules> isolation,
    TRules rules)
    where TRules : struct, IRules
{
    private readonly List<int> _avoided = [];

    /// <summary>
    /// has_unmovable_pages() for offlining a block of a kernel zone: the first page of the range that isolation
    /// refuses; −1 if there is none. Poisoned pages never stop it.
    /// </summary>
    public int FindUnmovable(MemoryBlock block, int start, int end, EffectLog log)
    {
        if (block.FreePages == end - start)
            return -1;
        if (isolation.IsUsed)
        {
            rules.Acquire(LockName.Cmm);
            var culprit = isolation.FindUnmovable(block, start, end, log);
            rules.Release(LockName.Cmm);
            return culprit;
        }

        var found = start - 1;
        do
            found = state.FirstOf(block, PageUse.Kernel, found + 1, end);
        while (found >= 0 && block.IsPoisoned(found));

        // Source document 003: a PageOffline page that has a reference is detected as unmovable.
        return state.HasOfflineUnreferenced ? Earlier(found, FirstReferenced(block, end, poisonedToo: false)) : found;
    }

    /// <summary>
    /// The first page that is PG_reserved still, because its driver kept it from the buddy: isolation refuses it in any
    /// zone; −1 if there is none, as from 6.11 on (kernel-semantics 3.12.3, 3.12.4).
    /// </summary>
    public int FindReserved(MemoryBlock block) =>
        block.Driver == CallbackOwner.Generic || !state.Spec.Dialect.Has(DialectItem.RawPagesReserved)
            ? -1
            : state.FirstOf(block, PageUse.NeverOnlined, 0, state.Layout.PagesPerBlock);

    /// <summary>
    /// scan_movable_pages() and do_migrate_range(): EBUSY for a PageOffline page that nobody gave up, unfinished where
    /// a page never can leave or there is no room.
    /// </summary>
    public Answer EmptyBlock(MemoryBlock block, PageRange leaving, EffectLog log, out long left)
    {
        left = -1;
        var end = state.Layout.PagesPerBlock;
        if (block.FreePages == end - block.Vmemmap)
            return Answer.Ok;
        // The scan asks for poison only where a page can move. That of source document 003 does not know PageOffline.
        var kept = state.HasOfflineUnreferenced || !rules.Keeps(Fault.KeptOfflinePageAccepted) ? -1
            : FirstReferenced(block, end, poisonedToo: true);
        var movable = migration.FirstMovable(block, block.Vmemmap, end);

        // The scan stops at the first page of either kind; from a movable one on, all that move are moved at once.
        if (movable >= 0 && (kept < 0 || movable < kept) && !MoveAll(block, leaving, log))
            return Stuck(block, migration.FirstMovable(block, block.Vmemmap, end), Answer.Unfinished, log, out left);
        if (kept >= 0)
            return Stuck(block, kept, Answer.Of(Errno.EBUSY), log, out left);
        rules.At(SchedulePoint.OfflineAfterMigration, state.PageOf(block, 0));
        var found = rules.Keeps(Fault.PinnedPageLost) ? Test(block) : -1;
        return found >= 0 ? Stuck(block, found, Answer.Unfinished, log, out left) : Answer.Ok;
    }

    /// <summary>
    /// test_pages_isolated(): the first page that is neither in the buddy, nor poisoned, nor PageOffline and given up;
    /// −1 if there is none. One on a per-CPU list is such a page: the scan does not see it, and nobody moves it; so is
    /// what CMM counted and did not give back.
    /// </summary>
    public int Test(MemoryBlock block)
    {
        var pinned = FirstPinned(block, state.Layout.PagesPerBlock);
        if (pinned < 0 && block.Cmm is { Count: > 0 } cmm)
            pinned = cmm.First;
        if (pinned < 0 && block.InFlight.Count > 0 && rules.Keeps(RaceFault.PagesOnTheirWayOverlooked))
            pinned = block.InFlight[0];
        return pinned >= 0 || block.OnPcplists.Count == 0 ? pinned : block.OnPcplists[0].Offset;
    }

    /// <summary>
    /// Moves everything movable out of a range of the block, into blocks outside <paramref name="leaving"/> first.
    /// </summary>
    public bool MoveAway(MemoryBlock block, int start, int end, PageUse leaves, PageRange leaving, EffectLog log)
    {
        Avoid(leaving);
        var hasRoom = migration.MoveAway(block, start, end, leaves, log);
        foreach (var number in _avoided)
            buddy.List(state.Blocks[number]);
        var hadChoice = _avoided.Count > 0;
        _avoided.Clear();
        return hasRoom || (hadChoice && migration.MoveAway(block, start, end, leaves, log));
    }

    /// <summary>Poisoned pages that somebody still had are gone with the block.</summary>
    public void Abandon(MemoryBlock block)
    {
        while (block.Runs >= 0)
            state.Runs.Remove(block.Runs, block);
        // Where nobody has any, the fault does not come to bear.
        if (block.Referenced == 0 || !rules.Keeps(Fault.AbandonedReferencesKept))
            return;
        foreach (var offset in block.Poisoned)
        {
            var pfn = state.PageOf(block, offset);
            state.References.Add(block, pfn, -state.References.Of(pfn));
        }
    }

    // Offlining scans again and tries again: a migration that was made to fail costs a round.
    private bool MoveAll(MemoryBlock block, PageRange leaving, EffectLog log)
    {
        if (state.Injection.IsArmed)
            state.Injection.Strike(
                VetoPoint.Migration, migration.MovablePages(block, block.Vmemmap, state.Layout.PagesPerBlock));
        return MoveAway(block, block.Vmemmap, state.Layout.PagesPerBlock, PageUse.Free, leaving, log);
    }

    // A page that moved into a block that leaves too would have to move again.
    private void Avoid(PageRange leaving)
    {
        foreach (var number in state.Blocks.In(leaving))
        {
            if (!state.Blocks[number].IsListed)
                continue;
            buddy.Unlist(state.Blocks[number]);
            _avoided.Add(number);
        }
    }

    private Answer Stuck(MemoryBlock block, int culprit, Answer answer, EffectLog log, out long left)
    {
        left = culprit < 0 ? -1 : state.PageOf(block, culprit);
        if (culprit >= 0)
            log.Witness(WitnessRole.Culprit, new PageRange(state.PageOf(block, culprit), 1));
        return answer;
    }

    // The first PageOffline page that has a reference: Hyper-V and Xen never drop theirs, a device memory may not have
    // been asked to, and somebody else may have one. virtio's balloon has movable pages.
    private int FirstReferenced(MemoryBlock block, int end, bool poisonedToo)
    {
        var isKept = !state.IsOfflineUnreferenced(block);
        var hasBalloons = state.HasOtherBalloons && block.Runs >= 0;
        if (!isKept && !hasBalloons && block.Referenced == 0)
            return -1;
        for (var offset = block.Vmemmap; offset < end;)
        {
            var use = state.UseAt(block, offset);
            var runEnd = state.RunEnd(block, offset, end);
            if (use is PageUse.NeverOnlined or PageUse.Unplugged)
                for (var i = offset; i < runEnd; i++)
                    if ((isKept || HasReference(block, state.PageOf(block, i)))
                        && (poisonedToo || !block.IsPoisoned(i) || IsBallooned(block, state.PageOf(block, i))))
                        return i;
            offset = runEnd;
        }

        return -1;
    }

    private bool HasReference(MemoryBlock block, long pfn) =>
        state.References.Of(pfn) > 0 || IsBallooned(block, pfn);

    private bool IsBallooned(MemoryBlock block, long pfn) =>
        block.Driver != CallbackOwner.Generic || (state.HasOtherBalloons && state.Runs.Find(block, pfn) >= 0);

    private static int Earlier(int one, int other) => one < 0 ? other : other < 0 ? one : Math.Min(one, other);

    private int FirstPinned(MemoryBlock block, int end)
    {
        var pinned = FirstSound(block, PageUse.Pinned, end);
        if (pinned < 0)
            pinned = FirstSound(block, PageUse.Unmigratable, end);
        if (pinned < 0)
            pinned = FirstSound(block, PageUse.Movable, end);

        // In a kernel zone isolation has refused these; in zone Movable contiguous allocations leave them.
        if (pinned < 0 && rules.Keeps(Fault.UnmovablePagesIgnored))
            pinned = FirstSound(block, PageUse.Kernel, end);

        // Otherwise the scan has refused it already, unless somebody took the reference since.
        if (pinned < 0 && (state.HasOfflineUnreferenced || rules.Overlaps))
            pinned = FirstReferenced(block, end, poisonedToo: false);
        return pinned >= 0 ? pinned : state.FirstOf(block, PageUse.Ballooned, block.Vmemmap, end);
    }

    private int FirstSound(MemoryBlock block, PageUse use, int end)
    {
        var found = block.Vmemmap - 1;
        do
            found = state.FirstOf(block, use, found + 1, end);
        while (found >= 0 && block.IsPoisoned(found) && rules.Keeps(Fault.PoisonBlocksOffline));
        return found;
    }
}
