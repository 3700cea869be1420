namespace Hotplug.Contract;

/// <summary>A run of page frames, half-open: [<see cref="Start"/>, <see cref="End"/>). <c>default</c> is the empty
/// range at 0.</summary>
/// <param name="Start">First page frame number.</param>
/// <param name="Count">How many pages; 0 or more.</param>
public readonly record struct PageRange(long Start, long Count)
{
    /// <summary>The page frame number after the last one.</summary>
    public long End => Start + Count;

    /// <summary>True if the page frame lies inside.</summary>
    public bool Contains(long pfn) => pfn >= Start && pfn < End;

    /// <summary>True if every page of the other range lies inside.</summary>
    public bool Contains(PageRange other) => other.Start >= Start && other.End <= End;

    /// <summary>True if the two ranges share a page.</summary>
    public bool Intersects(PageRange other) => Start < other.End && other.Start < End;

    /// <summary>Prints <c>[start,end)</c>.</summary>
    public override string ToString() => $"[{Start},{End})";
}
