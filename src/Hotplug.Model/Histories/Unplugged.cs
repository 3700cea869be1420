using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.Operations;

namespace Hotplug.Model.Histories;

/// <summary>PageOffline pages of device memory among others.</summary>
internal static class Unplugged
{
    private static readonly Citation s_get = new("v6.12", "include/linux/mm.h", "get_page");

    /// <summary>Judges <c>get</c> and <c>put</c> of a page by address: somebody else's reference on an unplugged
    /// page.</summary>
    public static Judgement CountReference(in Turn turn)
    {
        var range = turn.Call.Target.Range;
        var page = turn.State.Pages.At(range.Start);
        var change = turn.Operation.Kind == OperationKind.Get ? +1 : -1;
        if (!OfflinePages.IsUnplugged(page) || (change < 0 && page.References <= OfflinePages.AtRest(turn.Spec)))
            return page.HasAny(PageFlags.HwPoison | PageFlags.Unseen) ? turn.Ends(turn.State)
                : turn.Demand(Errno.EINVAL, change < 0 ? "it has no extra reference"
                    : "not a PageOffline page of a device memory", s_get);
        return turn.Answer.IsOk
            ? turn.Ends(turn.State.With(range, page with { References = page.References + change }))
            : turn.RefuteAnswer("ok", s_get);
    }
}
