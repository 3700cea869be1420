using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Operations;

/// <summary><c>plug</c>, <c>unplug</c>, <c>resize</c>: virtio-mem in sub-block mode (kernel-semantics 3.13).</summary>
internal static class Plugging
{
    private static readonly Citation s_config = new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_refresh_config");
    private static readonly Citation s_bound = new("v6.12", "drivers/virtio/virtio_mem.c", "register_virtio_mem_device");
    private static readonly Citation s_run = new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_run_wq");
    private static readonly Citation s_remove = new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_sbm_remove_mb");

    /// <summary>Judges all three.</summary>
    public static Judgement Judge(in Ruling ruling)
    {
        var operation = ruling.Seen.Operation;
        var id = operation.Subject.Id;
        if (id > ruling.State.DeviceMemories.Length)
            return ruling.Demand(Errno.EINVAL, "the machine has no such device memory", s_config);
        if (!Callbacks.Has(ruling.State, CallbackOwner.VirtioMem))
            return ruling.Demand(Errno.ENODEV, "its driver has no online_page callback, and is not bound", s_bound);
        var memory = ruling.State.DeviceMemories[id - 1];
        var size = ruling.Spec.DeviceMemories[id - 1].SubBlockPages;
        var target = operation.Kind switch
        {
            OperationKind.Plug => memory.Plugged + operation.Amount,
            OperationKind.Unplug => Math.Max(0, memory.Plugged - operation.Amount),
            _ => operation.Amount,
        };
        if (target > ruling.Spec.RegionOf(id).Count / size)
            return ruling.Demand(Errno.EINVAL, "more than its region holds", s_config);
        if (ruling.Answer == Answer.Pending)
            return ruling.PermitUnchanged();
        var reached = (ruling.Seen.After.Device(operation.Subject)?.PluggedPages ?? (target * size)) / size;
        if (ruling.IsOk ? reached != target : !Short(ruling, memory, target, reached))
            return ruling.IsOk
                ? Ruling.Refute("device-memory.converges", operation.Subject.ToString(), $"{target} sub-blocks plugged", $"{reached}", s_run)
                : ruling.RefuteAnswer("ok, or falling short with EBUSY, ENOSPC or ENOMEM and a seen cause", s_run);
        return Settle(ruling, memory, reached);
    }

    /// <summary>Judges what the retry timer may do on a <c>tick</c>: remove blocks that were emptied before.</summary>
    public static Judgement Retry(in Ruling ruling)
    {
        var next = ruling.State;
        foreach (var block in ruling.State.Blocks)
            if (block.Owner < 0 && ruling.Seen.After.Find(block.Number) is null && IsEmpty(ruling, ruling.State.DeviceMemories[-block.Owner - 1], block))
                next = Removing.Drop(next, block.Range);
        var seen = ruling.Seen;
        return ruling.Permit(next, new PageRule((pages, before, after) =>
            Removing.FreesMemmap(before, after) || Migrations.Explain(seen, pages, before, after)));
    }

    // Falling short: towards the target and not beyond, and for a reason.
    private static bool Short(in Ruling ruling, DeviceMemory memory, long target, long reached)
    {
        var growing = target > memory.Plugged;
        var towards = growing ? reached >= memory.Plugged && reached < target : reached <= memory.Plugged && reached > target;
        if (!towards || !ruling.Answer.IsErrno)
            return false;
        if (ruling.State.Veto.K > 0 && ruling.Is(ruling.State.Veto.Errno))
            return true;
        return ruling.Answer.Errno switch
        {
            Errno.EBUSY => !growing && Busy(ruling, memory),
            Errno.ENOSPC => growing && OfflineBlocks(ruling, memory.Id) > 0,
            Errno.ENOMEM => growing,
            _ => false,
        };
    }

