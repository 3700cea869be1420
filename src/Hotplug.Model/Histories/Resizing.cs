using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.Operations;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>
/// Device memory among others: sub-blocks are plugged and unplugged one after the other, and blocks come and go with
/// them (kernel-semantics 3.13).
/// </summary>
internal static class Resizing
{
    private static readonly Citation s_run = new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_run_wq");
    private static readonly Citation s_config =
        new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_refresh_config");
    private static readonly Citation s_bound =
        new("v6.12", "drivers/virtio/virtio_mem.c", "register_virtio_mem_device");
    private static readonly Citation s_online = new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_fake_online");
    private static readonly Citation s_offline = new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_fake_offline");

    /// <summary>Judges that a request begins: its driver does one at a time.</summary>
    public static Judgement Begin(in Turn turn)
    {
        var id = turn.Operation.Subject.Id;
        foreach (var one in turn.State.UnderWay)
            if (one.Resizes == id)
                return Turn.Refute("device-memory.one-request-at-a-time", turn.Subject,
                    $"to wait for another request for m{id}",
                    "under way", s_run);
        return Turn.Permit(turn.State.With(turn.Ongoing with
        {
            Resizes = id,
            AutoMovable = turn.Structure.AutoMovable,
            Pages = id <= turn.Structure.DeviceMemories.Length ? turn.Structure.DeviceMemories[id - 1].Plugged : 0,
        }));
    }

    /// <summary>Judges that a block is created or destroyed by its driver; other operations do that as a
    /// whole.</summary>
    public static Judgement Reshape(in Turn turn)
    {
        var number = turn.Spec.BlockOf(turn.Pages.Start);
        var id = turn.Spec.DeviceMemoryOf(number);
        if (turn.Operation.Kind is not (OperationKind.Plug or OperationKind.Unplug or OperationKind.Resize or OperationKind.Tick) || id == 0)
            return Turn.Permit(turn.State);
        if (Emptying.RefuteLock(turn) is { } locked)
            return locked;
        if (turn.Occurrence.What == Happens.Create)
        {
            if (turn.Structure.Find(number) is not null)
                return turn.RefuteAnswer($"EEXIST (block {number} is there)", s_run);
            var block = new Block(number, turn.Spec.DeviceMemories[id - 1].Node, -id, turn.Spec.PagesOf(number));
            return Turn.Permit(Populating.Created(turn.State with { Structure = turn.Structure.With(block) }, block));
        }

        return turn.Structure.Find(number) is { Online: false } gone
            ? Turn.Permit(Populating.Destroyed(turn.State, gone).With(turn.Ongoing with { HoldsHotplugLock = false }))
            : turn.RefuteAnswer($"no removal of block {number}, which is online or not there", s_run);
    }

    /// <summary>Judges that sub-blocks are plugged: their pages, if their block is online, are free then.</summary>
    public static Judgement Plug(in Turn turn)
    {
        if (Changed(turn, isPlugged: true) is not { } next)
            return Turn.Refute("device-memory.plugs-unplugged", $"pages {turn.Pages}",
                $"whole unplugged sub-blocks when {turn.Subject} plugs them",
                "others", s_online, turn.Pages);
        foreach (var (pages, page) in turn.State.Pages.RunsIn(turn.Pages))
        {
            if (page.HasAny(PageFlags.NoPage))
                continue;
            if (!OfflinePages.IsUnplugged(page) && !page.HasAny(PageFlags.Unseen | PageFlags.HwPoison))
                return Turn.Refute("device-memory.plugs-unplugged", $"page {pages.Start}",
                    $"PageOffline when {turn.Subject} plugs it",
                    page.ToString(), s_online, pages);
            next = page.Has(PageFlags.HwPoison) ? next.With(pages, PageWords.Poisoned(PageState.NotSeen))
                : next.With(pages, PageWords.Free);
        }

        return Turn.Permit(next);
    }

    /// <summary>Judges that sub-blocks are unplugged: all their pages were free, or moved away.</summary>
    public static Judgement Unplug(in Turn turn)
    {
        if (Changed(turn, isPlugged: false) is not { } next)
            return Turn.Refute("device-memory.unplugs-plugged", $"pages {turn.Pages}",
                $"whole plugged sub-blocks when {turn.Subject} unplugs them",
                "others", s_offline, turn.Pages);
        if (turn.State.BlockOf(turn.Pages.Start) is null)
            return Turn.Permit(next);
        var id = turn.Spec.DeviceMemoryOf(turn.Spec.BlockOf(turn.Pages.Start));
        var page = new PageState(PageFlags.Offline, 0, (byte)id, OfflinePages.AtRest(turn.Spec));
        return Taking.TryTake(next, turn.Pages, page) is { } taken ? Turn.Permit(taken)
            : Taking.RefuteTake(turn, turn.Pages);
    }

