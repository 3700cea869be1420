using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>
/// Everything that is so between two events of overlapping operations: the structure that the sequential model knows,
/// what each page is, and which operations are under way. Immutable; compares by value.
/// </summary>
/// <param name="Structure">Blocks, devices, allocations, settings.</param>
/// <param name="Pages">The pages of online blocks.</param>
internal sealed record HistoryState(State Structure, PageMap Pages)
{
    /// <summary>Operations that have begun and not ended, in the order invoked.</summary>
    public ImmutableArray<Ongoing> UnderWay { get; init; } = [];

    /// <summary>Free kernel pages that memmap took, no witness says which.</summary>
    public long MemmapTaken { get; init; }

    /// <summary>Kernel pages that were memmap and are free now, no witness says which.</summary>
    public long MemmapFreed { get; init; }

    /// <summary>The operation, as far as it got; null if it has not begun or has ended.</summary>
    public Ongoing? Find(int call)
    {
        foreach (var one in UnderWay)
            if (one.Call == call)
                return one;
        return null;
    }

    /// <summary>The state with the operation begun, or with it as far as it is now.</summary>
    public HistoryState With(Ongoing ongoing)
    {
        for (var i = 0; i < UnderWay.Length; i++)
            if (UnderWay[i].Call == ongoing.Call)
                return UnderWay[i] == ongoing ? this : this with { UnderWay = UnderWay.SetItem(i, ongoing) };
        var at = 0;
        while (at < UnderWay.Length && UnderWay[at].Call < ongoing.Call)
            at++;
        return this with { UnderWay = UnderWay.Insert(at, ongoing) };
    }

    /// <summary>The state with the operation ended.</summary>
    public HistoryState Without(int call)
    {
        for (var i = 0; i < UnderWay.Length; i++)
            if (UnderWay[i].Call == call)
                return this with { UnderWay = UnderWay.RemoveAt(i) };
        return this;
    }

    /// <summary>The state with pages in this state.</summary>
    public HistoryState With(PageRange pages, PageState state) => this with { Pages = Pages.With(pages, state) };

    /// <summary>The state with an allocation put in, in place of one with the same number.</summary>
    public HistoryState With(Allocation allocation) => this with { Structure = Structure.With(allocation) };

    /// <summary>
    /// Somebody has isolated the page. Of the pageblocks that alloc_contig_range() isolates only what it wants is sure
    /// to be in nobody else's hands: a machine may isolate no more than that.
    /// </summary>
    public bool IsIsolated(long pfn)
    {
        foreach (var one in UnderWay)
            if ((one.IsContig ? one.Wanted : one.Isolated).Contains(pfn))
                return true;
        return false;
    }

    /// <summary>Somebody else has isolated some of the range.</summary>
    public bool IsIsolatedBySomebodyElse(PageRange range, int call)
    {
        foreach (var one in UnderWay)
            if (one.Call != call && one.Isolated.Count > 0 && one.Isolated.Intersects(range))
                return true;
        return false;
    }

    /// <summary>Somebody else holds device_hotplug_lock.</summary>
    public bool IsHotplugLockedFor(int call)
    {
        foreach (var one in UnderWay)
            if (one.HoldsHotplugLock && one.Call != call)
                return true;
        return false;
    }

    /// <summary>The block of the page, if it is online.</summary>
    public Block? BlockOf(long pfn) => Structure.Find(Structure.Spec.BlockOf(pfn)) is { Online: true } block ? block
        : null;

    /// <inheritdoc/>
    public bool Equals(HistoryState? other) => ReferenceEquals(this, other)
        || (other is not null && MemmapTaken == other.MemmapTaken && MemmapFreed == other.MemmapFreed
            && UnderWay.AsSpan().SequenceEqual(other.UnderWay.AsSpan()) && Pages.Equals(other.Pages)
            && Structure.Equals(other.Structure));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Pages, Structure.Loans, UnderWay.Length, MemmapTaken,
        MemmapFreed,
        Structure.Balloons.Length, Structure.Allocations.Length);
}