    private static Judgement Settle(in Ruling ruling, DeviceMemory memory, long reached)
    {
        var spec = ruling.Spec;
        var size = spec.DeviceMemories[memory.Id - 1].SubBlockPages;
        var region = spec.RegionOf(memory.Id);
        var changed = memory with { Plugged = reached };
        if (memory.MapKnown)
        {
            foreach (ref readonly var witness in ruling.Seen.Outcome.Witness)
                if (witness.Role is WitnessRole.Plugged or WitnessRole.Unplugged && region.Contains(witness.Range))
                    changed = changed.With((witness.Range.Start - region.Start) / size, witness.Range.Count / size, witness.Role == WitnessRole.Plugged);
            if (Misaligned(ruling.Seen.Outcome, size) is { } crooked)
                return Ruling.Refute("device-memory.witness", $"m{memory.Id}", $"whole sub-blocks of {size} pages", crooked.ToString(), s_run, crooked);
            var mapped = changed.CountPlugged(0, region.Count / size);
            if (mapped != reached)
                return Ruling.Refute("device-memory.witness", $"m{memory.Id}", $"{reached} sub-blocks plugged by the witness", $"{mapped}", s_run);
        }

        var next = LoanRelease.Follow(Migrations.Follow(ruling.State, ruling.Seen.Outcome), ruling.Seen, region).With(changed);
        if (Reshape(ruling, changed, ref next, out var added) is { } wrong)
            return Judgement.Refuted(wrong);
        var online = Onlining.AutoOnlineAll(ruling, next, added, oneByOne: true, out next);
        if (!online.IsPermitted)
            return online;
        var seen = ruling.Seen;
        var adds = added.Count > 0;
        var judgement = ruling.Permit(next, new PageRule((pages, before, after) => Explains(seen, pages, before, after, adds)));
        if (!judgement.IsPermitted || !seen.Sees(Visibility.Placement) || !next.Poisoned.IsEmpty)
            return judgement;   // A poisoned page of memmap is never given back.
        var taken = Checks.PageCounts.Grown(seen, Adding.Memmap, static (page, memmap) => page == memmap);
        var cost = (next.CountOwned(-memory.Id) - ruling.State.CountOwned(-memory.Id)) * (long)spec.VmemmapPagesPerBlock;
        return taken <= cost ? judgement
            : Ruling.Refute("device-memory.memmap-cost", $"m{memory.Id}", $"at most {cost} more pages of memory taken for memmap", $"{taken}", s_run);
    }

    private static bool Explains(Transition seen, PageRange pages, PageState before, PageState after, bool adds) =>
        Migrations.Explain(seen, pages, Freed(before), after) || LoanRelease.Explains(seen, pages, before, after)
        || (before.Has(PageFlags.Offline) && !after.Has(PageFlags.Offline)
            && Removing.IsGivenBack(before, after)
            && Allocating.Covers(seen.Outcome, WitnessRole.Plugged, pages))
        || (after.Has(PageFlags.Offline) && after.References == OfflinePages.AtRest(seen.Spec)
            && Allocating.Covers(seen.Outcome, WitnessRole.Unplugged, pages))
        || (adds && after == Adding.Memmap
            && (before.IsFree || Allocating.Covers(seen.Outcome, WitnessRole.Plugged, pages)))
        || Removing.FreesMemmap(before, after);

    private static PageRange? Misaligned(Outcome outcome, int size)
    {
        foreach (ref readonly var witness in outcome.Witness)
            if (witness.Role is WitnessRole.Plugged or WitnessRole.Unplugged && (witness.Range.Start % size != 0 || witness.Range.Count % size != 0))
                return witness.Range;
        return null;
    }

