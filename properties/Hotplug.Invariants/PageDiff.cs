using Hotplug.Contract.Observations;

namespace Hotplug.Invariants;

/// <summary>A stretch of pages of one block whose state differs: offsets [<see cref="Start"/>, <see cref="Start"/> + <see cref="Count"/>).</summary>
/// <param name="Start">Offset of the first page in its block.</param>
/// <param name="Count">How many pages, 1 and up.</param>
/// <param name="Before">Their state before.</param>
/// <param name="After">Their state after.</param>
public readonly record struct PageChange(int Start, int Count, PageState Before, PageState After);

/// <summary>
/// Walks the pages of one block before and after, and stops at every stretch that differs. Where one of the two has no runs
/// there is nothing to compare. Allocates nothing: <c>foreach (var change in new PageDiff(before, after))</c>.
/// </summary>
/// <param name="before">The pages before.</param>
/// <param name="after">The pages after.</param>
public ref struct PageDiff(PageRuns before, PageRuns after)
{
    private readonly ReadOnlySpan<PageRun> _before = before.Runs;
    private readonly ReadOnlySpan<PageRun> _after = after.Runs;
    private int _old;
    private int _new;
    private int _offset;

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
