using Hotplug.Contract.Schedules;

namespace Hotplug.Engine.Schedules;

/// <summary>Who holds which lock. A lock keeps its index as long as the table lives.</summary>
internal sealed class LockTable
{
    private const int Free = -1;

    private readonly List<LockId> _locks = [];
    private readonly List<int> _owners = [];

    internal int IndexOf(LockId id)
    {
        for (var i = 0; i < _locks.Count; i++)
            if (_locks[i] == id)
                return i;
        _locks.Add(id);
        _owners.Add(Free);
        return _locks.Count - 1;
    }

    internal bool IsFree(int index) => _owners[index] == Free;

    internal int OwnerOf(int index) => _owners[index];

    internal void Take(int index, int cpu) => _owners[index] = cpu;

    internal void Give(int index) => _owners[index] = Free;

    internal void GiveAll()
    {
        for (var i = 0; i < _owners.Count; i++)
            _owners[i] = Free;
    }

    internal IEnumerable<LockId> HeldBy(int cpu)
    {
        for (var i = 0; i < _locks.Count; i++)
            if (_owners[i] == cpu)
                yield return _locks[i];
    }
}
