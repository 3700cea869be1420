using Hotplug.Contract.Observations;

namespace Hotplug.Contract.Rules;

/// <summary>What a declared deviation is about.</summary>
public enum DeviationKind : byte
{
    /// <summary>
    /// managed of <see cref="Deviation.Zone"/> is off by <see cref="Deviation.Amount"/> pages, from now on.
    /// </summary>
    ManagedPages,
    /// <summary>The count of poisoned pages is off by <see cref="Deviation.Amount"/>, from now on.</summary>
    PoisonedPages,
    /// <summary>
    /// Block <see cref="Deviation.Block"/> comes back in zone <see cref="Deviation.Zone"/> instead, this once.
    /// </summary>
    ZoneAfterRollback,
    /// <summary>Block <see cref="Deviation.Block"/> stays offline after a rollback, this once.</summary>
    OfflineAfterRollback,
    /// <summary>
    /// <see cref="Deviation.Amount"/> poisoned pages of block <see cref="Deviation.Block"/> lose their flag and stay
    /// counted, this once.
    /// </summary>
    PoisonLost,
    /// <summary>
    /// A page of block <see cref="Deviation.Block"/> (offset <see cref="Deviation.Amount"/>) may be in the buddy with
    /// its poison flag, until it changes.
    /// </summary>
    PoisonedInBuddy,
    /// <summary>
    /// A PageOffline page of block <see cref="Deviation.Block"/> (offset <see cref="Deviation.Amount"/>) leaves
    /// PageOffline, until its block does leave online.
    /// </summary>
    OfflineLost,
    /// <summary>
    /// A PageOffline page of block <see cref="Deviation.Block"/> (offset <see cref="Deviation.Amount"/>) has no
    /// reference, until it changes.
    /// </summary>
    OfflineUnreferenced,
    /// <summary>
    /// A page of the self-hosted vmemmap of block <see cref="Deviation.Block"/> (offset <see cref="Deviation.Amount"/>)
    /// goes to the allocator, this once.
    /// </summary>
    VmemmapLost,
    /// <summary><see cref="Deviation.Amount"/> warnings in the kernel's log, this once.</summary>
    KernelWarning,
    /// <summary><see cref="Deviation.Amount"/> workers that the operation leaves behind run on and on, this once.</summary>
    EndlessWork,
}

/// <summary>
/// The exact difference that a declared kernel defect makes, predicted from what was seen before anybody judges. Rules
/// add it to what they expect: so a predicted difference that does not show is a violation too.
/// </summary>
/// <param name="Defect">Id of the declared defect.</param>
/// <param name="Kind">What it is about.</param>
/// <param name="Zone">The zone, where the kind has one.</param>
/// <param name="Block">The block, where the kind has one; −1 otherwise.</param>
/// <param name="Amount">The number, where the kind has one.</param>
public readonly record struct Deviation(
    string Defect, DeviationKind Kind, ZoneId Zone = default, int Block = -1, long Amount = 0);

/// <summary>Deviations that hold for the operation at hand; filled before it is judged.</summary>
public sealed class DeviationLedger
{
    private readonly List<Deviation> _standing = [];
    private readonly List<Deviation> _now = [];

    /// <summary>Predictions for this operation, in the order made.</summary>
    public IReadOnlyList<Deviation> Now => _now;

    /// <summary>Deviations of counters that were made earlier or now and last.</summary>
    public IReadOnlyList<Deviation> Standing => _standing;

    /// <summary>Forgets everything.</summary>
    public void Reset()
    {
        _standing.Clear();
        _now.Clear();
    }

    /// <summary>Starts an operation: this-once predictions end, standing ones stay.</summary>
    public void NextOperation() => _now.Clear();

    /// <summary>Adds a prediction.</summary>
    public void Predict(in Deviation deviation)
    {
        _now.Add(deviation);
        if (deviation.Kind is DeviationKind.ManagedPages or DeviationKind.PoisonedPages or DeviationKind.PoisonedInBuddy
            or DeviationKind.OfflineLost or DeviationKind.OfflineUnreferenced)
            _standing.Add(deviation);
    }

    /// <summary>Ends standing deviations that match.</summary>
    public void End(Predicate<Deviation> ended) => _standing.RemoveAll(ended);

