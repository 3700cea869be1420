using Hotplug.Contract;

namespace Hotplug.Engine.Run;

/// <summary>The pages that one allocation's name stands for, in the order they were taken; reused.</summary>
internal sealed class AllocationBinding
{
    private const long Gone = -1;

    private readonly List<PageRange> _runs = [];
    private readonly List<(long Page, int Count)> _extra = [];
    private bool _freed;

    /// <summary>The allocation still has its own references.</summary>
    internal bool IsOwned => !_freed;

    /// <summary>Something still holds a page: the allocation, or an extra reference.</summary>
    internal bool IsAlive => !_freed || _extra.Count > 0;

    internal void Clear()
    {
        _runs.Clear();
        _extra.Clear();
        _freed = false;
    }

    internal void CopyFrom(AllocationBinding other)
    {
        Clear();
        _runs.AddRange(other._runs);
        _extra.AddRange(other._extra);
        _freed = other._freed;
    }

    internal void Append(PageRange run) => _runs.Add(run);

    internal void Free() => _freed = true;

    /// <summary>Where the page with this index is now; −1 if nothing holds it any more, or there is none.</summary>
    internal long Locate(long page)
    {
        if (_freed && ExtraIndex(page) < 0)
            return Gone;
        var left = page;
        foreach (var run in _runs)
        {
            if (left < run.Count)
                return run.Start == Gone ? Gone : run.Start + left;
            left -= run.Count;
        }

        return Gone;
    }

    internal void Get(long page)
    {
        var index = ExtraIndex(page);
        if (index < 0)
            _extra.Add((page, 1));
        else
            _extra[index] = (page, _extra[index].Count + 1);
    }

    internal void Put(long page)
    {
        var index = ExtraIndex(page);
        if (index < 0)
            return;
        if (_extra[index].Count == 1)
            _extra.RemoveAt(index);
        else
            _extra[index] = (page, _extra[index].Count - 1);
    }

    /// <summary>
    /// Pages [<paramref name="from"/>, from + count) are now at <paramref name="to"/>, in the same order.
    /// </summary>
    internal void Move(long from, long to, long count)
    {
        var moved = new PageRange(from, count);
        for (var i = 0; i < _runs.Count; i++)
        {
            var run = _runs[i];
            if (run.Start == Gone || !run.Intersects(moved))
                continue;
            var start = Math.Max(run.Start, moved.Start);
            var end = Math.Min(run.End, moved.End);
            _runs[i] = new PageRange(to == Gone ? Gone : to + (start - from), end - start);
            if (end < run.End)
                _runs.Insert(i + 1, new PageRange(end, run.End - end));
            if (start > run.Start)
                _runs.Insert(i++, new PageRange(run.Start, start - run.Start));
        }
    }

    /// <summary>These pages were given back.</summary>
    internal void Lose(PageRange pages) => Move(pages.Start, Gone, pages.Count);

    private int ExtraIndex(long page)
    {
        for (var i = 0; i < _extra.Count; i++)
            if (_extra[i].Page == page)
                return i;
        return -1;
    }
}
