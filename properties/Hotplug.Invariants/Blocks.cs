using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Memory blocks and their state machine.</summary>
public static class Blocks
{
    /// <summary>
    /// Catches a block that skips a state: one that vanishes while it is online, or that comes and goes by itself.
    /// </summary>
    public static readonly Invariant StateMachine = new(
        "block.state-machine", Family.Blocks,
        "A memory block appears, comes online, goes offline and vanishes only by an operation that does just that.",
        "A block that vanishes while it is in use, or that changes its state by itself.",
        new Citation("v6.12", "drivers/base/memory.c", "memory_block_change_state"),
        Levels.Core, Visibility.Blocks, CheckStateMachine)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches an operation that takes its neighbours along.</summary>
    public static readonly Invariant OnlyNamedChange = new(
        "block.only-named-change", Family.Blocks,
        "An operation changes the state of no memory block but those that it names.",
        "An off-by-one in a range of blocks: the neighbour goes offline or vanishes too.",
        new Citation("v6.12", "drivers/base/memory.c", "walk_memory_blocks"),
        Levels.Core, Visibility.Blocks, CheckOnlyNamed)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches an add that registers part of its range.</summary>
    public static readonly Invariant AddIsWhole = new(
        "block.add-is-whole", Family.Blocks,
        "A successful add makes every memory block of the range that it was placed at.",
        "An add that loses its last block, or leaves the earlier ones behind when a later one fails.",
        new Citation("v6.12", "drivers/base/memory.c", "create_memory_block_devices"),
        Levels.Core, Visibility.Blocks, CheckAdd)
    {
        When = Occasion.Of(OperationKind.Add),
    };

    /// <summary>Catches a removal that leaves block devices without memory behind.</summary>
    public static readonly Invariant RemoveIsWhole = new(
        "block.remove-is-whole", Family.Blocks,
        "After a successful removal no memory block of the range is left.",
        "A removal that leaves a memory block device behind whose memory is gone.",
        new Citation("v6.12", "drivers/base/memory.c", "remove_memory_block_devices"),
        Levels.Core, Visibility.Blocks, CheckRemove)
    {
        When = When.Removing,
    };

    /// <summary>Catches a removal that is refused without a cause.</summary>
    public static readonly Invariant RemoveRefusedForOnline = new(
        "block.remove-refused-for-online", Family.Blocks,
        "A removal is refused with EBUSY if and only if a memory block of the range is not offline.",
        "Memory that can never be removed, or that is removed under its users.",
        new Citation("v6.12", "mm/memory_hotplug.c", "check_memblock_offlined_cb"),
        Levels.Core, Visibility.Blocks, CheckRemoveRefusal)
    {
        When = Occasion.Of(OperationKind.Remove),
    };

    /// <summary>Catches zone selection that ignores what was asked for.</summary>
    public static readonly Invariant ZoneAsAsked = new(
        "block.zone-as-asked", Family.Blocks,
        "A memory block comes online in the zone that was asked for: a kernel zone, zone Movable, or the default "
        + "shown before.",
        "Memory that was meant to stay removable ends in a kernel zone, and the other way round.",
        new Citation("v6.12", "mm/memory_hotplug.c", "zone_for_pfn_range"),
        Levels.Core, Visibility.Blocks, CheckZone)
    {
        When = When.Onlining,
    };

    /// <summary>Catches an operation that claims success and did nothing.</summary>
    public static readonly Invariant StateFollowsAnswer = new(
        "block.state-follows-answer", Family.Blocks,
        "A memory block that was onlined with success is online, and one that was offlined with success is offline.",
        "Success is reported while the block keeps its state: its memory is pulled under its users.",
        new Citation("v6.12", "drivers/base/memory.c", "memory_subsys_offline"),
        Levels.Core, Visibility.Blocks, CheckAnswer)
    {
        When = When.OnliningOrOfflining,
    };

    /// <summary>Catches a state write that does something, or claims success, when there is nothing to do.</summary>
    public static readonly Invariant SameStateRefused = new(
        "block.same-state-refused", Family.Blocks,
        "Writing to a memory block the state that it already has, or an unknown word, is refused with EINVAL.",
        "A block that is onlined twice, so that its pages are counted twice.",
        new Citation("v6.12", "drivers/base/memory.c", "state_store"),
        Levels.Core, Visibility.Blocks, CheckSameState)
    {
        When = When.OnliningOrOfflining.Or(OperationKind.WriteState),
    };

