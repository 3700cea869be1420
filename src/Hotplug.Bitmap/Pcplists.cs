using Hotplug.Contract.Machines;

namespace Hotplug.Bitmap;

/// <summary>
/// The per-CPU lists of free pages, one for every CPU and zone, and the lock that disables them: pcp_batch_high_lock.
/// Only single pages are kept; larger chunks go to the buddy at once. Who is on a list is not in the buddy, nor in the
/// zone's free pages.
/// </summary>
internal sealed class Pcplists(MachineSpec spec, int zones)
{
    private const int None = -1;
    private const int Every = int.MaxValue;

    private readonly List<long>?[] _lists = new List<long>?[spec.HasPcplists ? zones * spec.Cpus : 0];
    private readonly int[] _pages = new int[zones];
    private int _disabled = None;

    /// <summary>True if freed pages may stay on lists at all.</summary>
    public bool Exist => spec.HasPcplists;

    /// <summary>Somebody holds the lock: the lists of one zone, or of all, are disabled.</summary>
    public bool IsLocked => _disabled != None;

    /// <summary>An operation of its own holds the lock, not a removal.</summary>
    public bool IsLockedByOperation => _disabled == Every;

    /// <summary>Pages that a list of the zone may hold; 0 while disabled. The value cached in the zone
    /// otherwise.</summary>
    public int High(int zone) => IsDisabled(zone) ? 0 : spec.PcpHigh;

    /// <summary>Pages that move at once; 1 while disabled. The value cached in the zone otherwise.</summary>
    public int Batch(int zone) => IsDisabled(zone) ? 1 : spec.PcpBatch;

    /// <summary>Pages on all lists of the zone.</summary>
    public int PagesIn(int zone) => _pages[zone];

    /// <summary>Pages on one list.</summary>
    public int Count(int cpu, int zone) => Exist ? _lists[IndexOf(cpu, zone)]?.Count ?? 0 : 0;

    /// <summary>Puts a page where it is taken from first.</summary>
    public void Push(int cpu, int zone, long page)
    {
        (_lists[IndexOf(cpu, zone)] ??= []).Add(page);
        _pages[zone]++;
    }

    /// <summary>Takes the page that was put there last; there must be one.</summary>
    public long Pop(int cpu, int zone)
    {
        var list = _lists[IndexOf(cpu, zone)]!;
        var page = list[^1];
        list.RemoveAt(list.Count - 1);
        _pages[zone]--;
        return page;
    }

    /// <summary>The page that has been there longest, taken off; there must be one.</summary>
    public long TakeOldest(int cpu, int zone)
    {
        var list = _lists[IndexOf(cpu, zone)]!;
        var page = list[0];
        list.RemoveAt(0);
        _pages[zone]--;
        return page;
    }

    /// <summary>Takes the lock and disables the lists of the zone.</summary>
    public void Disable(int zone) => _disabled = zone;

    /// <summary>Takes the lock and disables all lists.</summary>
    public void DisableEvery() => _disabled = Every;

    /// <summary>The values cached in the zones are in force again; the lock is free.</summary>
    public void Enable() => _disabled = None;

    public Pcplists Clone()
    {
        var copy = new Pcplists(spec, _pages.Length) { _disabled = _disabled };
        _pages.CopyTo(copy._pages, 0);
        for (var i = 0; i < _lists.Length; i++)
            copy._lists[i] = _lists[i] is { Count: > 0 } list ? [.. list] : null;
        return copy;
    }

    private bool IsDisabled(int zone) => _disabled == Every || _disabled == zone;

    // A CPU that the machine does not have is its first one.
    private int IndexOf(int cpu, int zone) => (zone * spec.Cpus) + (cpu < spec.Cpus ? cpu : 0);
}
