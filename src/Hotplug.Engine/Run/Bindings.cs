using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Engine.Run;

/// <summary>
/// What symbolic names stand for now, learnt from outcomes: devices from where <c>add</c> placed them, allocations from
/// the pages they took, followed through migrations. Device memories and boot memory come from the spec. Raw names are
/// always bound.
/// </summary>
/// <remarks>
/// A name that is to be created must not be bound: creating it a second time is unbound too. It may be used again once
/// nothing is left of it.
/// </remarks>
public sealed class Bindings
{
    private readonly Dictionary<int, PageRange> _devices = [];
    private readonly Dictionary<int, AllocationBinding> _allocations = [];
    private readonly Stack<AllocationBinding> _pool = [];
    private MachineSpec _spec = new();
    private int _pagesPerBlock = 1;

    /// <summary>Forgets every name: a machine of this spec starts afresh.</summary>
    public void Reset(MachineSpec spec)
    {
        _spec = spec;
        _pagesPerBlock = spec.PagesPerBlock;
        _devices.Clear();
        foreach (var allocation in _allocations.Values)
            _pool.Push(allocation);
        _allocations.Clear();
    }

    /// <summary>Where the operation's names point; false if one of them is not bound.</summary>
    public bool TryResolve(in Operation operation, out Target target)
    {
        long at = -1;
        if (operation.At.Kind != NameKind.None)
        {
            if (!TryLocate(operation.At, out var place))
            {
                target = default;
                return false;
            }

            at = place.Start;
        }

        var subject = operation.Subject;
        PageRange range;
        var bound = true;
        if (subject.Kind == NameKind.None || subject.IsRaw)
            range = RawRange(subject);
        else if (Creates(operation.Kind))
            (range, bound) = (default, !IsTaken(subject));
        else
            bound = TryLocate(subject, out range);
        target = new Target(range, at);
        return bound;
    }

    /// <summary>Learns from an operation that the machine carried out.</summary>
    public void Follow(Transition seen)
    {
        var outcome = seen.Outcome;

        // What a contiguous allocation takes may have been somebody's, who moved away for it: first that, then the
        // name.
        if (seen.Operation.Kind == OperationKind.Contig && outcome.Answer.IsOk)
        {
            FollowPages(outcome);
            FollowSuccess(seen.Operation, outcome);
            return;
        }

        if (seen.Operation.Subject.Kind is NameKind.Device or NameKind.Allocation && outcome.Answer.IsOk)
            FollowSuccess(seen.Operation, outcome);
        else if (seen.Operation is { Kind: OperationKind.Add, Subject.Kind: NameKind.Device }
            && PlacedBy(outcome) is { Count: > 0 } refused)
            // A device that is plugged though its memory was refused can be ejected.
            _devices[seen.Operation.Subject.Id] = refused;
        if (_allocations.Count > 0 && !outcome.Witness.IsEmpty)
            FollowPages(outcome);
        if (_allocations.Count > 0)
            LoseOffline(seen);
        if (_devices.Count > 0)
            ForgetRemoved(seen);
    }

    /// <summary>Becomes a copy of the other.</summary>
    internal void CopyFrom(Bindings other)
    {
        Reset(other._spec);
        foreach (var (id, range) in other._devices)
            _devices[id] = range;
        foreach (var (id, allocation) in other._allocations)
        {
            var copy = Fresh();
            copy.CopyFrom(allocation);
            _allocations[id] = copy;
        }
    }

    /// <summary>Names that are bound now: devices that were added, and allocations, in no order.</summary>
    internal IEnumerable<Name> Bound => _devices.Keys.Select(Name.Device).Concat(_allocations.Keys.Select(Name.Allocation));

    /// <summary>Learns what the operation chose while others may be under way: page by page, as it is told.</summary>
    internal void FollowStep(in Operation operation, in Witness witness)
    {
        if (witness.Role == WitnessRole.Migrated)
            foreach (var allocation in _allocations.Values)
                allocation.Move(witness.From, witness.Range.Start, witness.Range.Count);
        else if (witness.Role == WitnessRole.Taken && operation.Kind is OperationKind.Alloc or OperationKind.Contig)
            Begun(operation.Subject.Id).Append(witness.Range);
    }

    /// <summary>Learns how an operation ended whose choices <see cref="FollowStep"/> was told.</summary>
    internal void FollowEnd(in Operation operation, in Target target, Outcome outcome)
    {
        var isNewAllocation = operation.Kind is OperationKind.Alloc or OperationKind.Contig;
        if (!outcome.Answer.IsOk)
        {
            if (isNewAllocation && _allocations.Remove(operation.Subject.Id, out var dropped))
                _pool.Push(dropped);
        }
        else if (isNewAllocation)
        {
            Begun(operation.Subject.Id);
        }
        else if (operation.Kind is OperationKind.Offline or OperationKind.OfflineRemove or OperationKind.Eject)
        {
            // What the blocks still held is gone with them.
            foreach (var allocation in _allocations.Values)
                allocation.Lose(target.Range);
        }
        else
        {
            FollowSuccess(operation, outcome);
        }
    }

    private AllocationBinding Begun(int id)
    {
        if (!_allocations.TryGetValue(id, out var allocation))
            _allocations[id] = allocation = Fresh();
        return allocation;
    }

    private static bool Creates(OperationKind kind) =>
        kind is OperationKind.Add or OperationKind.Alloc or OperationKind.Contig;

