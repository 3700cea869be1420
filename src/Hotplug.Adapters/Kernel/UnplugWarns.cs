using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Adapters.Kernel;

/// <summary>
/// Removing an unplugged memory block warns when a callback refuses the offline with anything but ENOMEM or EBUSY, as
/// every callback may: <c>WARN_ON_ONCE(rc != -ENOMEM &amp;&amp; rc != -EBUSY)</c> in
/// virtio_mem_offline_and_remove_memory(), drivers/virtio/virtio_mem.c. Once in the life of a kernel.
/// </summary>
internal sealed class UnplugWarns : IKnownDefect
{
    private bool _warned;

    /// <inheritdoc/>
    public string Id => "unplug-warns";

    /// <inheritdoc/>
    public void Reset() => _warned = false;

    /// <inheritdoc/>
    public void Watch(Transition seen)
    {
        if (_warned
            || !seen.Outcome.Log.Contains("virtio_mem_offline_and_remove_memory+0x", StringComparison.Ordinal)
            || !seen.Outcome.Log.Contains("drivers/virtio/virtio_mem.c", StringComparison.Ordinal)
            || !MayHaveBeenRefused(seen))
            return;
        _warned = true;
        seen.Deviations.Predict(new Deviation(Id, DeviationKind.KernelWarning, Amount: 1));
    }

    private static bool MayHaveBeenRefused(Transition seen)
    {
        if (!seen.Levels.HasFlag(Levels.Effects))
            return true;
        foreach (ref readonly var effect in seen.Outcome.Effects)
            if (effect is { Kind: EffectKind.Notified, Notification: MemoryNotification.GoingOffline }
                && effect.Errno is not (Errno.None or Errno.ENOMEM or Errno.EBUSY))
                return true;
        return false;
    }
}
