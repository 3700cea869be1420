using System.Globalization;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace Hotplug.Adapters.Recording;

/// <summary>
/// Reads the run-length text of a block's pages: <c>offset+length:kpageflags:refcount:mapcount</c> as the guest sees
/// them, or
/// <c>offset+length:n0z2.f…t…r…</c> as struct pages read from outside. Flag bits:
/// include/uapi/linux/kernel-page-flags.h;
/// struct page of 6.1: include/linux/page-flags.h.
/// </summary>
internal static class PageText
{
    private const int Unreadable = -99;

    // kpageflags.
    private const ulong KpfDirty = 1UL << 4, KpfLru = 1UL << 5, KpfSlab = 1UL << 7, KpfBuddy = 1UL << 10;
    private const ulong KpfAnon = 1UL << 12, KpfSwapBacked = 1UL << 14, KpfUnevictable = 1UL << 18;
    private const ulong KpfHwPoison = 1UL << 19, KpfNoPage = 1UL << 20, KpfOffline = 1UL << 23, KpfTable = 1UL << 26;
    private const ulong KpfReserved = 1UL << 32, KpfOwnerPrivate = 1UL << 37;

    // Flags of struct page: the numbers of 6.1, into which the flags of other versions are translated before they are
    // recorded.
    private const ulong PgDirty = 1UL << 3, PgLru = 1UL << 4, PgSlab = 1UL << 9, PgOwnerPrivate = 1UL << 10;
    private const ulong PgReserved = 1UL << 12, PgSwapBacked = 1UL << 19, PgUnevictable = 1UL << 20;
    private const ulong PgHwPoison = 1UL << 23;
    private const string TypeOffline = "fffffeff", TypeTable = "fffffdff";

    /// <summary>Reads the text into <paramref name="pages"/>; null, or what is wrong with which run.</summary>
    public static string? Read(ReadOnlySpan<char> text, bool fromHost, Dialect dialect, PageRuns pages)
    {
        foreach (var word in text.Split(' '))
        {
            var run = text[word];
            if (run.IsEmpty)
                continue;
            var colon = run.IndexOf(':');
            var plus = run.IndexOf('+');
            if (plus < 1 || colon < plus || !int.TryParse(run[..plus], out var offset)
                || !int.TryParse(run[(plus + 1)..colon], out var count) || count < 1)
                return $"the run '{run}' is not offset+length:…";
            if (offset != pages.Pages)
                return $"the run '{run}' does not start where the run before it ends, at {pages.Pages}";
            var what = run[(colon + 1)..];
            var known = fromHost ? TryStructPage(what, dialect, out var state) : TryFlags(what, dialect, out state);
            if (!known)
                return $"the run '{run}' is not "
                    + (fromHost ? "n<node>z<zone>.<struct page>" : "flags:refcount:mapcount");
            pages.Add(count, state);
        }

        return null;
    }

    private static bool TryFlags(ReadOnlySpan<char> text, Dialect dialect, out PageState state)
    {
        state = default;
        var first = text.IndexOf(':');
        var second = first < 0 ? -1 : first + 1 + text[(first + 1)..].IndexOf(':');
        if (second <= first || !ulong.TryParse(text[..first], NumberStyles.AllowHexSpecifier, null, out var flags)
            || !int.TryParse(text[(first + 1)..second], out var count))
            return false;
        var references = count == Unreadable ? PageState.Unknown : count;
        state = (flags & KpfNoPage) != 0
            ? PageState.None
            : new PageState(Decode(flags, references, dialect), 0, 0, references);

        // The guest reads flags and reference counts in two passes: a free page with a reference is a torn reading.
        if (state.Has(PageFlags.Buddy) && references != 0)
            state = state with { References = PageState.Unknown };
        return true;
    }

