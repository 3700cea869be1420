using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Operations;

/// <summary>
/// <c>set-callback</c> and <c>back</c>: who decides about pages that come online (kernel-semantics 3.0.4, 4.5), and
/// what
/// the hypervisor has put memory behind (3.12.3, 3.12.4, source document 004).
/// </summary>
internal static class Callbacks
{
    private static readonly Citation s_set = new("v6.12", "mm/memory_hotplug.c", "set_online_page_callback");
    private static readonly Citation s_restore = new("v6.12", "mm/memory_hotplug.c", "restore_online_page_callback");
    private static readonly Citation s_unbind = new("v6.12", "drivers/virtio/virtio_mem.c", "unregister_virtio_mem_device");
    private static readonly Citation s_back = new("v6.12", "drivers/xen/balloon.c", "increase_reservation");

    /// <summary>
    /// What is set at first: drivers are loaded device memory first, then balloons as they are listed; the slot goes to
    /// the first of them, a list takes all.
    /// </summary>
    public static CallbackOwners AtStart(MachineSpec spec)
    {
        CallbackOwner[] loaded =
        [
            .. spec.DeviceMemories.IsEmpty ? [] : (CallbackOwner[])[CallbackOwner.VirtioMem],
            .. spec.Balloons.Select(static b => OwnerOf(b.Driver)).Where(static o => o != CallbackOwner.Generic),
        ];
        return spec.OnlineCallbacks switch
        {
            CallbackRegistry.Slot => loaded.Length > 0 ? Bit(loaded[0]) : CallbackOwners.None,
            CallbackRegistry.List => loaded.Aggregate(CallbackOwners.None, static (all, one) => all | Bit(one)),
            _ => CallbackOwners.None,
        };
    }

    /// <summary>True if the owner's callback is asked of the owner's pages.</summary>
    public static bool Has(State state, CallbackOwner owner) =>
        state.Spec.OnlineCallbacks == CallbackRegistry.Section || state.Callbacks.HasFlag(Bit(owner));

    /// <summary>Why an <c>add</c> in somebody's name, or without block devices, is refused; null if it is
    /// not.</summary>
    public static string? MayNotAdd(in Ruling ruling, in Operation operation)
    {
        var owner = (CallbackOwner)operation.Third;
        var hidden = operation.Fourth == (byte)BlockDevices.Unregistered;
        if (owner == CallbackOwner.Generic)
            return hidden ? "nobody would ever bring it online" : null;
        if (owner == CallbackOwner.VirtioMem || !Exists(ruling.Spec, owner))
            return "the machine has no balloon whose driver adds it";
        if (!Has(ruling.State, owner))
            return "its driver could not keep pages without backing from the buddy";
        if (operation.Choice is not ((byte)MemmapPlacement.Policy or (byte)MemmapPlacement.Boot))
            return "balloon drivers do not ask for memmap on memory";
        return hidden && operation.Amount != ruling.Spec.PagesPerBlock ? "without block devices one memory block at a time" : null;
    }

    /// <summary>Judges <c>set-callback</c>.</summary>
    public static Judgement JudgeSet(in Ruling ruling)
    {
        var owner = (CallbackOwner)ruling.Seen.Operation.Choice;
        if (ruling.Spec.OnlineCallbacks == CallbackRegistry.Section)
            return ruling.Demand(Errno.EINVAL, "operations come with the memory", s_set);
        if (!Exists(ruling.Spec, owner))
            return ruling.Demand(Errno.EINVAL, "the machine has no such driver", s_set);
        return ruling.Seen.Operation.Second == (byte)CallbackAction.Set ? JudgeSet(ruling, owner) : JudgeRestore(ruling, owner);
    }

