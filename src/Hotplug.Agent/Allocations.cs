namespace Hotplug.Agent;

/// <summary>Memory that the agent holds for the host, by number, and the extra references on its pages.</summary>
internal sealed class Allocations
{
    private const int Exists = 17, Invalid = 22;

    private readonly Dictionary<int, Allocation> _held = [];

    internal int Allocate(int id, string kind, int pages, int node)
    {
        if (_held.ContainsKey(id))
            return Exists;
        if (!FreeMemory.Allows(pages, node, isKernel: kind is "packet" or "ramfs"))
            return FreeMemory.NoMemory;
        var errno = Allocation.TryMake(id, kind, pages, node, out var made);
        if (errno == 0)
            _held.Add(id, made!);
        return errno;
    }

    internal int Free(int id)
    {
        if (!_held.TryGetValue(id, out var allocation) || !allocation.IsMapped)
            return Invalid;
        allocation.Unmap();
        ForgetIfDead(id, allocation);
        return 0;
    }

    internal int Pin(int id, long page) => _held.TryGetValue(id, out var allocation) ? allocation.Pin(page) : Invalid;

    internal int Unpin(int id, long page)
    {
        if (!_held.TryGetValue(id, out var allocation))
            return Invalid;
        var errno = allocation.Unpin(page);
        ForgetIfDead(id, allocation);
        return errno;
    }

    internal List<(long Start, long Count)> Where(int id) =>
        _held.TryGetValue(id, out var allocation) ? allocation.Where() : [];

    private void ForgetIfDead(int id, Allocation allocation)
    {
        if (!allocation.IsMapped && !allocation.IsPinned)
            _held.Remove(id);
    }
}