    private static PageFlags Decode(ulong flags, int references, Dialect dialect)
    {
        var seen = (flags & KpfHwPoison) != 0 ? PageFlags.HwPoison : PageFlags.None;
        if ((flags & KpfBuddy) != 0)
            seen |= PageFlags.Buddy;
        if ((flags & KpfOffline) != 0)
            return seen | PageFlags.Offline | ((flags & KpfDirty) != 0 ? PageFlags.NeverOnlined : PageFlags.None);
        if ((flags & KpfReserved) != 0)
            seen |= PageFlags.Reserved;
        if (IsVmemmap(flags & ~KpfHwPoison, dialect))
            return seen | PageFlags.Vmemmap;
        if ((flags & (KpfSlab | KpfTable)) != 0)
            return seen | PageFlags.InUse | PageFlags.Kernel;
        if ((flags & (KpfLru | KpfAnon)) != 0)
            return seen | PageFlags.InUse | OnLru((flags & KpfUnevictable) != 0, (flags & KpfSwapBacked) != 0);
        return references > 0 && seen == PageFlags.None ? PageFlags.InUse : seen;
    }

    // VmemmapSelfHosted shares its bit with other users of PG_owner_priv_1: alone (6.12) or with PG_reserved (6.1) it
    // is no other.
    private static bool IsVmemmap(ulong flags, Dialect dialect) =>
        flags == (dialect.Has(DialectItem.VmemmapNotReserved) ? KpfOwnerPrivate : KpfOwnerPrivate | KpfReserved);

    private static bool IsSelfHosted(ulong flags, Dialect dialect) =>
        flags == (dialect.Has(DialectItem.VmemmapNotReserved) ? PgOwnerPrivate : PgOwnerPrivate | PgReserved);

    private static bool TryStructPage(ReadOnlySpan<char> text, Dialect dialect, out PageState state)
    {
        state = default;
        var dot = text.IndexOf('.');
        if (dot < 4 || text[0] != 'n')
            return false;
        var page = text[(dot + 1)..];
        if (page.Length > 1 && page[0] == 'b')
        {
            var isPoisoned = page[^1] == 'p';
            if (!byte.TryParse(isPoisoned ? page[1..^1] : page[1..], out var order))
                return false;
            state = PageState.Free(order);
            if (isPoisoned)
                state = state with { Flags = state.Flags | PageFlags.HwPoison };
            return true;
        }

        var type = page.IndexOf(".t");
        var reference = page.IndexOf(".r");
        if (type < 2 || reference < type + 3 || page[0] != 'f'
            || !ulong.TryParse(page[1..type], NumberStyles.AllowHexSpecifier, null, out var flags)
            || !int.TryParse(page[(reference + 2)..], out var count))
            return false;
        state = new PageState(Decode(flags, page[(type + 2)..reference], count, dialect), 0, 0, count);
        return true;
    }

    private static PageFlags Decode(ulong flags, ReadOnlySpan<char> type, int references, Dialect dialect)
    {
        var seen = (flags & PgHwPoison) != 0 ? PageFlags.HwPoison : PageFlags.None;
        if (type.SequenceEqual(TypeOffline))
            return seen | PageFlags.Offline | ((flags & PgDirty) != 0 ? PageFlags.NeverOnlined : PageFlags.None);
        if ((flags & PgReserved) != 0)
            seen |= PageFlags.Reserved;
        if (IsSelfHosted(flags & ~PgHwPoison, dialect))
            return seen | PageFlags.Vmemmap;
        if ((flags & PgSlab) != 0 || type.SequenceEqual(TypeTable))
            return seen | PageFlags.InUse | PageFlags.Kernel;
        if ((flags & PgLru) != 0 || (type[0] == 'm' && (flags & PgSwapBacked) != 0))
            return seen | PageFlags.InUse | OnLru((flags & PgUnevictable) != 0, (flags & PgSwapBacked) != 0);
        return references > 0 && seen == PageFlags.None ? PageFlags.InUse : seen;
    }

    // Unevictable without swap backing: ramfs, which has no way to migrate; mlocked anonymous memory has one.
    private static PageFlags OnLru(bool unevictable, bool swapBacked) =>
        unevictable && !swapBacked ? PageFlags.Unmigratable : PageFlags.Movable;
}