    /// <summary>Catches an online attribute that is not idempotent.</summary>
    public static readonly Invariant OnlineAttributeIdempotent = new(
        "block.online-attribute-idempotent", Family.Blocks,
        "Writing to a memory block's online attribute the value that it has succeeds and does nothing.",
        "An error where scripts rely on success, or a second onlining behind it.",
        new Citation("v6.12", "drivers/base/core.c", "online_store"),
        Levels.Core, Visibility.Blocks, CheckOnlineAttribute)
    {
        When = Occasion.Of(OperationKind.WriteOnline),
    };

    /// <summary>Catches a resource that outlives its memory, or memory without a resource.</summary>
    public static readonly Invariant ResourcesAgree = new(
        "block.resources-agree", Family.Blocks,
        "The registered resources of added memory cover exactly the added memory blocks that exist.",
        "A resource that outlives its memory: the range can never be added again.",
        new Citation("v6.12", "mm/memory_hotplug.c", "try_remove_memory"),
        Levels.Core, Visibility.Blocks | Visibility.Resources, CheckResources);

    /// <summary>Catches a block that nobody can remove.</summary>
    public static readonly Invariant HasDevice = new(
        "block.has-device", Family.Blocks,
        "Every added memory block lies in the range of a device that is there.",
        "A device that goes away and leaves memory blocks behind that nobody can remove.",
        new Citation("v6.12", "drivers/acpi/acpi_memhotplug.c", "acpi_memory_device_remove"),
        Levels.Core, Visibility.Blocks | Visibility.Devices, CheckDevices);

    /// <summary>Catches a block that wanders between nodes.</summary>
    public static readonly Invariant NodeStays = new(
        "block.node-stays", Family.Blocks,
        "A memory block stays on its NUMA node as long as it exists, and a device memory's block on that of its "
        + "device.",
        "A block that comes online on another node than the one it was added to.",
        new Citation("v6.12", "drivers/base/memory.c", "memory_block_add_nid"),
        Levels.Core, Visibility.Blocks, CheckNode)
    {
        When = When.BlocksChange,
    };

    private static Violation? CheckStateMachine(Transition seen)
    {
        if (seen.IsStart)
            return null;
        foreach (ref readonly var change in seen.Changed)
        {
            var step = BlockSteps.Of(change);
            if (step == BlockStep.None
                || BlockSteps.Allows(seen.Operation, step, seen.Spec.DeviceMemoryOf(change.Block) > 0)
                || BlockSteps.AddsForItself(seen.Operation, change)
                || StandBack.ForBlock(seen, change.Block))
                continue;
            return Evidence.AgainstBlock(StateMachine, seen, change.Block,
                $"{Evidence.Print(change.Before)}, or what {Evidence.Word(seen)} does", Evidence.Print(change.After));
        }

        return null;
    }

    private static Violation? CheckOnlyNamed(Transition seen)
    {
        if (seen.IsStart || BlockSteps.Named(seen) is not { Count: > 0 } named)
            return null;
        foreach (ref readonly var change in seen.Changed)
        {
            if (named.Contains(seen.Spec.PagesOf(change.Block)) || BlockSteps.Of(change) == BlockStep.None
                || StandBack.ForBlock(seen, change.Block))
                continue;
            return Evidence.AgainstBlock(OnlyNamedChange, seen, change.Block,
                $"{Evidence.Print(change.Before)}, because {Evidence.Word(seen)} named pages {named}",
                Evidence.Print(change.After));
        }

        return null;
    }

    private static Violation? CheckAdd(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.Add || seen.IsStart || !seen.Answer.IsOk)
            return null;
        foreach (ref readonly var placed in seen.Outcome.Witness)
        {
            if (placed.Role != WitnessRole.Placed)
                continue;
            for (var pfn = placed.Range.Start; pfn < placed.Range.End; pfn += seen.Spec.PagesPerBlock)
                if (seen.After.Find(seen.Spec.BlockOf(pfn)) is null && !StandBack.ForBlock(seen,
                    seen.Spec.BlockOf(pfn)))
                    return Evidence.AgainstBlock(AddIsWhole, seen, seen.Spec.BlockOf(pfn),
                        $"a memory block, as the add was placed at {placed.Range}", "absent");
        }