    private bool IsTaken(Name name) => name.Kind == NameKind.Allocation
        ? _allocations.ContainsKey(name.Id)
        : name.Id == 0 || _devices.ContainsKey(name.Id);

    private bool TryLocate(Name name, out PageRange range)
    {
        switch (name.Kind)
        {
            case NameKind.RawBlock or NameKind.RawPage:
                range = RawRange(name);
                return true;
            case NameKind.Device when name.Id == 0:
                return TryInside(new PageRange(0, (long)_spec.BootBlocks * _pagesPerBlock), name, out range);
            case NameKind.Device:
                return _devices.TryGetValue(name.Id, out range) && TryInside(range, name, out range);
            case NameKind.DeviceMemory:
                range = default;
                return name.Id >= 1 && name.Id <= _spec.DeviceMemories.Length
                    && TryInside(_spec.RegionOf(name.Id), name, out range);
            default:
                return TryLocateAllocation(name, out range);
        }
    }

    // No name, a block or a page, without a branch: the first is as common as the others, and a wrong guess costs more.
    private PageRange RawRange(Name name)
    {
        var block = name.Kind == NameKind.RawBlock ? _pagesPerBlock : 0;
        var page = name.Kind == NameKind.RawPage ? 1 : 0;
        return new PageRange(((long)name.Id * block) + (name.Page * page), block + page);
    }

    private bool TryInside(PageRange device, Name name, out PageRange range)
    {
        range = device;
        if (name.Block < 0)
            return true;
        var start = device.Start + ((long)name.Block * _pagesPerBlock);
        range = name.Page < 0 ? new PageRange(start, _pagesPerBlock) : new PageRange(start + name.Page, 1);
        return start < device.End && name.Page < _pagesPerBlock;
    }

    private bool TryLocateAllocation(Name name, out PageRange range)
    {
        range = default;
        if (!_allocations.TryGetValue(name.Id, out var allocation))
            return false;
        if (name.Page < 0)
            return allocation.IsOwned;
        var pfn = allocation.Locate(name.Page);
        range = new PageRange(Math.Max(pfn, 0), 1);
        return pfn >= 0;
    }

    private void FollowSuccess(in Operation operation, Outcome outcome)
    {
        var subject = operation.Subject;
        switch (operation.Kind)
        {
            case OperationKind.Add when subject.Kind == NameKind.Device:
                _devices[subject.Id] = PlacedBy(outcome);
                break;
            case OperationKind.Alloc or OperationKind.Contig when subject.Kind == NameKind.Allocation:
                BindAllocation(subject.Id, outcome);
                break;
            case OperationKind.Free or OperationKind.ContigFree when subject.Kind == NameKind.Allocation:
                _allocations[subject.Id].Free();
                ForgetIfDead(subject.Id);
                break;
            case OperationKind.Get when subject.Kind == NameKind.Allocation:
                _allocations[subject.Id].Get(subject.Page);
                break;
            case OperationKind.Put when subject.Kind == NameKind.Allocation:
                _allocations[subject.Id].Put(subject.Page);
                ForgetIfDead(subject.Id);
                break;
        }
    }

    private static PageRange PlacedBy(Outcome outcome)
    {
        foreach (ref readonly var witness in outcome.Witness)
            if (witness.Role == WitnessRole.Placed)
                return witness.Range;
        return default;
    }

    private void BindAllocation(int id, Outcome outcome)
    {
        var allocation = Fresh();
        foreach (ref readonly var witness in outcome.Witness)
            if (witness.Role == WitnessRole.Taken)
                allocation.Append(witness.Range);
        _allocations[id] = allocation;
    }

    private AllocationBinding Fresh()
    {
        if (!_pool.TryPop(out var allocation))
            return new AllocationBinding();
        allocation.Clear();
        return allocation;
    }

    private void ForgetIfDead(int id)
    {
        if (_allocations[id].IsAlive)
            return;
        _allocations.Remove(id, out var dead);
        _pool.Push(dead!);
    }

    private void FollowPages(Outcome outcome)
    {
        foreach (ref readonly var witness in outcome.Witness)
            if (witness.Role == WitnessRole.Migrated)
                foreach (var allocation in _allocations.Values)
                    allocation.Move(witness.From, witness.Range.Start, witness.Range.Count);
            else if (witness.Role == WitnessRole.Released)
                foreach (var allocation in _allocations.Values)
                    allocation.Lose(witness.Range);
    }

    // What a block still held when it went offline is gone with it: its frames may be anybody's later.
    private void LoseOffline(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
            if (change.Before is { IsOnline: true } && change.After is not { IsOnline: true })
                foreach (var allocation in _allocations.Values)
                    allocation.Lose(_spec.PagesOf(change.Block));
    }

    private void ForgetRemoved(Transition seen)
    {
        if (!AnyRemoved(seen))
            return;
        foreach (var (id, range) in _devices)
            if (!AnyLeft(seen.After, range) && seen.After.Device(Name.Device(id)) is null)
                _devices.Remove(id);
    }

    private static bool AnyRemoved(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
            if (change.After is null)
                return true;
        return false;
    }

    private bool AnyLeft(Observation after, PageRange device)
    {
        for (var pfn = device.Start; pfn < device.End; pfn += _pagesPerBlock)
            if (after.Find((int)(pfn / _pagesPerBlock)) is not null)
                return true;
        return false;
    }
}
