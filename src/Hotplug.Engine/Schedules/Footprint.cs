using Hotplug.Contract.Schedules;

namespace Hotplug.Engine.Schedules;

/// <summary>What a step read, wrote and locked, as far as others could notice.</summary>
/// <param name="Reads">What it may have read.</param>
/// <param name="Writes">What it may have written.</param>
/// <param name="Locks">Locks that it took, gave back or came to wait for: a bit each.</param>
public readonly record struct Footprint(SharedThings Reads, SharedThings Writes, ulong Locks)
{
    /// <summary>A step that may have touched anything.</summary>
    public static Footprint Anything => new(SharedThings.All, SharedThings.All, ulong.MaxValue);

    /// <summary>True if the two steps may come to something else in the other order.</summary>
    public bool Conflicts(Footprint other) => (Locks & other.Locks) != 0
        || (Writes & (other.Reads | other.Writes)) != SharedThings.None
        || (other.Writes & Reads) != SharedThings.None;

    internal static Footprint After(SchedulePoint point)
    {
        var form = SchedulePointTable.Of(point);
        return new Footprint(form.Reads, form.Writes, 0);
    }

    internal Footprint WithLock(int index) => this with { Locks = Locks | 1UL << Math.Min(index, 63) };
}