        return null;
    }

    private static Violation? CheckRemove(Transition seen)
    {
        if (!BlockSteps.Removes(seen) || !seen.Answer.IsOk)
            return null;
        var named = BlockSteps.Named(seen);
        foreach (var left in seen.After.Blocks)
            if (named.Contains(seen.Spec.PagesOf(left.Block)))
                return Evidence.AgainstBlock(RemoveIsWhole, seen, left.Block,
                    $"absent after {Evidence.Word(seen)}", Evidence.Print(left));
        return null;
    }

    private static Violation? CheckRemoveRefusal(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.Remove || seen.IsStart)
            return null;
        var named = BlockSteps.Named(seen);
        BlockObservation? online = null;
        foreach (var busy in seen.Before.Blocks)
            if (busy.IsOnline && online is null && named.Contains(seen.Spec.PagesOf(busy.Block)))
                online = busy;
        if (online is null && seen.Answer == Answer.Of(Errno.EBUSY))
            return Evidence.Against(RemoveRefusedForOnline, $"pages {named}", "removed, as no block is online",
                "EBUSY", named);
        return online is not null && seen.Answer.IsOk && !StandBack.ForBlock(seen, online.Block)
            ? Evidence.AgainstBlock(RemoveRefusedForOnline, seen, online.Block,
                $"EBUSY, as it is {Evidence.Print(online)}", "ok")
            : null;
    }

    private static Violation? CheckZone(Transition seen)
    {
        if (!BlockSteps.Onlines(seen.Operation.Kind) || seen.IsStart || !seen.Answer.IsOk)
            return null;
        var number = seen.Spec.BlockOf(seen.Target.Range.Start);
        if (seen.After.Find(number) is not { IsOnline: true } after || seen.Before.Find(number) is not { } before)
            return null;
        var asAsked = seen.Operation.Kind switch
        {
            OperationKind.OnlineMovable => after.Zone == ZoneKind.Movable,
            OperationKind.OnlineKernel => after.CountedIn.IsKernel,
            _ => before.Zone == ZoneKind.None || before.IsOnline || after.Zone == before.Zone,
        };
        return asAsked || StandBack.ForBlock(seen, number) ? null : Evidence.AgainstBlock(ZoneAsAsked, seen, number,
            $"what {Evidence.Word(seen)} asks for, by default {before.Zone}", Evidence.Print(after));
    }

    private static Violation? CheckAnswer(Transition seen)
    {
        if (seen.IsStart || !seen.Answer.IsOk)
            return null;
        BlockState wanted;
        switch (seen.Operation.Kind)
        {
            case OperationKind.Online or OperationKind.OnlineKernel or OperationKind.OnlineMovable:
                wanted = BlockState.Online;
                break;
            case OperationKind.Offline:
                wanted = BlockState.Offline;
                break;
            default:
                return null;
        }

        var number = seen.Spec.BlockOf(seen.Target.Range.Start);
        var after = seen.After.Find(number);
        return after?.State == wanted || StandBack.ForBlock(seen, number) ? null
            : Evidence.AgainstBlock(StateFollowsAnswer, seen, number, $"{Words.Of(wanted)} after {Evidence.Word(seen)}",
                Evidence.Print(after));
    }

    private static Violation? CheckSameState(Transition seen)
    {
        if (seen.IsStart || seen.Answer == Answer.Of(Errno.EINVAL) || !IsNothingToDo(seen, out var number)
            || (!seen.Answer.IsOk && !seen.Answer.IsErrno) || StandBack.ForBlock(seen, number))
            return null;
        return Evidence.AgainstBlock(SameStateRefused, seen, number,
            $"EINVAL, as it was {Evidence.Print(seen.Before.Find(number))} before {seen.Operation}",
                seen.Answer.ToString());
    }

    private static bool IsNothingToDo(Transition seen, out int number)
    {
        number = seen.Spec.BlockOf(seen.Target.Range.Start);
        var kind = seen.Operation.Kind;
        if (kind == OperationKind.WriteState)
            return (StateText)seen.Operation.Choice == StateText.Nonsense
                && seen.Before.Find(number) is { IsRegistered: true };
        return kind == OperationKind.Offline
            ? seen.Before.Find(number) is { State: BlockState.Offline }
            : BlockSteps.Onlines(kind)
                && seen.Before.Find(number) is { State: BlockState.Online, IsRegistered: true };
    }

    private static Violation? CheckOnlineAttribute(Transition seen)
    {
        // What a machine has no way to do at the moment was never written.
        if (seen.Operation.Kind != OperationKind.WriteOnline || seen.IsStart || seen.Answer == Answer.Rejected)
            return null;
        var number = seen.Spec.BlockOf(seen.Target.Range.Start);
        var wanted = seen.Operation.Amount == 1 ? BlockState.Online : BlockState.Offline;
        var before = seen.Before.Find(number);
        if (before?.State != wanted || !before.IsRegistered || StandBack.ForBlock(seen, number)
            || (seen.Answer.IsOk && seen.After.Find(number)?.State == wanted))
            return null;
        return Evidence.AgainstBlock(OnlineAttributeIdempotent, seen, number, $"ok and still {Evidence.Print(before)}",
            $"{seen.Answer}, {Evidence.Print(seen.After.Find(number))}");
    }

    private static Violation? CheckResources(Transition seen)
    {
        if (!seen.IsStart && !BlockSteps.AnyAppearedOrVanished(seen)
            && seen.Before.Resources.SequenceEqual(seen.After.Resources))
            return null;
        foreach (var block in seen.After.Blocks)
            if (block.Block >= seen.Spec.BootBlocks && !Covered(seen.After, seen.Spec.PagesOf(block.Block))
                && !StandBack.ForBlock(seen, block.Block))
                return Evidence.AgainstBlock(ResourcesAgree, seen, block.Block, "inside a registered resource",
                    "in none");
        foreach (ref readonly var resource in seen.After.Resources)
            for (var pfn = resource.Start; pfn < resource.End; pfn += seen.Spec.PagesPerBlock)
                if (seen.After.Find(seen.Spec.BlockOf(pfn)) is null && !StandBack.ForBlock(seen,
                    seen.Spec.BlockOf(pfn)))
                    return Evidence.AgainstBlock(ResourcesAgree, seen, seen.Spec.BlockOf(pfn),
                        $"a memory block, as resource {resource} is registered", "absent");
        return null;
    }

    private static bool Covered(Observation observation, PageRange pages)
    {
        foreach (ref readonly var resource in observation.Resources)
            if (resource.Contains(pages))
                return true;
        return false;
    }

    private static Violation? CheckDevices(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
            if (change.After is { IsRegistered: true } && change.Block >= seen.Spec.BootBlocks
                && !InDevice(seen.After, seen.Spec.PagesOf(change.Block)) && !StandBack.ForBlock(seen, change.Block))
                return Evidence.AgainstBlock(HasDevice, seen, change.Block, "inside the range of a device", "in none");
        if (seen.Before.Devices.Length <= seen.After.Devices.Length)
            return null;
        foreach (ref readonly var device in seen.Before.Devices)
        {
            if (seen.After.Device(device.Name) is not null || device.InFlight)
                continue;
            for (var pfn = device.Range.Start; pfn < device.Range.End; pfn += seen.Spec.PagesPerBlock)
                if (seen.After.Find(seen.Spec.BlockOf(pfn)) is { IsRegistered: true } left && !InDevice(seen.After,
                    seen.Spec.PagesOf(left.Block)))
                    return Evidence.AgainstBlock(HasDevice, seen, left.Block,
                        $"absent, as device {device.Name} is gone", Evidence.Print(left));
        }

        return null;
    }

    private static bool InDevice(Observation observation, PageRange pages)
    {
        foreach (ref readonly var device in observation.Devices)
            if (device.Range.Contains(pages))
                return true;
        return false;
    }

    private static Violation? CheckNode(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is not { } after)
                continue;
            var memory = seen.Spec.DeviceMemoryOf(change.Block);
            var node = memory > 0 ? seen.Spec.DeviceMemories[memory - 1].Node : change.Before?.Node ?? after.Node;
            if (after.Node != node && !StandBack.ForBlock(seen, change.Block))
                return Evidence.AgainstBlock(NodeStays, seen, change.Block, $"node {node}", $"node {after.Node}");
        }

        return null;
    }
}
