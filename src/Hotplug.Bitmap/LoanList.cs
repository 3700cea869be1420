using System.Diagnostics;

namespace Hotplug.Bitmap;

/// <summary>One list page: where it is, and the loaned pages that it holds. Linux 2.6.33: struct
/// cmm_page_array.</summary>
internal sealed class LoanListPage(int capacity)
{
    public readonly long[] Pages = new long[capacity];
    public long Pfn;
    public int Index;

    public bool IsFull => Index == Pages.Length;
}

/// <summary>
/// CMM's stack of list pages, the head on top: only the head is filled or emptied, so all others are full.
/// </summary>
/// <param name="perList">Addresses that a list page holds.</param>
internal sealed class LoanList(int perList)
{
    private readonly List<LoanListPage> _pages = [];
    private readonly Stack<LoanListPage> _pool = new();

    /// <summary>List pages.</summary>
    public int Count => _pages.Count;

    /// <summary>Pages on loan: loaned_pages.</summary>
    public long Loaned { get; private set; }

    /// <summary>The list page that is being filled; null if there is none.</summary>
    public LoanListPage? Head => _pages.Count > 0 ? _pages[^1] : null;

    /// <summary>True if the next page needs a new list page first.</summary>
    public bool NeedsListPage => Head is not { IsFull: false };

    /// <summary>The list page at this height of the stack: 0 is the oldest.</summary>
    public LoanListPage At(int height) => _pages[height];

    /// <summary>Puts an empty list page on top.</summary>
    public void PushListPage(long pfn)
    {
        var page = _pool.Count > 0 ? _pool.Pop() : new LoanListPage(perList);
        (page.Pfn, page.Index) = (pfn, 0);
        _pages.Add(page);
    }

    /// <summary>Takes the head, which is empty, off the stack; its page frame.</summary>
    public long PopListPage()
    {
        var head = _pages[^1];
        Debug.Assert(head.Index == 0);
        _pages.RemoveAt(_pages.Count - 1);
        _pool.Push(head);
        return head.Pfn;
    }

    /// <summary>Adds a loaned page to the head, which has room.</summary>
    public void Push(long pfn)
    {
        var head = _pages[^1];
        head.Pages[head.Index++] = pfn;
        Loaned++;
    }

    /// <summary>Takes the last loaned page off the head, which is not empty.</summary>
    public long Pop()
    {
        var head = _pages[^1];
        Loaned--;
        return head.Pages[--head.Index];
    }

    public LoanList Clone()
    {
        var copy = new LoanList(perList) { Loaned = Loaned };
        foreach (var page in _pages)
        {
            var same = new LoanListPage(perList) { Pfn = page.Pfn, Index = page.Index };
            page.Pages.AsSpan(0, page.Index).CopyTo(same.Pages);
            copy._pages.Add(same);
        }

        return copy;
    }
}
