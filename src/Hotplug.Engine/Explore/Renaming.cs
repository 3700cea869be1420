using System.Collections.Immutable;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Explore;

/// <summary>
/// Devices and allocations are what they are, however they are named: names in the order of their places are the ones
/// that a state is known by.
/// </summary>
internal sealed class Renaming
{
    private readonly Runner _runner;
    private readonly int[] _devices;
    private readonly int[] _allocations;
    private readonly List<(long Place, int Id)> _order = [];
    private readonly Dictionary<Name, int> _ids = [];

    internal Renaming(Runner runner, ImmutableArray<Operation> alphabet)
    {
        _runner = runner;
        _devices = Ids(alphabet, NameKind.Device);
        _allocations = Ids(alphabet, NameKind.Allocation);
    }

    /// <summary>Finds the names in order of place; false if they are so already.</summary>
    internal bool TryFind()
    {
        _ids.Clear();
        return Find(NameKind.Device, _devices) | Find(NameKind.Allocation, _allocations);
    }

    /// <summary>The operation with the names that <see cref="TryFind"/> found.</summary>
    internal Operation Rename(in Operation operation) =>
        operation with { Subject = Rename(operation.Subject), At = Rename(operation.At) };

    /// <summary>False for an operation that creates a name though a smaller one is free.</summary>
    internal bool IsNextName(in Operation operation)
    {
        if (operation.Kind is not (OperationKind.Add or OperationKind.Alloc or OperationKind.Contig))
            return true;
        foreach (var id in operation.Kind == OperationKind.Add ? _devices : _allocations)
            if (id < operation.Subject.Id && !IsTaken(operation.Subject with { Id = id }))
                return false;
        return true;
    }

    private bool Find(NameKind kind, int[] ids)
    {
        if (ids.Length < 2)
            return false;
        _order.Clear();
        foreach (var id in ids)
            _order.Add((PlaceOf(new Name(kind, id, -1, -1)), id));
        _order.Sort();
        var isOther = false;
        for (var i = 0; i < ids.Length; i++)
        {
            _ids[new Name(kind, _order[i].Id, -1, -1)] = ids[i];
            isOther |= _order[i].Id != ids[i];
        }

        return isOther;
    }

    // What exists comes first, in order of address; what exists nowhere in particular next; what is free last.
    private long PlaceOf(Name name)
    {
        if (!IsTaken(name))
            return long.MaxValue;
        if (name.Kind == NameKind.Device)
            return Locate(name);
        for (var page = 0; page < MostPages; page++)
            if (Locate(name.WithPage(page)) is >= 0 and var place)
                return place;
        return long.MaxValue - 1;
    }

    // Allocations of a small scope are smaller than this.
    private const int MostPages = 8;

    private long Locate(Name name) => _runner.Bindings.TryResolve(
        new Operation { Kind = OperationKind.Get, Subject = name }, out var target) ? target.Range.Start : -1;

    private bool IsTaken(Name name) => !_runner.Bindings.TryResolve(new Operation
    {
        Kind = name.Kind == NameKind.Device ? OperationKind.Add : OperationKind.Alloc,
        Subject = name with { Block = -1, Page = -1 },
    }, out _);

    private Name Rename(Name name) =>
        _ids.TryGetValue(name with { Block = -1, Page = -1 }, out var id) ? name with { Id = id } : name;

    // Boot memory is d0 and never another.
    private static int[] Ids(ImmutableArray<Operation> alphabet, NameKind kind) =>
        [.. alphabet.Select(static o => o.Subject).Where(n => n.Kind == kind && n.Id > 0)
            .Select(static n => n.Id).Distinct().Order()];
}
