using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Observations;

/// <summary>A set of online_page callbacks, the generic one left out: it is always there.</summary>
[Flags]
public enum CallbackOwners : byte
{
    /// <summary>Nobody's.</summary>
    None = 0,
    /// <summary>Xen's.</summary>
    Xen = 1 << (int)CallbackOwner.Xen,
    /// <summary>Hyper-V's.</summary>
    HyperV = 1 << (int)CallbackOwner.HyperV,
    /// <summary>virtio-mem's.</summary>
    VirtioMem = 1 << (int)CallbackOwner.VirtioMem,
}
