namespace Hotplug.Benchmarks.Toy;

/// <summary>
/// The toy's rules over a dictionary from page to state, page by page: how such a model is usually written first.
/// </summary>
public sealed class DictionaryModel
{
    private readonly Dictionary<int, byte> _pages = [];
    private readonly bool[] _online = new bool[ToyMemory.Blocks];

    /// <summary>The pages of the blocks that exist, and their codes.</summary>
    public IReadOnlyDictionary<int, byte> Pages => _pages;

    /// <summary>Starts afresh.</summary>
    public void Reset()
    {
        _pages.Clear();
        Array.Clear(_online);
    }

    /// <summary>Takes the step; the result is as <see cref="ToyMemory.Do"/> must answer.</summary>
    public int Do(ToyStep step) => step.Kind switch
    {
        ToyKind.Add => Add(step.Argument),
        ToyKind.Online => BringOnline(step.Argument),
        ToyKind.Offline => TakeOffline(step.Argument),
        ToyKind.Remove => Remove(step.Argument),
        ToyKind.Alloc => Alloc(),
        ToyKind.Free => Free(step.Argument),
        ToyKind.Inflate => Convert(step.Argument, FlatModel.FreePage, FlatModel.InflatedPage),
        _ => Convert(step.Argument, FlatModel.InflatedPage, FlatModel.FreePage),
    };

    private bool IsPresent(int block) => _pages.ContainsKey(block * ToyMemory.PagesPerBlock);

    private int Add(int block)
    {
        if (IsPresent(block))
            return ToyMemory.Refused;
        for (var page = First(block); page < First(block + 1); page++)
            _pages[page] = FlatModel.FreePage;
        return 0;
    }

    private int BringOnline(int block)
    {
        if (!IsPresent(block) || _online[block])
            return ToyMemory.Refused;
        _online[block] = true;
        return 0;
    }

    private int TakeOffline(int block)
    {
        if (!_online[block])
            return ToyMemory.Refused;
        for (var page = First(block); page < First(block + 1); page++)
            if (_pages[page] == FlatModel.AllocatedPage)
                return ToyMemory.Refused;
        _online[block] = false;
        return 0;
    }

    private int Remove(int block)
    {
        if (!IsPresent(block) || _online[block])
            return ToyMemory.Refused;
        for (var page = First(block); page < First(block + 1); page++)
            _pages.Remove(page);
        return 0;
    }

    private int Alloc()
    {
        for (var page = 0; page < First(ToyMemory.Blocks); page++)
            if (IsUsable(page, FlatModel.FreePage))
            {
                _pages[page] = FlatModel.AllocatedPage;
                return page;
            }

        return ToyMemory.Refused;
    }

    private int Free(int index)
    {
        var allocated = 0;
        for (var page = 0; page < First(ToyMemory.Blocks); page++)
            if (IsUsable(page, FlatModel.AllocatedPage))
                allocated++;
        if (allocated == 0)
            return ToyMemory.Refused;
        var skip = index % allocated;
        for (var page = 0; ; page++)
            if (IsUsable(page, FlatModel.AllocatedPage) && skip-- == 0)
            {
                _pages[page] = FlatModel.FreePage;
                return page;
            }
    }

    private int Convert(int most, byte from, byte to)
    {
        var done = 0;
        for (var page = 0; page < First(ToyMemory.Blocks) && done < most; page++)
            if (IsUsable(page, from))
            {
                _pages[page] = to;
                done++;
            }

        return done == 0 ? ToyMemory.Refused : done;
    }

    private bool IsUsable(int page, byte code) =>
        _online[page / ToyMemory.PagesPerBlock] && _pages[page] == code;

    private static int First(int block) => block * ToyMemory.PagesPerBlock;
}
