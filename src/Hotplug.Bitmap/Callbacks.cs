using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>
/// Whose online_page callbacks are set: set_online_page_callback(), restore_online_page_callback() (kernel-semantics
/// 3.0.4), or the list, or the operations that come with the memory (4.5). A driver whose callback is not set adds no
/// memory, so whoever owns a block decides about its pages, however callbacks are registered.
/// </summary>
internal sealed class Callbacks(MachineState state)
{
    /// <summary>What is set when the machine starts: every driver in a list, the first that comes in the
    /// slot.</summary>
    public static CallbackOwners AtStart(MachineSpec spec)
    {
        var all = CallbackOwners.None;
        if (!spec.DeviceMemories.IsEmpty)
            all = CallbackOwners.VirtioMem;
        foreach (var balloon in spec.Balloons)
            if (OwnerOf(balloon.Driver) is var owner and not CallbackOwner.Generic
                && (all == CallbackOwners.None || spec.OnlineCallbacks == CallbackRegistry.List))
                all |= Bit(owner);
        return spec.OnlineCallbacks == CallbackRegistry.Section ? CallbackOwners.None : all;
    }

    /// <summary>The owner of memory that this balloon's driver adds; generic for one that adds none.</summary>
    public static CallbackOwner OwnerOf(BalloonDriver driver) => driver switch
    {
        BalloonDriver.Xen => CallbackOwner.Xen,
        BalloonDriver.HyperV => CallbackOwner.HyperV,
        _ => CallbackOwner.Generic,
    };

    /// <summary>The owner's callback decides about its memory.</summary>
    public bool Has(CallbackOwner owner) => state.Spec.OnlineCallbacks == CallbackRegistry.Section
        || (state.Callbacks & Bit(owner)) != CallbackOwners.None;

    /// <summary>The balloon driver may add memory.</summary>
    public bool MayAdd(CallbackOwner owner) =>
        owner is CallbackOwner.Xen or CallbackOwner.HyperV && Exists(owner) && Has(owner);

    public Errno Set(CallbackOwner owner)
    {
        var registry = state.Spec.OnlineCallbacks;
        if (registry == CallbackRegistry.Section || !Exists(owner))
            return Errno.EINVAL;
        if (registry == CallbackRegistry.Slot ? state.Callbacks != CallbackOwners.None : owner == default || Has(owner))
            return Errno.EINVAL;
        state.Callbacks |= Bit(owner);
        return Errno.None;
    }

    public Errno Restore(CallbackOwner owner)
    {
        var registry = state.Spec.OnlineCallbacks;
        if (registry == CallbackRegistry.Section)
            return Errno.EINVAL;
        if (owner == CallbackOwner.Generic)
            return registry == CallbackRegistry.Slot && state.Callbacks == CallbackOwners.None ? Errno.None : Errno.EINVAL;
        if (!Has(owner))
            return Errno.EINVAL;
        if (HasMemory(owner))
            return Errno.EBUSY;
        state.Callbacks &= ~Bit(owner);
        return Errno.None;
    }

    /// <summary>For a seeded fault: whoever has the slot loses it.</summary>
    public Errno TakeOver(CallbackOwner owner)
    {
        if (state.Spec.OnlineCallbacks != CallbackRegistry.Slot || owner == CallbackOwner.Generic || Has(owner)
            || !Exists(owner))
            return Errno.EINVAL;
        state.Callbacks = Bit(owner);
        return Errno.None;
    }

    /// <summary>For a seeded fault: nobody asks for the memory that the owner still has.</summary>
    public Errno Forget(CallbackOwner owner)
    {
        state.Callbacks &= ~Bit(owner);
        return Errno.None;
    }

    private static CallbackOwners Bit(CallbackOwner owner) =>
        owner == CallbackOwner.Generic ? CallbackOwners.None : (CallbackOwners)(1 << (int)owner);

    private bool Exists(CallbackOwner owner)
    {
        if (owner is CallbackOwner.Generic)
            return true;
        if (owner == CallbackOwner.VirtioMem)
            return state.Memories.Length > 0;
        foreach (var balloon in state.Balloons)
            if (OwnerOf(balloon.Driver) == owner)
                return true;
        return false;
    }

    private bool HasMemory(CallbackOwner owner)
    {
        foreach (var number in state.Blocks.Numbers)
        {
            var block = state.Blocks[number];
            if (owner == CallbackOwner.VirtioMem ? block.Memory > 0 : block.Driver == owner)
                return true;
        }

        return false;
    }
}
