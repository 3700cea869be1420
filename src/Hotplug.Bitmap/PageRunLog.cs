using Hotplug.Contract;
using Hotplug.Contract.Machines;

namespace Hotplug.Bitmap;

/// <summary>Reports pages that are handled one by one as runs, upwards or downwards.</summary>
internal struct PageRunLog(EffectKind kind)
{
    private long _start;
    private long _count;

    public void Add(long pfn, EffectLog log)
    {
        if (_count > 0 && pfn == _start + _count)
        {
            _count++;
        }
        else if (_count > 0 && pfn == _start - 1)
        {
            _start--;
            _count++;
        }
        else
        {
            Flush(log);
            (_start, _count) = (pfn, 1);
        }
    }

    public void Flush(EffectLog log)
    {
        if (_count > 0)
            log.Add(kind, new PageRange(_start, _count));
        _count = 0;
    }
}
