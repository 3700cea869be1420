using System.Numerics;
using System.Runtime.InteropServices;

namespace Hotplug.Contract.Observations;

/// <summary>A run of pages of one block in the same state: offsets [<see cref="Start"/>, <see cref="End"/>) in the
/// block.</summary>
/// <param name="Start">Offset of the first page in its block.</param>
/// <param name="Count">How many pages, 1 and up.</param>
/// <param name="State">Their state.</param>
public readonly record struct PageRun(int Start, int Count, PageState State)
{
    /// <summary>The offset after the last page.</summary>
    public int End => Start + Count;
}

/// <summary>The pages of one memory block, run-length encoded and in order; reused. Sums are kept as runs are
/// added.</summary>
public sealed class PageRuns
{
    private readonly List<PageRun> _runs = [];

    /// <summary>The runs, by ascending offset, without gaps.</summary>
    public ReadOnlySpan<PageRun> Runs => CollectionsMarshal.AsSpan(_runs);

    /// <summary>Pages covered.</summary>
    public int Pages { get; private set; }

    /// <summary>Pages in the buddy.</summary>
    public int Buddy { get; private set; }

    /// <summary>Pages on per-CPU lists.</summary>
    public int Listed { get; private set; }

    /// <summary>PageOffline pages.</summary>
    public int Offline { get; private set; }

    /// <summary>PageOffline pages that a balloon is known to hold.</summary>
    public int Ballooned { get; private set; }

    /// <summary>Self-hosted vmemmap pages.</summary>
    public int Vmemmap { get; private set; }

    /// <summary>Poisoned pages.</summary>
    public int Poisoned { get; private set; }

    /// <summary>Pages that are both poisoned and PageOffline.</summary>
    public int PoisonedOffline { get; private set; }

    /// <summary>True if some page was not observed.</summary>
    public bool HasUnseen { get; private set; }

    /// <summary>True if a negative count was added: such runs mean nothing.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>Forgets all runs.</summary>
    public void Clear()
    {
        _runs.Clear();
        Pages = Buddy = Listed = Offline = Ballooned = Vmemmap = Poisoned = PoisonedOffline = 0;
        HasUnseen = IsMalformed = false;
    }

    /// <summary>Appends <paramref name="count"/> pages (0 does nothing); joins the run before when the state is the
    /// same.</summary>
    public void Add(int count, in PageState state)
    {
        if (count <= 0)
        {
            IsMalformed |= count < 0;
            return;
        }

        var runs = CollectionsMarshal.AsSpan(_runs);
        if (runs.Length > 0 && runs[^1].State == state)
            runs[^1] = runs[^1] with { Count = runs[^1].Count + count };
        else
            _runs.Add(new PageRun(Pages, count, state));
        Pages += count;
        Sum(count, state);
    }

    // Without a branch for every flag: neighbouring runs differ in them, which a processor guesses wrong.
    private void Sum(int count, in PageState state)
    {
        var offline = count & MaskOf(state, PageFlags.Offline);
        var poisoned = count & MaskOf(state, PageFlags.HwPoison);
        Buddy += count & MaskOf(state, PageFlags.Buddy);
        Listed += count & MaskOf(state, PageFlags.Pcplist);
        Vmemmap += count & MaskOf(state, PageFlags.Vmemmap);
        Offline += offline;
        Poisoned += poisoned;
        PoisonedOffline += offline & poisoned;
        HasUnseen |= state.Has(PageFlags.Unseen);
        if (state.Owner >= PageState.BalloonOwner)
            Ballooned += offline;
    }

    // All bits set if the flag is.
    private static int MaskOf(in PageState state, PageFlags flag) =>
        -(((int)state.Flags >> BitOperations.TrailingZeroCount((uint)flag)) & 1);

    /// <summary>The state of the page at this offset; <see cref="PageState.NotSeen"/> outside.</summary>
    public PageState At(int offset) => RunAt(offset).State;

    /// <summary>The run that holds the page at this offset; one page of <see cref="PageState.NotSeen"/>
    /// outside.</summary>
    public PageRun RunAt(int offset)
    {
        var runs = Runs;
        var low = 0;
        var high = runs.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (offset < runs[middle].Start)
                high = middle - 1;
            else if (offset >= runs[middle].End)
                low = middle + 1;
            else
                return runs[middle];
        }

        return new PageRun(offset, 1, PageState.NotSeen);
    }

    /// <summary>Becomes a copy of the other.</summary>
    public void CopyFrom(PageRuns other)
    {
        Clear();
        foreach (ref readonly var run in other.Runs)
            Add(run.Count, run.State);
    }

    /// <summary>True if both hold the same runs.</summary>
    public bool SameAs(PageRuns other) => Runs.SequenceEqual(other.Runs);
}
