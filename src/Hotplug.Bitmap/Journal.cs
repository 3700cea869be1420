namespace Hotplug.Bitmap;

/// <summary>
/// Which blocks changed in which version, so that observers rewrite those only. A version is one operation; versions
/// are never used twice, not by a new run nor after going back to a snapshot, so a block's stamp says all about its
/// contents.
/// </summary>
internal sealed class Journal
{
    private const int Most = 1 << 10;

    private readonly List<(long Version, int Block)> _entries = new(2 * Most);

    /// <summary>The current version.</summary>
    public long Version { get; private set; }

    /// <summary>Changes after this version are all here.</summary>
    public long Since { get; private set; }

    /// <summary>A new operation begins.</summary>
    public void Advance()
    {
        Version++;
        if (_entries.Count < Most)
            return;

        // The older half is forgotten: an observer that has slept for so long compares stamps.
        Since = _entries[Most / 2].Version;
        _entries.RemoveRange(0, Most / 2);
    }

    /// <summary>Everything may have changed: a new run, or back to a snapshot.</summary>
    public void Restart()
    {
        _entries.Clear();
        Version++;
        Since = Version;
    }

    public void Touch(MemoryBlock block)
    {
        if (block.Stamp == Version)
            return;
        block.Stamp = Version;
        _entries.Add((Version, block.Number));
    }

    public void TouchRemoved(int block) => _entries.Add((Version, block));

    /// <summary>Adds the blocks that changed after this version, ascending, each once.</summary>
    public void CopyChangesAfter(long version, List<int> blocks)
    {
        blocks.Clear();
        for (var i = _entries.Count - 1; i >= 0 && _entries[i].Version > version; i--)
            blocks.Add(_entries[i].Block);
        if (blocks.Count < 2)
            return;
        blocks.Sort();
        var kept = 1;
        for (var i = 1; i < blocks.Count; i++)
            if (blocks[i] != blocks[kept - 1])
                blocks[kept++] = blocks[i];
        blocks.RemoveRange(kept, blocks.Count - kept);
    }
}