    /// <summary>Judges <c>back</c>: all the pages are backed now, and in the buddy if their block is online.</summary>
    public static Judgement JudgeBack(in Ruling ruling)
    {
        var range = ruling.Seen.Target.Range with { Count = ruling.Seen.Operation.Amount };
        if (ruling.State.Find(ruling.Spec.BlockOf(range.Start)) is not { } block)
            return ruling.Demand(Errno.ENXIO, "no such page frame", s_back);
        if (block.Driver == CallbackOwner.Generic || range.End > block.Range.End)
            return ruling.Demand(Errno.EINVAL, "not memory of one block that a balloon driver added", s_back);
        if (block is { Driver: CallbackOwner.Xen, Online: false })
            return ruling.Demand(Errno.ENXIO, "Xen's balloon holds pages of online memory", s_back);
        if (ruling.State.Backed.CountIn(range) > 0)
            return ruling.Demand(Errno.EEXIST, "one is backed already", s_back);
        if (!ruling.IsOk)
            return ruling.RefuteAnswer("ok", s_back);
        return ruling.Permit(Back(ruling.State, block, range), new PageRule((pages, before, after) =>
            range.Contains(pages) && IsBacked(before, after)));
    }

    /// <summary>The state with pages of the block backed that were not.</summary>
    public static State Back(State state, in Block block, PageRange range)
    {
        if (block.Driver == CallbackOwner.Xen && state.Find(BalloonDriver.Xen) is { } balloon)
            state = state.With(balloon with { Pages = balloon.Pages - range.Count });
        return state with { Backed = state.Backed.With(range) };
    }

    /// <summary>An unbacked page before and a free one after: a poisoned one is given, and refused by the
    /// buddy.</summary>
    public static bool IsBacked(PageState before, PageState after) =>
        before.Has(PageFlags.Offline | PageFlags.Unbacked) && !after.HasAny(PageFlags.Offline | PageFlags.Unbacked | PageFlags.Reserved)
        && after.Has(before.Has(PageFlags.HwPoison) ? PageFlags.HwPoison : PageFlags.Buddy);

    private static Judgement JudgeSet(in Ruling ruling, CallbackOwner owner)
    {
        var isSlot = ruling.Spec.OnlineCallbacks == CallbackRegistry.Slot;
        if (isSlot && ruling.State.Callbacks != CallbackOwners.None)
            return ruling.Demand(Errno.EINVAL, "the slot is not default", s_set);
        if (!isSlot && (owner == CallbackOwner.Generic || Has(ruling.State, owner)))
            return ruling.Demand(Errno.EINVAL, "it is on the list", s_set);
        return ruling.IsOk
            ? ruling.Permit(ruling.State with { Callbacks = ruling.State.Callbacks | Bit(owner) }, PageRule.Nothing)
            : ruling.RefuteAnswer("ok", s_set);
    }

    private static Judgement JudgeRestore(in Ruling ruling, CallbackOwner owner)
    {
        var isDefault = owner == CallbackOwner.Generic && ruling.Spec.OnlineCallbacks == CallbackRegistry.Slot
            && ruling.State.Callbacks == CallbackOwners.None;
        if (!isDefault && (owner == CallbackOwner.Generic || !Has(ruling.State, owner)))
            return ruling.Demand(Errno.EINVAL, "another's, or nobody's", s_restore);
        foreach (var block in ruling.State.Blocks)
            if (owner != CallbackOwner.Generic && (owner == CallbackOwner.VirtioMem ? block.Owner < 0 : block.Driver == owner))
                return ruling.Demand(Errno.EBUSY, "memory of its owner is there", s_unbind);
        return ruling.IsOk
            ? ruling.Permit(ruling.State with { Callbacks = ruling.State.Callbacks & ~Bit(owner) }, PageRule.Nothing)
            : ruling.RefuteAnswer("ok", s_restore);
    }

    private static bool Exists(MachineSpec spec, CallbackOwner owner) => owner switch
    {
        CallbackOwner.Generic => true,
        CallbackOwner.VirtioMem => !spec.DeviceMemories.IsEmpty,
        _ => spec.Balloons.Any(b => OwnerOf(b.Driver) == owner),
    };

    private static CallbackOwner OwnerOf(BalloonDriver driver) => driver switch
    {
        BalloonDriver.Xen => CallbackOwner.Xen,
        BalloonDriver.HyperV => CallbackOwner.HyperV,
        _ => CallbackOwner.Generic,
    };

    private static CallbackOwners Bit(CallbackOwner owner) =>
        owner == CallbackOwner.Generic ? CallbackOwners.None : (CallbackOwners)(1 << (int)owner);
}
