using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Model.States;

/// <summary>What the model knows of one memory block.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Node">NUMA node.</param>
/// <param name="Owner">0 boot memory, N device dN, −N device memory mN, or <see cref="OfBalloon"/>.</param>
/// <param name="Range">Its pages that exist: shorter than the block where boot memory has a hole.</param>
internal readonly record struct Block(int Number, short Node, int Owner, PageRange Range)
{
    /// <summary>Owner of what a balloon added for itself: no device that has a name.</summary>
    public const int OfBalloon = int.MaxValue;

    /// <summary>Online; counted in <see cref="Zone"/>.</summary>
    public bool Online { get; init; }

    /// <summary>Zone that counts it; <see cref="ZoneKind.None"/> when offline, or when it spans zones.</summary>
    public ZoneKind Zone { get; init; }

    /// <summary>Vmemmap pages at its start.</summary>
    public int SelfHosted { get; init; }

    /// <summary>Its memmap lies on the added memory: on its own, or at the start of its device.</summary>
    public bool Hosted { get; init; }

    /// <summary>Its first page is the head of a memmap group of so many sections; 0 where heads are not
    /// counted.</summary>
    public int HeadSections { get; init; }

    /// <summary>online_type left behind by a write to an online block: what a rollback or the online attribute will use
    /// (kernel-semantics 3.7).</summary>
    public AutoOnline Stale { get; init; }

    /// <summary>The balloon driver that added it, whose callback decides about its pages; generic for none.</summary>
    public CallbackOwner Driver { get; init; }

    /// <summary>Its driver did not register it: user space does not see it.</summary>
    public bool Hidden { get; init; }

    /// <summary>Refuses to go offline: spans zones or has a hole.</summary>
    public bool Fixed { get; init; }

    /// <summary>The zone that counts it.</summary>
    public ZoneId ZoneId => new(Node, Online ? Zone : ZoneKind.None);
}
