using System.Diagnostics;
using Hotplug.Contract;

namespace Hotplug.Bitmap;

/// <summary>A run of pages of one block and one holder, linked into the lists of both.</summary>
internal struct Run
{
    public long Start;
    public int Count;
    public int Holder;
    public int NextOfHolder;
    public int PreviousOfHolder;
    public int NextInBlock;
    public int PreviousInBlock;

    public readonly long End => Start + Count;
}

/// <summary>
/// Who holds which pages, as runs: each is on the list of its holder, in the order taken, and on the list of its block.
/// Runs and holders are numbers into arrays with free lists, so that nothing is allocated once warm.
/// </summary>
internal sealed class RunPool
{
    private Run[] _runs = new Run[64];
    private Holder[] _holders = new Holder[16];
    private int _runCount;
    private int _holderCount;
    private int _freeRun = -1;
    private int _freeHolder = -1;

    /// <summary>The run with this number.</summary>
    public ref Run this[int run] => ref _runs[run];

    /// <summary>The holder with this number.</summary>
    public ref Holder HolderOf(int holder) => ref _holders[holder];

    /// <summary>A new holder without pages.</summary>
    public int AddHolder()
    {
        int holder;
        if (_freeHolder >= 0)
        {
            holder = _freeHolder;
            _freeHolder = _holders[holder].First;
        }
        else
        {
            if (_holderCount == _holders.Length)
                Array.Resize(ref _holders, _holders.Length * 2);
            holder = _holderCount++;
        }

        _holders[holder] = new Holder { First = -1, Last = -1 };
        return holder;
    }

    /// <summary>Forgets a holder that has no pages.</summary>
    public void RemoveHolder(int holder)
    {
        Debug.Assert(_holders[holder].First < 0);
        _holders[holder].First = _freeHolder;
        _freeHolder = holder;
    }

    /// <summary>Appends a run to the holder's list; joins the last one where it continues it.</summary>
    public void Append(int holder, MemoryBlock block, long start, int count)
    {
        ref var owner = ref _holders[holder];
        owner.Pages += count;
        if (owner.Last >= 0 && block.Runs == owner.Last && _runs[owner.Last].End == start)
        {
            _runs[owner.Last].Count += count;
            return;
        }

        var run = NewRun(start, count, holder);
        _runs[run].PreviousOfHolder = owner.Last;
        _runs[run].NextOfHolder = -1;
        if (owner.Last >= 0)
            _runs[owner.Last].NextOfHolder = run;
        else
            owner.First = run;
        owner.Last = run;
        LinkInBlock(run, block);
    }

    /// <summary>Takes a whole run off both lists.</summary>
    public void Remove(int run, MemoryBlock block)
    {
        ref var gone = ref _runs[run];
        ref var owner = ref _holders[gone.Holder];
        owner.Pages -= gone.Count;
        if (gone.PreviousOfHolder >= 0)
            _runs[gone.PreviousOfHolder].NextOfHolder = gone.NextOfHolder;
        else
            owner.First = gone.NextOfHolder;
        if (gone.NextOfHolder >= 0)
            _runs[gone.NextOfHolder].PreviousOfHolder = gone.PreviousOfHolder;
        else
            owner.Last = gone.PreviousOfHolder;
        UnlinkFromBlock(run, block);
        gone.NextOfHolder = _freeRun;
        _freeRun = run;
    }

    /// <summary>
    /// Cuts the run after its first <paramref name="count"/> pages; the rest becomes the next run, which is returned.
    /// </summary>
    public int Cut(int run, MemoryBlock block, int count)
    {
        Debug.Assert(count > 0 && count < _runs[run].Count);
        var rest = NewRun(_runs[run].Start + count, _runs[run].Count - count, _runs[run].Holder);
        ref var first = ref _runs[run];
        ref var second = ref _runs[rest];
        first.Count = count;
        second.PreviousOfHolder = run;
        second.NextOfHolder = first.NextOfHolder;
        if (first.NextOfHolder >= 0)
            _runs[first.NextOfHolder].PreviousOfHolder = rest;
        else
            _holders[first.Holder].Last = rest;
        first.NextOfHolder = rest;
        LinkInBlock(rest, block);
        return rest;
    }

    /// <summary>The pages of a run are elsewhere now; their place in the holder's order stays.</summary>
    public void Move(int run, MemoryBlock from, MemoryBlock to, long start)
    {
        UnlinkFromBlock(run, from);
        _runs[run].Start = start;
        LinkInBlock(run, to);
    }

