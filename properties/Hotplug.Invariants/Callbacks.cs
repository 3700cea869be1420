using System.Numerics;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Whose online_page callbacks are set, and what becomes of the pages that they are asked about.</summary>
public static class Callbacks
{
    /// <summary>Catches a callback that loses memory which is not its driver's.</summary>
    public static readonly Invariant ForeignToBuddy = new(
        "callback.foreign-to-buddy", Family.Callback,
        "Memory that comes online, and that no balloon driver and no device memory added, goes to the buddy whole, "
        + "whoever's callback is set.",
        "A callback that knows its own regions only: a DIMM's pages are neither free nor PageOffline, nobody gets "
        + "them.",
        new Citation("v6.12", "mm/memory_hotplug.c", "generic_online_page"),
        Levels.OnlineCallback, Visibility.Blocks | Visibility.PageTypes | Visibility.Placement | Visibility.Devices,
        CheckForeign)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches a page that is onlined twice, or that nobody onlines.</summary>
    public static readonly Invariant DecidedOnce = new(
        "callback.decided-once", Family.Callback,
        "When a memory block comes online, each of its pages that is not vmemmap is given to the buddy or kept from "
        + "it exactly once.",
        "Two callbacks that both take a page for theirs free it twice; none that does loses it.",
        new Citation("v6.12", "mm/memory_hotplug.c", "online_pages_range"),
        Levels.OnlineCallback | Levels.Effects, Visibility.Blocks, CheckDecided)
    {
        When = Occasion.Of(EffectKind.SectionsOnline),
    };

