namespace Hotplug.Bitmap;

/// <summary>
/// The holder of every allocation, by N of aN: an array for the small numbers that traces use, a table for others.
/// </summary>
internal sealed class AllocationTable
{
    private const int MostDirect = 1 << 16;

    private readonly Dictionary<int, int> _others = [];

    // Holder + 1; 0 for none.
    private int[] _direct = new int[64];

    public bool TryGet(int id, out int holder)
    {
        if (id >= MostDirect)
            return _others.TryGetValue(id, out holder);
        holder = id < _direct.Length ? _direct[id] - 1 : -1;
        return holder >= 0;
    }

    public void Add(int id, int holder)
    {
        if (id >= MostDirect)
        {
            _others.Add(id, holder);
            return;
        }

        if (id >= _direct.Length)
            Array.Resize(ref _direct, Math.Max(id + 1, _direct.Length * 2));
        _direct[id] = holder + 1;
    }

    public void Remove(int id)
    {
        if (id >= MostDirect)
            _others.Remove(id);
        else
            _direct[id] = 0;
    }

    public AllocationTable Clone()
    {
        var copy = new AllocationTable { _direct = (int[])_direct.Clone() };
        foreach (var (id, holder) in _others)
            copy._others.Add(id, holder);
        return copy;
    }
}