    // Blocks that appeared and vanished in the region: every plugged sub-block's block exists, an empty one goes.
    private static Violation? Reshape(in Ruling ruling, DeviceMemory memory, ref State next, out List<int> added)
    {
        added = [];
        var spec = ruling.Spec.DeviceMemories[memory.Id - 1];
        for (var number = spec.FirstBlock; number < spec.FirstBlock + spec.Blocks; number++)
        {
            var shown = ruling.Seen.After.Find(number);
            if (next.Find(number) is { } known && !Checks.PageCheck.Destroyed(ruling.Seen, number))
            {
                if (shown is null)
                {
                    if (memory.MapKnown && !IsEmpty(ruling, memory, known))
                        return new("device-memory.keeps-plugged-blocks", $"block {number}", "it exists: sub-blocks of it are plugged", "no such memory block", s_remove);
                    next = Removing.Drop(next, known.Range);
                }
                else if (memory.MapKnown && IsEmpty(ruling, memory, known) && !MayStay(ruling, known))
                {
                    return new("device-memory.removes-empty-blocks", $"block {number}", "removed: no sub-block of it is plugged", "it exists", s_remove);
                }
            }
            else
            {
                var block = new Block(number, spec.Node, -memory.Id, ruling.Spec.PagesOf(number));
                var isEmpty = IsEmpty(ruling, memory, block);
                if (memory.MapKnown && isEmpty != (shown is null))
                    return new("device-memory.adds-plugged-blocks", $"block {number}", isEmpty
                        ? "no such memory block: no sub-block of it is plugged" : "it exists: sub-blocks of it are plugged",
                        shown is null ? "no such memory block" : "it exists", s_run);
                next = Removing.Drop(next, block.Range);
                if (shown is null)
                    continue;
                next = next.With(block);
                added.Add(number);
            }
        }

        return null;
    }

    // Memmap of a block that goes is free for what moves afterwards.
    private static PageState Freed(PageState before) =>
        before.Has(PageFlags.InUse | PageFlags.Kernel) ? PageState.Free(0) : before;

    // An emptied block stays while its removal is refused, or was before.
    private static bool MayStay(in Ruling ruling, in Block block) =>
        Refusals.Sticky(ruling, online: false) != Errno.None || ruling.State.Veto.K > 0 || ruling.State.PcplistsDisabled
        || Obstacles.HoldsKept(ruling.Seen, block)
        || (ruling.State.DeviceMemories[-block.Owner - 1] is { MapKnown: true } before && IsEmpty(ruling, before, block));

    private static bool IsEmpty(in Ruling ruling, DeviceMemory memory, in Block block)
    {
        if (!memory.MapKnown)
            return false;
        var size = ruling.Spec.DeviceMemories[memory.Id - 1].SubBlockPages;
        return memory.CountPlugged((ruling.Spec.PagesOf(block.Number).Start - ruling.Spec.RegionOf(memory.Id).Start) / size, ruling.Spec.PagesPerBlock / size) == 0;
    }

    // Some page of its blocks is not free: unplugging may fail on it.
    private static bool Busy(in Ruling ruling, DeviceMemory memory)
    {
        var mayBeBallooned = ruling.Spec.Balloons.Length > 0 && !ruling.Seen.Sees(Visibility.Owners);
        foreach (var block in ruling.State.Blocks)
        {
            if (block.Owner != -memory.Id || ruling.Seen.Before.Find(block.Number) is not { } shown)
                continue;
            if (shown.Pages.Pages == 0)
                return true;   // Its pages cannot be seen: nothing to decide from.
            foreach (ref readonly var run in shown.Pages.Runs)
                if (!run.State.HasAny(PageFlags.Buddy | PageFlags.Pcplist | PageFlags.NoPage) && (!run.State.Has(PageFlags.Offline)
                    || run.State.Owner >= PageState.BalloonOwner || mayBeBallooned || run.State.Has(PageFlags.HwPoison)))
                    return true;
        }

        return false;
    }

    private static int OfflineBlocks(in Ruling ruling, int id)
    {
        var count = 0;
        foreach (var block in ruling.Seen.After.Blocks)
            if (!block.IsOnline && ruling.Spec.DeviceMemoryOf(block.Block) == id)
                count++;
        return count;
    }
}
