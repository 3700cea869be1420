using Hotplug.Contract;
using Hotplug.Contract.Observations;

namespace Hotplug.Invariants;

/// <summary>
/// Walks the runs of pages that an observation shows of a range, in order. Pages of blocks that are absent or not
/// visible come as <see cref="PageState.NotSeen"/>. Allocates nothing.
/// </summary>
/// <param name="observation">What is read.</param>
/// <param name="range">The pages; may span blocks.</param>
/// <param name="pagesPerBlock">Pages of a memory block.</param>
public ref struct PageWalk(Observation observation, PageRange range, int pagesPerBlock)
{
    private long _next = range.Start;

    /// <summary>The pages found last.</summary>
    public PageRange Range { get; private set; }

    /// <summary>Their state.</summary>
    public PageState State { get; private set; }

    /// <summary>Goes to the next run; false at the end of the range.</summary>
    public bool MoveNext()
    {
        if (_next >= range.End)
            return false;
        var block = (int)(_next / pagesPerBlock);
        var first = (long)block * pagesPerBlock;
        var offset = (int)(_next - first);
        var end = first + pagesPerBlock;
        State = PageState.NotSeen;
        if (observation.Find(block) is { } seen)
            foreach (ref readonly var run in seen.Pages.Runs)
                if (run.End > offset)
                {
                    State = run.State;
                    end = first + run.End;
                    break;
                }

        end = Math.Min(end, range.End);
        Range = new PageRange(_next, end - _next);
        _next = end;
        return true;
    }
}