    /// <summary>Catches a callback that claims what is another's.</summary>
    public static readonly Invariant OwnerDecides = new(
        "callback.owner-decides", Family.Callback,
        "Pages are kept from the buddy only by the callback of the driver that added them.",
        "In a list of callbacks the first one claims everything: what a page becomes depends on their order.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_online_page_cb"),
        Levels.OnlineCallback | Levels.Effects, Visibility.Blocks | Visibility.Devices, CheckOwner)
    {
        When = Occasion.Of(EffectKind.PagesKeptOffline),
    };

    /// <summary>Catches a driver that does not count its memory until it is backed.</summary>
    public static readonly Invariant UnregisteredIsOnline = new(
        "callback.unregistered-is-online", Family.Callback,
        "Memory that its driver did not register is online, in a zone's span, as long as it is there, and stays "
        + "unregistered.",
        "Unregistered memory that is not brought online by who added it: nobody else ever can.",
        new Citation("v6.12", "mm/memory_hotplug.c", "move_pfn_range_to_zone"),
        Levels.OnlineCallback, Visibility.Blocks, CheckUnregistered)
    {
        When = When.BlocksChange,
    };

    /// <summary>Catches memory that user space can touch although its driver hid it.</summary>
    public static readonly Invariant UnregisteredIsHidden = new(
        "callback.unregistered-is-hidden", Family.Callback,
        "User space can write to no attribute of memory that its driver did not register: ENOENT.",
        "The bulk interface of sysfs hands memory without backing to the allocator.",
        new Citation("v6.12", "drivers/base/memory.c", "create_memory_block_devices"),
        Levels.OnlineCallback, Visibility.Blocks, CheckHidden)
    {
        When = When.OnliningOrOfflining.Or(OperationKind.WriteState, OperationKind.WriteOnline),
    };

    /// <summary>Catches two callbacks in one slot.</summary>
    public static readonly Invariant OneSlot = new(
        "callback.one-slot", Family.Callback,
        "A slot holds at most one callback besides the generic one, and only that one's owner changes it, by setting "
        + "and restoring.",
        "A second driver that takes the slot over: the first one's memory is onlined by a callback that does not know "
        + "it.",
        new Citation("v6.12", "mm/memory_hotplug.c", "set_online_page_callback"),
        Levels.OnlineCallback, Visibility.Callbacks, CheckSlot);

    /// <summary>Catches a slot that is given away while it is held.</summary>
    public static readonly Invariant OthersRefused = new(
        "callback.others-refused", Family.Callback,
        "Setting a callback over another one in the slot, one that is set already, and restoring one that is not set "
        + "are refused with EINVAL.",
        "A driver that is unloaded restores the generic callback over another driver's.",
        new Citation("v6.12", "mm/memory_hotplug.c", "restore_online_page_callback"),
        Levels.OnlineCallback, Visibility.Callbacks, CheckOthers)
    {
        When = Occasion.Of(OperationKind.SetCallback),
    };

    /// <summary>Catches memory whose driver cannot be asked about it.</summary>
    public static readonly Invariant SetWhileMemory = new(
        "callback.set-while-memory", Family.Callback,
        "As long as a driver's memory is there, its callback is set.",
        "A driver is unloaded, its memory is onlined later, and unplugged or unbacked pages go to the buddy.",
        new Citation("v6.12", "drivers/virtio/virtio_mem.c", "unregister_virtio_mem_device"),
        Levels.OnlineCallback, Visibility.Blocks | Visibility.Devices | Visibility.Callbacks, CheckSet);

    private static Violation? CheckForeign(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is not { IsOnline: true } block || change.Before is { IsOnline: true } || seen.IsStart
                || seen.Spec.DeviceMemoryOf(change.Block) > 0)
                continue;
            foreach (ref readonly var run in block.Pages.Runs)
                if (!run.State.HasAny(WholePages)
                    && BackedPages.DriverOf(seen.After, block, seen.Spec.PagesOf(change.Block)) == CallbackOwner.Generic
                    && !StandBack.ForPages(seen, change.Block))
                    return Evidence.AgainstPages(ForeignToBuddy, seen, change.Block, run.Start, run.Count,
                        "free, as its memory is no driver's", run.State.ToString());
        }

        return null;
    }

    // What a block holds that came online by the generic callback.
    private const PageFlags WholePages = PageFlags.Buddy | PageFlags.Pcplist | PageFlags.Vmemmap | PageFlags.HwPoison
        | PageFlags.NoPage | PageFlags.Unseen;

    private static Violation? CheckDecided(Transition seen)
    {
        var effects = seen.Outcome.Effects;
        for (var i = 0; i < effects.Length; i++)
        {
            if (effects[i].Kind != EffectKind.SectionsOnline)
                continue;
            var first = i - 1;
            while (first >= 0 && !(effects[first].Kind == EffectKind.MovedToZone
                && effects[i].Range.Contains(effects[first].Range)))
                first--;
            // A block may be vmemmap through and through: nobody decides about any of its pages.
            if (first < 0 || effects[..first].Include(EffectKind.VmemmapInitialised, effects[first].Range))
                continue;
            var body = effects[first].Range;
            var next = body.Start;
            foreach (ref readonly var effect in effects[first..i])
                if (effect.Kind is EffectKind.PagesToBuddy or EffectKind.PagesKeptOffline
                    && effect.Range.Intersects(body))
                    next = effect.Range.Start == next ? effect.Range.End : long.MinValue;
            if (next != body.End)
                return Evidence.Against(DecidedOnce, $"pages {body}", "each given to the buddy or kept from it once",
                    "some not at all, or twice", body);
        }

        return null;
    }

    private static Violation? CheckOwner(Transition seen)
    {
        foreach (ref readonly var effect in seen.Outcome.Effects)
        {
            if (effect.Kind != EffectKind.PagesKeptOffline)
                continue;
            var number = seen.Spec.BlockOf(effect.Range.Start);
            if (seen.After.Find(number) is not { } block)
                continue;
            var owner = seen.Spec.DeviceMemoryOf(number) > 0 ? CallbackOwner.VirtioMem
                : BackedPages.DriverOf(seen.After, block, seen.Spec.PagesOf(number));
            if (owner is { } known && effect.Value != (long)known)
                return Evidence.Against(OwnerDecides, $"pages {effect.Range}", $"decided by {Words.Of(known)}",
                    $"kept from the buddy by {Words.Of((CallbackOwner)effect.Value)}", effect.Range);
        }

        return null;
    }

    private static Violation? CheckUnregistered(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is not { } after || (after.IsRegistered && change.Before is not { IsRegistered: false }))
                continue;
            if (after.IsRegistered || !after.IsOnline || change.Before is { IsRegistered: true })
                return Evidence.AgainstBlock(UnregisteredIsOnline, seen, change.Block,
                    change.Before is { IsRegistered: true } ? "registered, as before" : "unregistered, and online",
                    $"{(after.IsRegistered ? "registered" : "unregistered")}, {Evidence.Print(after)}");
        }

        return null;
    }

    private static Violation? CheckHidden(Transition seen)
    {
        if (seen.IsStart || !WritesAttribute(seen.Operation.Kind))
            return null;
        var number = seen.Spec.BlockOf(seen.Target.Range.Start);
        return seen.Before.Find(number) is not { IsRegistered: false } || seen.Answer == Answer.Of(Errno.ENOENT)
            || !(seen.Answer.IsOk || seen.Answer.IsErrno) ? null
            : Evidence.AgainstBlock(UnregisteredIsHidden, seen, number,
                "ENOENT, as its driver did not register it", seen.Answer.ToString());
    }

    private static bool WritesAttribute(OperationKind kind) => BlockSteps.Onlines(kind)
        || kind is OperationKind.Offline or OperationKind.WriteState or OperationKind.WriteOnline;

    // Only set-callback names an owner: a choice of another operation need not fit into a set of owners.
    private static CallbackOwners Asked(Transition seen, CallbackOwners before)
    {
        var named = (CallbackOwners)(1 << seen.Operation.Choice);
        return seen.Operation.Second == (byte)CallbackAction.Set ? before | named : before & ~named;
    }

    private static Violation? CheckSlot(Transition seen)
    {
        var (before, after) = (seen.Before.Callbacks, seen.After.Callbacks);
        var isSlot = seen.Spec.OnlineCallbacks == CallbackRegistry.Slot;
        if (isSlot && BitOperations.PopCount((uint)after) > 1)
            return Evidence.Against(OneSlot, "the slot", "one callback at most", after.ToString());
        if (seen.IsStart || before == after)
            return null;
        return seen.Operation.Kind == OperationKind.SetCallback && seen.Answer.IsOk && after == Asked(seen, before)
                ? null
                : Evidence.Against(OneSlot, "callbacks that are set", $"{before}, or what {seen.Operation} changes",
                    after.ToString());
    }

    private static Violation? CheckOthers(Transition seen)
    {
        if (seen.Operation.Kind != OperationKind.SetCallback || seen.IsStart)
            return null;
        var set = seen.Before.Callbacks;
        var named = (CallbackOwners)(1 << seen.Operation.Choice) & ~(CallbackOwners)1;
        var isTaken = seen.Spec.OnlineCallbacks switch
        {
            CallbackRegistry.Slot when seen.Operation.Second == (byte)CallbackAction.Set => set != CallbackOwners.None,
            CallbackRegistry.Slot when named == CallbackOwners.None => set != CallbackOwners.None,
            CallbackRegistry.Section => true,
            _ when seen.Operation.Second == (byte)CallbackAction.Set =>
                named == CallbackOwners.None || (set & named) != CallbackOwners.None,
            _ => named == CallbackOwners.None || (set & named) == CallbackOwners.None,
        };
        return !isTaken || seen.Answer == Answer.Of(Errno.EINVAL) ? null
            : Evidence.Against(OthersRefused, seen.Operation.ToString(), $"EINVAL, as {set} was set",
                seen.Answer.ToString());
    }

    private static Violation? CheckSet(Transition seen)
    {
        if (seen.Spec.OnlineCallbacks == CallbackRegistry.Section
            || (!seen.IsStart && seen.Before.Callbacks == seen.After.Callbacks
                && !BlockSteps.AnyAppearedOrVanished(seen)))
            return null;
        var needed = CallbackOwners.None;
        foreach (ref readonly var device in seen.After.Devices)
            if (device.Owner != CallbackOwner.Generic)
                needed |= (CallbackOwners)(1 << (int)device.Owner);
        for (var id = 1; id <= seen.Spec.DeviceMemories.Length && !needed.HasFlag(CallbackOwners.VirtioMem); id++)
            if (AnyBlock(seen.After, seen.Spec.DeviceMemories[id - 1]))
                needed |= CallbackOwners.VirtioMem;
        return (seen.After.Callbacks & needed) == needed ? null
            : Evidence.Against(SetWhileMemory, "callbacks that are set", $"{needed}: memory of their drivers is there",
                seen.After.Callbacks.ToString());
    }

    private static bool AnyBlock(Observation observation, DeviceMemorySpec memory)
    {
        for (var number = memory.FirstBlock; number < memory.FirstBlock + memory.Blocks; number++)
            if (observation.Find(number) is not null)
                return true;
        return false;
    }
}
