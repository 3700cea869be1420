namespace Hotplug.Contract.Observations;

/// <summary>A run of pages of one block that differ: offsets [<see cref="Start"/>, <see cref="End"/>) in the
/// block.</summary>
/// <param name="Start">Offset of the first page.</param>
/// <param name="Count">How many pages, 1 and up.</param>
/// <param name="Before">Their state before; <see cref="PageState.NotSeen"/> if the block did not exist.</param>
/// <param name="After">Their state after; <see cref="PageState.NotSeen"/> if the block does not exist.</param>
public readonly record struct PageChange(int Start, int Count, PageState Before, PageState After)
{
    /// <summary>The offset after the last page.</summary>
    public int End => Start + Count;
}

/// <summary>
/// Walks two run lists of the same block and yields the runs whose state differs, in order, without allocating.
/// Where one list is shorter, its missing pages count as <see cref="PageState.NotSeen"/>.
/// </summary>
public ref struct PageDiff
{
    private readonly ReadOnlySpan<PageRun> _before;
    private readonly ReadOnlySpan<PageRun> _after;
    private readonly int _end;
    private int _i;
    private int _j;
    private int _offset;

    /// <summary>Compares two observations of a block; either may be null.</summary>
    public PageDiff(BlockObservation? before, BlockObservation? after)
    {
        _before = before is null ? [] : before.Pages.Runs;
        _after = after is null ? [] : after.Pages.Runs;
        _end = Math.Max(before?.Pages.Pages ?? 0, after?.Pages.Pages ?? 0);
    }

    /// <summary>The run found last.</summary>
    public PageChange Current { get; private set; }

    /// <summary>Finds the next differing run; false if there is none.</summary>
    public bool MoveNext()
    {
        while (_offset < _end)
        {
            while (_i < _before.Length && _before[_i].End <= _offset)
                _i++;
            while (_j < _after.Length && _after[_j].End <= _offset)
                _j++;
            var old = _i < _before.Length ? _before[_i].State : PageState.NotSeen;
            var now = _j < _after.Length ? _after[_j].State : PageState.NotSeen;
            var end = Math.Min(_i < _before.Length ? _before[_i].End : _end, _j < _after.Length ? _after[_j].End : _end);
            var start = _offset;
            _offset = end;
            if (old == now)
                continue;
            Current = new PageChange(start, end - start, old, now);
            return true;
        }

        return false;
    }

    /// <summary>For <c>foreach</c>.</summary>
    public readonly PageDiff GetEnumerator() => this;
}
