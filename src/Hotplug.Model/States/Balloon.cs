using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Model.States;

/// <summary>What the model knows of a balloon.</summary>
/// <param name="Driver">Its driver.</param>
/// <param name="Pages">Pages that it holds.</param>
internal readonly record struct Balloon(BalloonDriver Driver, long Pages)
{
    /// <summary>The owner that its pages show.</summary>
    public byte Owner => (byte)(PageState.BalloonOwner + (byte)Driver);

    /// <summary>
    /// Its pages can be migrated and may be taken from zone Movable. Hyper-V and Xen allocate theirs without
    /// __GFP_MOVABLE and have no movable_ops (kernel-semantics 3.12.3, 3.12.4).
    /// </summary>
    public bool IsMovable => Driver is BalloonDriver.Virtio or BalloonDriver.Cmm;

    /// <summary>A page that it took from the allocator.</summary>
    public PageState Page => new(IsMovable ? PageFlags.Offline | PageFlags.Movable : PageFlags.Offline, 0, Owner, 1);
}
