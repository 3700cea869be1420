using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>A balloon of the machine: who drives it, and who holds its pages.</summary>
internal sealed class Balloon(BalloonSpec spec, int holder)
{
    public BalloonDriver Driver { get; } = spec.Driver;

    /// <summary>Holder of the pages that it took from the allocator.</summary>
    public int Holder { get; } = holder;

    /// <summary>Pages that it was asked to hold.</summary>
    public long Target { get; set; }

    /// <summary>VIRTIO_BALLOON_F_DEFLATE_ON_OOM: its pages stay managed.</summary>
    public bool StaysManaged { get; } = spec.DeflateOnOom;

    /// <summary>
    /// Its pages have movable_ops and come from any zone; those of Hyper-V and Xen are allocated without __GFP_MOVABLE,
    /// and nothing can migrate them (kernel-semantics 3.12).
    /// </summary>
    public bool IsMovable => IsMovableOf(Driver);

    /// <summary>How its pages are used.</summary>
    public static PageUse UseOf(BalloonDriver driver) => IsMovableOf(driver) ? PageUse.Ballooned : PageUse.Unplugged;

    /// <summary>The owner that its pages show.</summary>
    public static byte OwnerOf(BalloonDriver driver) => (byte)(PageState.BalloonOwner + (byte)driver);

    public Balloon Clone() => new(new BalloonSpec(Driver, StaysManaged), Holder) { Target = Target };

    private static bool IsMovableOf(BalloonDriver driver) => driver is BalloonDriver.Virtio or BalloonDriver.Cmm;
}
