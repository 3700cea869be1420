using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Device memory (virtio-mem), plugged and unplugged by sub-blocks.</summary>
public static class DeviceMemories
{
    /// <summary>Catches sizes that are not sub-blocks.</summary>
    public static readonly Invariant WholeSubBlocks = new(
        "device-memory.whole-sub-blocks", Family.DeviceMemory,
        "The size of device memory is a whole number of sub-blocks, and no more than its region.",
        "A sub-block that is counted in part, or plugged twice.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_send_plug_request"),
        Levels.DeviceMemory, Visibility.Devices, CheckWhole);

    /// <summary>Catches a driver whose map and pages disagree.</summary>
    public static readonly Invariant SizeIsItsBlocks = new(
        "device-memory.size-is-its-blocks", Family.DeviceMemory,
        "The size of device memory is no more than the pages of its memory blocks that are not PageOffline as "
        + "unplugged ones.",
        "Plugged memory that nobody uses: it stays PageOffline, or it has no memory block.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_sbm_plug_any_sb"),
        Levels.DeviceMemory, Visibility.Blocks | Visibility.Devices | Visibility.PageTypes, CheckBlocks);

    /// <summary>Catches a resize that goes the wrong way or too far.</summary>
    public static readonly Invariant MovesTowardsRequest = new(
        "device-memory.moves-towards-request", Family.DeviceMemory,
        "A request moves the size of device memory towards what was asked for, and never past it.",
        "A driver that plugs more than the host allows, or unplugs what it was to keep.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_run_wq"),
        Levels.DeviceMemory, Visibility.Devices, CheckTowards)
    {
        When = When.Resizing,
    };

    /// <summary>Catches a driver that does not look at a new request while it still works at the last one.</summary>
    public static readonly Invariant RequestNoticed = new(
        "device-memory.request-noticed", Family.DeviceMemory,
        "The size that device memory shows as asked for is what was asked for last, whether it was reached or not.",
        "A driver that goes on unplugging what is wanted again, because unplugging keeps failing.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_config_changed"),
        Levels.DeviceMemory, Visibility.Devices, CheckNoticed)
    {
        When = When.Resizing,
    };

    /// <summary>Catches a request that is reported as fulfilled and is not.</summary>
    public static readonly Invariant ReachedWhenOk = new(
        "device-memory.reached-when-ok", Family.DeviceMemory,
        "A resize that succeeds has reached the size that was asked for.",
        "A driver that gives up and calls it success.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_run_wq"),
        Levels.DeviceMemory, Visibility.Devices, CheckReached)
    {
        When = Occasion.Of(OperationKind.Resize),
    };

    /// <summary>Catches device memory that changes by itself.</summary>
    public static readonly Invariant SizeByRequest = new(
        "device-memory.size-by-request", Family.DeviceMemory,
        "The size of device memory changes only by requests to that device.",
        "Onlining or offlining that plugs or unplugs, or a request that hits the neighbour.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_config_changed"),
        Levels.DeviceMemory, Visibility.Devices, CheckRequest);

    /// <summary>Catches a witness that does not add up to what happened.</summary>
    public static readonly Invariant SizeFollowsSubBlocks = new(
        "device-memory.size-follows-sub-blocks", Family.DeviceMemory,
        "The size of device memory changes by the sub-blocks that were plugged, less those that were unplugged.",
        "A sub-block that is plugged and not counted, or unplugged twice.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_sbm_set_sb_plugged"),
        Levels.DeviceMemory, Visibility.Devices | Visibility.Placement, CheckWitness)
    {
        When = When.Resizing,
    };

    /// <summary>Catches a sub-block whose pages do not follow it.</summary>
    public static readonly Invariant PagesFollowSubBlocks = new(
        "device-memory.pages-follow-sub-blocks", Family.DeviceMemory,
        "In an online memory block, pages of a sub-block that was plugged last are not PageOffline, those of one "
        + "that was unplugged are.",
        "Plugged memory that is never given to the allocator, or unplugged memory that it still hands out.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_fake_online"),
        Levels.DeviceMemory, Visibility.Blocks | Visibility.PageTypes | Visibility.Placement | Visibility.Owners,
            CheckPages)
    {
        When = When.Resizing,
    };

    private static Violation? CheckWhole(Transition seen)
    {
        foreach (ref readonly var device in seen.After.Devices)
        {
            if (device.Name.Kind != NameKind.DeviceMemory)
                continue;
            var spec = seen.Spec.DeviceMemories[device.Name.Id - 1];
            var most = (long)spec.Blocks * seen.Spec.PagesPerBlock;
            if (device.PluggedPages < 0 || device.PluggedPages > most || device.PluggedPages % spec.SubBlockPages != 0)
                return Evidence.Against(WholeSubBlocks, $"device memory {device.Name}",
                    $"a multiple of {spec.SubBlockPages} pages, at most {most}", $"{device.PluggedPages}");
        }

        return null;
    }

    private static Violation? CheckBlocks(Transition seen)
    {
        foreach (ref readonly var device in seen.After.Devices)
        {
            if (device.Name.Kind != NameKind.DeviceMemory || !DeviceMemoryPages.AreTouched(seen, device))
                continue;
            var (low, high) = DeviceMemoryPages.Usable(seen, device.Name.Id);
            if (device.PluggedPages <= high || seen.InFlight(device.Name) || seen.BalloonInFlight)
                continue;
            return Evidence.Against(SizeIsItsBlocks, $"device memory {device.Name}",
                low == high ? $"{high} pages plugged, as many as are usable" : $"at most {high} pages plugged",
                Evidence.Surplus(high, device.PluggedPages), device.Range);
        }

        return null;
    }

    private static bool IsRequest(OperationKind kind) =>
        kind is OperationKind.Plug or OperationKind.Unplug or OperationKind.Resize;

    private static Violation? CheckTowards(Transition seen)
    {
        if (seen.IsStart || !IsRequest(seen.Operation.Kind) || !TrySizes(seen, out var before, out var after))
            return null;
        var wanted = WantedOf(seen, before);
        if ((after >= before && after <= wanted) || (after <= before && after >= wanted)
            || seen.Before.Device(seen.Operation.Subject) is { InFlight: true })
            return null;
        return Evidence.Against(MovesTowardsRequest, $"device memory {seen.Operation.Subject}",
            $"between {before} and {wanted} pages", $"{after}");
    }

    private static long WantedOf(Transition seen, long before)
    {
        var pages = seen.Operation.Amount * seen.Spec.DeviceMemories[seen.Operation.Subject.Id - 1].SubBlockPages;
        return seen.Operation.Kind switch
        {
            OperationKind.Plug => before + pages,
            OperationKind.Unplug => Math.Max(0, before - pages),
            _ => pages,
        };
    }

    // Whatever else was answered, the driver was not asked: more than the region holds, or no driver is there.
    private static Violation? CheckNoticed(Transition seen)
    {
        if (seen.IsStart || !IsRequest(seen.Operation.Kind) || !TrySizes(seen, out var before, out _)
            || seen.Answer.Completion != Completion.Finished
            || seen.Answer.Errno is not (Errno.None or Errno.EBUSY or Errno.ENOSPC or Errno.ENOMEM)
            || seen.InFlight(seen.Operation.Subject) || seen.Before.Device(seen.Operation.Subject) is { InFlight: true })
            return null;
        var wanted = WantedOf(seen, before);
        var requested = seen.After.Device(seen.Operation.Subject)!.Value.RequestedPages;
        return requested == wanted ? null : Evidence.Against(RequestNoticed,
            $"device memory {seen.Operation.Subject}", $"{wanted} pages asked for", $"{requested}");
    }

    private static Violation? CheckReached(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.Resize || seen.IsStart || !seen.Answer.IsOk
            || !TrySizes(seen, out _, out var after))
            return null;
        var wanted = seen.Operation.Amount * seen.Spec.DeviceMemories[seen.Operation.Subject.Id - 1].SubBlockPages;
        return after == wanted ? null
            : Evidence.Against(ReachedWhenOk, $"device memory {seen.Operation.Subject}", $"{wanted} pages", $"{after}");
    }

    private static Violation? CheckRequest(Transition seen)
    {
        if (seen.IsStart || seen.Operation.Kind == OperationKind.Tick)
            return null;
        foreach (ref readonly var device in seen.After.Devices)
            if (device.Name.Kind == NameKind.DeviceMemory && seen.Before.Device(device.Name) is { } was
                && was.PluggedPages != device.PluggedPages && !seen.InFlight(device.Name)
                && !(IsRequest(seen.Operation.Kind) && seen.Operation.Subject.Id == device.Name.Id))
                return Evidence.Against(SizeByRequest, $"device memory {device.Name}",
                    $"{was.PluggedPages} pages, as before {Evidence.Word(seen)}", $"{device.PluggedPages}");
        return null;
    }

    private static Violation? CheckWitness(Transition seen)
    {
        if (seen.IsStart || !IsRequest(seen.Operation.Kind) || !TrySizes(seen, out var before, out var after))
            return null;
        var expected = before + seen.Outcome.PagesOf(WitnessRole.Plugged) - seen.Outcome.PagesOf(WitnessRole.Unplugged);
        return after == expected ? null : Evidence.Against(SizeFollowsSubBlocks,
            $"device memory {seen.Operation.Subject}",
            Evidence.Count(expected, "page"), Evidence.Surplus(expected, after));
    }

    private static bool TrySizes(Transition seen, out long before, out long after)
    {
        var (was, now) = (seen.Before.Device(seen.Operation.Subject), seen.After.Device(seen.Operation.Subject));
        (before, after) = (was?.PluggedPages ?? 0, now?.PluggedPages ?? 0);
        return was is not null && now is not null;
    }

    private static Violation? CheckPages(Transition seen)
    {
        if (seen.IsStart || !IsRequest(seen.Operation.Kind))
            return null;
        var witnesses = seen.Outcome.Witness;
        for (var i = 0; i < witnesses.Length; i++)
        {
            var plugged = witnesses[i].Role == WitnessRole.Plugged;
            if ((!plugged && witnesses[i].Role != WitnessRole.Unplugged) || IsUndone(witnesses[(i + 1)..],
                witnesses[i]))
                continue;
            var pages = new PageWalk(seen.After, witnesses[i].Range, seen.Spec.PagesPerBlock);
            while (pages.MoveNext())
            {
                var online = seen.After.Find(seen.Spec.BlockOf(pages.Range.Start)) is { IsOnline: true };
                var held = pages.State.Has(PageFlags.Offline) && pages.State.Owner < PageState.BalloonOwner;
                if (online && !pages.State.Has(PageFlags.Unseen) && held == plugged)
                    return Evidence.Against(PagesFollowSubBlocks, $"pages {pages.Range}",
                        plugged ? "usable, as they were plugged" : "PageOffline, as they were unplugged",
                        pages.State.ToString(), pages.Range);
            }
        }

        return null;
    }

    private static bool IsUndone(ReadOnlySpan<Witness> later, in Witness step)
    {
        foreach (ref readonly var witness in later)
            if (witness.Role != step.Role && witness.Role is WitnessRole.Plugged or WitnessRole.Unplugged
                && witness.Range.Intersects(step.Range))
                return true;
        return false;
    }
}
