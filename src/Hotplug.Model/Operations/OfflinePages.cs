using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Model.Operations;

/// <summary>
/// PageOffline pages and their references, in both dialects of source document 003: 1 at rest, which the owner drops at
/// GOING_OFFLINE, or 0 at rest, with nothing to drop (kernel-semantics 4.4).
/// </summary>
internal static class OfflinePages
{
    private static readonly Citation s_get = new("v6.12", "include/linux/mm.h", "get_page");
    private static readonly Citation s_put = new("v6.12", "mm/swap.c", "__folio_put");

    /// <summary>References that a page which its owner may give up has at rest.</summary>
    public static int AtRest(MachineSpec spec) => spec.Dialect.Has(DialectItem.OfflineUnreferencedAtRest) ? 0 : 1;

    /// <summary>
    /// True if a PageOffline page has a reference left when its block has to be empty: its owner's, who is not asked or
    /// never gives it up, or somebody else's. A count that cannot be seen may be one.
    /// </summary>
    public static bool IsKept(MachineSpec spec, PageState page)
    {
        if (!page.Has(PageFlags.Offline) || page.Has(PageFlags.Movable))
            return false;
        return IsUnplugged(page) && page.References != PageState.Unknown
            ? page.References > (IsAsked(spec) ? AtRest(spec) : 0)
            : page.References != 0;
    }

    /// <summary>
    /// True if offlining is refused because of the page: by scan_movable_pages(), which does not ask whether it is
    /// poisoned. By the rules of source document 003 isolation refuses it, before anybody is told – in zone Movable it
    /// lets everything pass. What a balloon driver kept as raw as it was is reserved: isolation refuses that in any
    /// zone.
    /// </summary>
    public static bool IsRefused(MachineSpec spec, PageState page, ZoneKind zone) => page.Has(PageFlags.Reserved)
        || (IsKept(spec, page) && (AtRest(spec) == 0 ? zone != ZoneKind.Movable && !IsSkipped(page)
            : page.Owner != 0 || page.Has(PageFlags.Unbacked) || !page.Has(PageFlags.HwPoison)));

    /// <summary>True if offlining cannot end because of the page: the scan of source document 003 does not know
    /// PageOffline.</summary>
    public static bool IsStuck(MachineSpec spec, PageState page, ZoneKind zone) => AtRest(spec) == 0 && zone == ZoneKind.Movable
        && !page.Has(PageFlags.Reserved) && !IsSkipped(page) && IsKept(spec, page);

    /// <summary>Judges <c>get</c> of a page by address: somebody else's reference on an unplugged page.</summary>
    public static Judgement JudgeGet(in Ruling ruling)
    {
        var page = Before(ruling);
        if (IsUnsure(ruling.Seen, page) ? ruling.Is(Errno.EINVAL) : !IsUnplugged(page))
            return ruling.Demand(Errno.EINVAL, "not a PageOffline page of a device memory", s_get);
        return ruling.IsOk ? Changed(ruling, +1, "a reference more", s_get) : ruling.RefuteAnswer("ok", s_get);
    }

    /// <summary>Judges <c>put</c> of a page by address: whatever the count becomes, the page stays
    /// PageOffline.</summary>
    public static Judgement JudgePut(in Ruling ruling)
    {
        var page = Before(ruling);
        if (IsUnsure(ruling.Seen, page) ? ruling.Is(Errno.EINVAL) : !IsUnplugged(page) || page.References <= AtRest(ruling.Spec))
            return ruling.Demand(Errno.EINVAL, "it has no extra reference", s_put);
        return ruling.IsOk ? Changed(ruling, -1, "a reference fewer", s_put) : ruling.RefuteAnswer("ok", s_put);
    }

    /// <summary>True for an unplugged page of a device memory.</summary>
    public static bool IsUnplugged(PageState page) => page.Has(PageFlags.Offline)
        && page.Owner < PageState.BalloonOwner && (page.Has(PageFlags.NeverOnlined) || page.Owner > 0);

    // Poison is skipped like a page without a reference. What a balloon holds stays: it would lose the page with the
    // block.
    private static bool IsSkipped(PageState page) => page.Has(PageFlags.HwPoison) && !page.Has(PageFlags.Unbacked)
        && page.Owner < PageState.BalloonOwner;

    // Not enough is seen of the page to tell whose it is, or who has references of it.
    private static bool IsUnsure(Transition seen, PageState page) => page.Has(PageFlags.Unseen)
        || (page.Has(PageFlags.Offline) && (page.References == PageState.Unknown || !seen.Sees(Visibility.Owners)));

    private static PageState Before(in Ruling ruling)
    {
        var pfn = ruling.Seen.Target.Range.Start;
        return ruling.State.Find(ruling.Spec.BlockOf(pfn)) is { Online: true } ? ruling.Seen.PageBefore(pfn) : PageState.None;
    }

    private static Judgement Changed(in Ruling ruling, int change, string expected, Citation source)
    {
        var page = new PageRange(ruling.Seen.Target.Range.Start, 1);
        if (ruling.MustCount(page.Start, expected, source) is { } unchanged)
            return Judgement.Refuted(unchanged);
        return ruling.Permit(ruling.State, new PageRule((pages, before, after) =>
            pages == page && after == before with { References = before.References + change }));
    }

    private static bool IsAsked(MachineSpec spec)
    {
        foreach (var notifier in spec.Notifiers)
            if (notifier.Name == "virtio-mem")
                return true;
        return false;
    }
}
