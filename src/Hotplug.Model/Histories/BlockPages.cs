using System.Collections.Immutable;
using Hotplug.Contract.Observations;

namespace Hotplug.Model.Histories;

/// <summary>The pages of one online block, as runs of pages in the same state. Immutable; compares by value.</summary>
internal sealed class BlockPages : IEquatable<BlockPages>
{
    private readonly ImmutableArray<PageRun> _runs;
    private int _hash;

    private BlockPages(int number, ImmutableArray<PageRun> runs)
    {
        Number = number;
        _runs = runs;
    }

    /// <summary>The number of the block.</summary>
    public int Number { get; }

    /// <summary>The runs: ascending, without gaps, neighbours differ.</summary>
    public ReadOnlySpan<PageRun> Runs => _runs.AsSpan();

    /// <summary>A block of which all pages are in this state.</summary>
    public static BlockPages Alike(int number, int pages, PageState state) =>
        new(number, [new PageRun(0, pages, state)]);

    /// <summary>A block that was seen.</summary>
    public static BlockPages Seen(BlockObservation block)
    {
        var runs = ImmutableArray.CreateBuilder<PageRun>(block.Pages.Runs.Length);
        foreach (ref readonly var run in block.Pages.Runs)
            Append(runs, run.Count, PageWords.Plain(run.State));
        return new BlockPages(block.Block, runs.ToImmutable());
    }

    /// <summary>The run that holds the page at this offset.</summary>
    public PageRun RunAt(int offset)
    {
        foreach (ref readonly var run in Runs)
            if (offset < run.End)
                return run;
        return new PageRun(offset, 1, PageState.NotSeen);
    }

    /// <summary>The block with pages [<paramref name="start"/>, start + count) in this state.</summary>
    public BlockPages With(int start, int count, PageState state)
    {
        var end = start + count;
        var runs = ImmutableArray.CreateBuilder<PageRun>(_runs.Length + 2);
        foreach (ref readonly var run in Runs)
        {
            Append(runs, Math.Min(run.End, start) - run.Start, run.State);
            if (run.Start <= start && start < run.End)
                Append(runs, count, state);
            Append(runs, run.End - Math.Max(run.Start, end), run.State);
        }

        return new BlockPages(Number, runs.ToImmutable());
    }

    public bool Equals(BlockPages? other) => ReferenceEquals(this, other)
        || (other is not null && Number == other.Number && Runs.SequenceEqual(other.Runs));

    public override bool Equals(object? obj) => Equals(obj as BlockPages);

    // Kept once it was asked for: most states are never looked up.
    public override int GetHashCode()
    {
        if (_hash != 0)
            return _hash;
        var hash = new HashCode();
        hash.Add(Number);
        foreach (ref readonly var run in Runs)
        {
            hash.Add(run.Start);
            hash.Add(run.State);
        }

        return _hash = hash.ToHashCode();
    }

    private static void Append(ImmutableArray<PageRun>.Builder runs, int count, PageState state)
    {
        if (count <= 0)
            return;
        if (runs.Count > 0 && runs[^1].State == state)
            runs[^1] = runs[^1] with { Count = runs[^1].Count + count };
        else
            runs.Add(new PageRun(runs.Count == 0 ? 0 : runs[^1].End, count, state));
    }
}
