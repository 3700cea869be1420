using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Model.Histories;

/// <summary>Balloons among others: pages go in and come out one by one (kernel-semantics 3.12).</summary>
internal static class Ballooning
{
    private static readonly Citation s_fill = new("v6.12", "drivers/virtio/virtio_balloon.c", "fill_balloon");
    private static readonly Citation s_leak = new("v6.12", "drivers/virtio/virtio_balloon.c", "leak_balloon");

    /// <summary>Judges that a page comes out of a balloon and is free.</summary>
    public static Judgement Release(in Turn turn)
    {
        var driver = turn.Operation.Kind == OperationKind.Oom ? BalloonDriver.Virtio
            : (BalloonDriver)turn.Operation.Choice;
        if (turn.Structure.Find(driver) is not { } balloon)
            return turn.RefuteAnswer("EINVAL (the machine has no such balloon)", s_leak);
        var (state, ongoing) = (turn.State, turn.Ongoing);
        foreach (var (pages, page) in state.Pages.RunsIn(turn.Pages))
            if (page != balloon.Page && !page.HasAny(PageFlags.HwPoison | PageFlags.Unseen))
                return Turn.Refute("balloon.releases-its-pages", $"page {pages.Start}",
                    $"a page of the balloon when {turn.Subject} frees it",
                    page.ToString(), s_leak, pages);
        var next = Taking.Free(state, turn.Pages) with
        {
            Structure = state.Structure.With(balloon with { Pages = balloon.Pages - turn.Pages.Count }),
        };
        return Turn.Permit(next.With(ongoing with { Pages = ongoing.Pages + turn.Pages.Count }));
    }

    /// <summary>Judges the answer of <c>inflate</c>, <c>deflate</c> and <c>balloon-target</c>.</summary>
    public static Judgement End(in Turn turn)
    {
        var driver = (BalloonDriver)turn.Operation.Choice;
        if (driver == BalloonDriver.Cmm || turn.Structure.Find(driver) is not { } balloon)
            return turn.Demand(Errno.EINVAL, "the machine has no such balloon", s_fill);
        if (!turn.Answer.IsOk)
            return turn.RefuteAnswer("ok, whatever it could reach", s_fill);
        var (moved, asked) = (turn.Ongoing.Pages, turn.Operation.Amount);
        var mayFallShort = Room.Chunks(turn.State, !balloon.IsMovable, node: -1,
            order: 0) <= turn.TakenByOthers + turn.State.MemmapTaken;
        var others = turn.Overlaps(OperationKind.Inflate) || turn.Overlaps(OperationKind.Deflate)
            || turn.Overlaps(OperationKind.BalloonTarget) || turn.Overlaps(OperationKind.Oom);
        var wrong = turn.Operation.Kind switch
        {
            OperationKind.Inflate => moved > asked || (moved < asked && !mayFallShort) ? $"{asked} pages more" : null,
            OperationKind.Deflate => driver != BalloonDriver.Xen
                && (moved > asked || (moved < asked && balloon.Pages > 0 && !others))
                ? $"{asked} pages fewer, or none left" : null,
            _ => balloon.Pages != asked && !others && (balloon.Pages > asked || !mayFallShort) ? $"{asked} pages"
                : null,
        };
        return wrong is null ? turn.Ends(turn.State)
            : Turn.Refute("balloon.reaches", turn.Subject, wrong, $"{moved} moved, {balloon.Pages} in the balloon",
                s_fill);
    }
}