    /// <summary>
    /// The node came back: its zones begin anew, so that what managed was off by stays in the sum of all alone.
    /// free_area_init_core_hotplug(), mm/mm_init.c.
    /// </summary>
    public void BeginZonesAnew(short node)
    {
        for (var i = 0; i < _standing.Count; i++)
            if (_standing[i] is { Kind: DeviationKind.ManagedPages, Zone.Kind: not ZoneKind.None } deviation
                && deviation.Zone.Node == node)
                _standing[i] = deviation with { Zone = default };
    }

    /// <summary>By how many pages managed of the zone is off.</summary>
    public long ManagedOf(ZoneId zone)
    {
        long pages = 0;
        foreach (var deviation in _standing)
            if (deviation.Kind == DeviationKind.ManagedPages && deviation.Zone == zone)
                pages += deviation.Amount;
        return pages;
    }

    /// <summary>
    /// By how many pages managed is off in zones that are not listed any more: their node went offline with the error.
    /// </summary>
    public long ManagedOfUnlisted(ReadOnlySpan<ZoneObservation> listed)
    {
        long pages = 0;
        foreach (var deviation in _standing)
            if (deviation.Kind == DeviationKind.ManagedPages && !IsListed(listed, deviation.Zone))
                pages += deviation.Amount;
        return pages;
    }

    private static bool IsListed(ReadOnlySpan<ZoneObservation> listed, ZoneId zone)
    {
        foreach (ref readonly var one in listed)
            if (one.Id == zone)
                return true;
        return false;
    }

    /// <summary>By how many pages the sum of managed pages is off.</summary>
    public long ManagedTotal => SumOf(DeviationKind.ManagedPages);

    /// <summary>By how many pages the count of poisoned pages is off.</summary>
    public long PoisonedPages => SumOf(DeviationKind.PoisonedPages);

    /// <summary>The this-once prediction of this kind for the block, if any.</summary>
    public Deviation? For(DeviationKind kind, int block)
    {
        foreach (var deviation in _now)
            if (deviation.Kind == kind && deviation.Block == block)
                return deviation;
        return null;
    }

    /// <summary>
    /// True if the page at this offset of the block is predicted to be in the buddy with its poison flag.
    /// </summary>
    public bool MayBePoisonedInBuddy(int block, long offset) => Stands(DeviationKind.PoisonedInBuddy, block, offset);

    /// <summary>True if the PageOffline page at this offset of the block is predicted to have no reference.</summary>
    public bool MayBeUnreferenced(int block, long offset) => Stands(DeviationKind.OfflineUnreferenced, block, offset);

    /// <summary>True if the page at this offset of the block was PageOffline, and is predicted not to be.</summary>
    public bool IsOfflineLost(int block, long offset) => Stands(DeviationKind.OfflineLost, block, offset);

    /// <summary>How many pages of the block were PageOffline, and are predicted not to be.</summary>
    public long OfflineLostOf(int block)
    {
        long pages = 0;
        foreach (var deviation in _standing)
            if (deviation.Kind == DeviationKind.OfflineLost && deviation.Block == block)
                pages++;
        return pages;
    }

    private bool Stands(DeviationKind kind, int block, long offset)
    {
        foreach (var deviation in _standing)
            if (deviation.Kind == kind && deviation.Block == block && deviation.Amount == offset)
                return true;
        return false;
    }

    private long SumOf(DeviationKind kind)
    {
        long sum = 0;
        foreach (var deviation in _standing)
            if (deviation.Kind == kind)
                sum += deviation.Amount;
        return sum;
    }
}

/// <summary>
/// A known defect of a real kernel: watches a run and predicts, operation by operation, what it will get wrong. One
/// instance watches one run.
/// </summary>
public interface IKnownDefect
{
    /// <summary>Word id: what <c>expected/</c> declares.</summary>
    string Id { get; }

    /// <summary>Starts a run.</summary>
    void Reset();

    /// <summary>
    /// Sees an operation before it is judged. When its precondition holds, adds the exact deviation to
    /// <see cref="Transition.Deviations"/>.
    /// </summary>
    void Watch(Transition seen);
}