    /// <summary>Judges the answer: as many sub-blocks as were asked for, or a reason to fall short.</summary>
    public static Judgement End(in Turn turn)
    {
        var operation = turn.Operation;
        var id = operation.Subject.Id;
        if (id > turn.Structure.DeviceMemories.Length)
            return turn.Demand(Errno.EINVAL, "the machine has no such device memory", s_config);
        if (!Callbacks.Has(turn.Structure, CallbackOwner.VirtioMem) && turn.Is(Errno.ENODEV))
            return turn.Ends(turn.State);
        var (before, now) = (turn.Ongoing.Pages, turn.Structure.DeviceMemories[id - 1].Plugged);
        var target = operation.Kind switch
        {
            OperationKind.Plug => before + operation.Amount,
            OperationKind.Unplug => Math.Max(0, before - operation.Amount),
            _ => operation.Amount,
        };
        if (target > turn.Spec.RegionOf(id).Count / turn.Spec.DeviceMemories[id - 1].SubBlockPages)
            return turn.Demand(Errno.EINVAL, "more than its region holds", s_config);
        if (!Callbacks.Has(turn.Structure, CallbackOwner.VirtioMem) && !turn.Overlaps(OperationKind.SetCallback))
            return turn.Demand(Errno.ENODEV, "its driver has no online_page callback, and is not bound", s_bound);
        if (turn.Answer.IsOk)
            return now == target ? turn.Ends(turn.State)
                : Turn.Refute("device-memory.converges", operation.Subject.ToString(), $"{target} sub-blocks plugged",
                    $"{now}", s_run);
        var towards = target > before ? now >= before && now < target : now <= before && now > target;
        return towards && MayFallShort(turn, target > before) ? turn.Ends(turn.State)
            : turn.RefuteAnswer("ok, or falling short with EBUSY, ENOSPC or ENOMEM and a cause", s_run);
    }

    /// <summary>True if a request that may go on meanwhile may have isolated some of the range for a while.</summary>
    public static bool MayIsolate(in Turn turn, PageRange range)
    {
        foreach (var other in turn.Overlapping)
            if (other.Operation.Kind is OperationKind.Unplug or OperationKind.Resize or OperationKind.Plug
                && other.Operation.Subject.Id <= turn.Spec.DeviceMemories.Length
                && turn.Spec.RegionOf(other.Operation.Subject.Id).Intersects(range))
                return true;
        return false;
    }

    // The state with the sub-blocks plugged or unplugged; null if they are so already, or are none.
    private static HistoryState? Changed(in Turn turn, bool isPlugged)
    {
        var id = turn.Spec.DeviceMemoryOf(turn.Spec.BlockOf(turn.Pages.Start));
        if (id == 0 || turn.Structure.Find(turn.Spec.BlockOf(turn.Pages.Start)) is null
            || !turn.Spec.RegionOf(id).Contains(turn.Pages))
            return null;
        var size = turn.Spec.DeviceMemories[id - 1].SubBlockPages;
        var start = turn.Pages.Start - turn.Spec.RegionOf(id).Start;
        var (first, count) = (start / size, turn.Pages.Count / size);
        var memory = turn.Structure.DeviceMemories[id - 1];
        if (start % size != 0 || turn.Pages.Count % size != 0
            || (memory.MapKnown && memory.CountPlugged(first, count) != (isPlugged ? 0 : count)))
            return null;
        var changed = memory with { Plugged = memory.Plugged + (isPlugged ? count : -count) };
        return turn.State with
        {
            Structure = turn.Structure.With(memory.MapKnown ? changed.With(first, count, isPlugged) : changed)
        };
    }

    private static bool MayFallShort(in Turn turn, bool isGrowing) => turn.Answer.IsErrno && (turn.Answer.Errno switch
    {
        Errno.EBUSY => !isGrowing,
        Errno.ENOSPC or Errno.ENOMEM => isGrowing,
        _ => false,
    } || (turn.Structure.Veto is { K: > 0 } veto && turn.Is(veto.Errno)));
}
