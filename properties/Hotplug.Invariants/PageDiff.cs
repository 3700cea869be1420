using Hotplug.Contract.Observations;

namespace Hotplug.Invariants;

/// <summary>A stretch of pages of one block whose state differs: offsets [<see cref="Start"/>, <see cref="End"/>).</summary>
/// <param name="Start">Offset of the first page in its block.</param>
/// <param name="Count">How many pages, 1 and up.</param>
/// <param name="Before">Their state before.</param>
/// <param name="After">Their state after.</param>
public readonly record struct PageChange(int Start, int Count, PageState Before, PageState After)
{
    /// <summary>The offset after the last page.</summary>
    public int End => Start + Count;
}

/// <summary>Walks the pages of one block before and after, and stops at every stretch that differs. Allocates nothing.</summary>
public ref struct PageDiff
{
    private readonly ReadOnlySpan<PageRun> _before;
    private readonly ReadOnlySpan<PageRun> _after;
    private int _old;
    private int _new;
    private int _offset;

    /// <summary>Compares two observations of a block; either may be null.</summary>
    public PageDiff(BlockObservation? before, BlockObservation? after)
    {
        _before = before is null ? [] : before.Pages.Runs;
        _after = after is null ? [] : after.Pages.Runs;
    }

    /// <summary>The stretch that <see cref="MoveNext"/> found.</summary>
    public PageChange Current { get; private set; }

    /// <summary>The walker itself: what <c>foreach</c> asks for.</summary>
    public readonly PageDiff GetEnumerator() => this;

    /// <summary>Goes to the next stretch that differs; false when there is none.</summary>
    public bool MoveNext()
    {
        while (_old < _before.Length && _new < _after.Length)
        {
            ref readonly var was = ref _before[_old];
            ref readonly var now = ref _after[_new];
            var start = _offset;
            var end = Math.Min(was.End, now.End);
            _offset = end;
            if (was.End == end)
                _old++;
            if (now.End == end)
                _new++;
            if (was.State == now.State)
                continue;
            Current = new PageChange(start, end - start, was.State, now.State);
            return true;
        }

        return false;
    }
}