    /// <summary>The run of the block that holds the page frame; −1 if nobody does. Walks the block's runs.</summary>
    public int Find(MemoryBlock block, long pfn)
    {
        for (var run = block.Runs; run >= 0; run = _runs[run].NextInBlock)
            if (pfn >= _runs[run].Start && pfn < _runs[run].End)
                return run;
        return -1;
    }

    /// <summary>
    /// Who owns the page frame by what the block's holders hold, 0 for nobody, and where the run of pages of that owner
    /// ends, at most at the limit.
    /// </summary>
    public (byte Owner, long End) OwnerAt(MemoryBlock block, long pfn, long limit)
    {
        for (var run = block.Runs; run >= 0; run = _runs[run].NextInBlock)
            if (pfn >= _runs[run].Start && pfn < _runs[run].End)
                return (_holders[_runs[run].Holder].Owner, Math.Min(_runs[run].End, limit));
            else if (_runs[run].Start > pfn)
                limit = Math.Min(limit, _runs[run].Start);
        return (0, limit);
    }

    /// <summary>The first page frame of the block that a holder of this use holds; −1 if there is none.</summary>
    public long FirstHeld(MemoryBlock block, PageUse use)
    {
        var first = -1L;
        for (var run = block.Runs; run >= 0; run = _runs[run].NextInBlock)
            if (_holders[_runs[run].Holder].Use == use && (first < 0 || _runs[run].Start < first))
                first = _runs[run].Start;
        return first;
    }

    /// <summary>The run of the holder that holds the page frame; −1 if it does not. Walks the holder's runs.</summary>
    public int FindOf(int holder, long pfn)
    {
        for (var run = _holders[holder].First; run >= 0; run = _runs[run].NextOfHolder)
            if (pfn >= _runs[run].Start && pfn < _runs[run].End)
                return run;
        return -1;
    }

    /// <summary>Makes the page frame a run of its own; returns it.</summary>
    public int Single(int run, MemoryBlock block, long pfn)
    {
        if (pfn > _runs[run].Start)
            run = Cut(run, block, (int)(pfn - _runs[run].Start));
        if (_runs[run].Count > 1)
            Cut(run, block, 1);
        return run;
    }

    public RunPool Clone() => new()
    {
        _runs = (Run[])_runs.Clone(),
        _holders = (Holder[])_holders.Clone(),
        _runCount = _runCount,
        _holderCount = _holderCount,
        _freeRun = _freeRun,
        _freeHolder = _freeHolder,
    };

    private int NewRun(long start, int count, int holder)
    {
        int run;
        if (_freeRun >= 0)
        {
            run = _freeRun;
            _freeRun = _runs[run].NextOfHolder;
        }
        else
        {
            if (_runCount == _runs.Length)
                Array.Resize(ref _runs, _runs.Length * 2);
            run = _runCount++;
        }

        _runs[run] = new Run { Start = start, Count = count, Holder = holder };
        return run;
    }

    private void LinkInBlock(int run, MemoryBlock block)
    {
        ref var linked = ref _runs[run];
        linked.PreviousInBlock = -1;
        linked.NextInBlock = block.Runs;
        if (block.Runs >= 0)
            _runs[block.Runs].PreviousInBlock = run;
        block.Runs = run;
    }

    private void UnlinkFromBlock(int run, MemoryBlock block)
    {
        ref var linked = ref _runs[run];
        if (linked.PreviousInBlock >= 0)
            _runs[linked.PreviousInBlock].NextInBlock = linked.NextInBlock;
        else
            block.Runs = linked.NextInBlock;
        if (linked.NextInBlock >= 0)
            _runs[linked.NextInBlock].PreviousInBlock = linked.PreviousInBlock;
    }
}

/// <summary>
/// Somebody who holds pages: an allocation, the balloon, or a block whose memmap lies in other memory.
/// </summary>
internal struct Holder
{
    public int First;
    public int Last;
    public long Pages;

    /// <summary>How its pages are used.</summary>
    public PageUse Use;

    /// <summary>The owner that its pages show; 0 for none.</summary>
    public byte Owner;

    /// <summary>An allocation of single pages: they are freed through per-CPU lists.</summary>
    public bool IsSingle;

    /// <summary>An allocation whose own references were dropped; its pages live by extra ones.</summary>
    public bool IsFreed;

    /// <summary>Somebody is freeing its pages one by one: it must stay known.</summary>
    public bool IsBeingFreed;

    /// <summary>An allocation of alloc_contig_range().</summary>
    public bool IsContig;
}
