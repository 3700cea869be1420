namespace Hotplug.Contract.Observations;

/// <summary>State of a memory block: the words of <c>memoryN/state</c>.</summary>
public enum BlockState : byte
{
    /// <summary>Not in use.</summary>
    Offline,
    /// <summary>In use.</summary>
    Online,
    /// <summary>Being taken out of use.</summary>
    GoingOffline,
}

/// <summary>What is seen of one memory block. Written through <see cref="Observation.Open"/>; reused.</summary>
public sealed class BlockObservation
{
    /// <summary>Its number.</summary>
    public int Block { get; internal set; }

    /// <summary>Changes whenever anything below changes; equal stamps of one machine mean equal contents.</summary>
    public long Stamp { get; set; }

    /// <summary>Its state.</summary>
    public BlockState State { get; set; }

    /// <summary>NUMA node.</summary>
    public short Node { get; set; }

    /// <summary>
    /// Online: its zone, <see cref="ZoneKind.None"/> if it spans several. Offline: the zone that a plain online would
    /// choose.
    /// </summary>
    public ZoneKind Zone { get; set; }

    /// <summary>Offline: the other zone that it may be onlined to; <see cref="ZoneKind.None"/> otherwise.</summary>
    public ZoneKind OtherZone { get; set; }

    /// <summary>It shows as a block device that user space can online; false: its driver did not register it.</summary>
    public bool IsRegistered { get; set; } = true;

    /// <summary>Its pages; empty when they cannot be seen at all.</summary>
    public PageRuns Pages { get; } = new();

    /// <summary>True if it is online in one zone, or still counted there while going offline.</summary>
    public bool IsOnline => State != BlockState.Offline;

    /// <summary>The zone that counts its pages; no zone when it is offline or spans several.</summary>
    public ZoneId CountedIn => IsOnline ? new ZoneId(Node, Zone) : default;
}
