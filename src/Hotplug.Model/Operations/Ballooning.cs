using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Operations;

/// <summary>
/// <c>inflate</c>, <c>deflate</c>, <c>balloon-target</c>: virtio-balloon, Hyper-V's and Xen's (kernel-semantics 3.12.1,
/// 3.12.3, 3.12.4).
/// </summary>
internal static class Ballooning
{
    private static readonly Citation s_fill = new("v6.12", "drivers/virtio/virtio_balloon.c", "fill_balloon");
    private static readonly Citation s_leak = new("v6.12", "drivers/virtio/virtio_balloon.c", "leak_balloon");

    /// <summary>Judges all three.</summary>
    public static Judgement Judge(in Ruling ruling)
    {
        var operation = ruling.Seen.Operation;
        var driver = (BalloonDriver)operation.Choice;
        if (driver == BalloonDriver.Cmm || ruling.State.Find(driver) is not { } balloon)
            return ruling.Demand(Errno.EINVAL, "the machine has no such balloon", s_fill);
        var target = operation.Kind switch
        {
            OperationKind.Inflate => balloon.Pages + operation.Amount,
            OperationKind.Deflate => Math.Max(0, balloon.Pages - operation.Amount),
            _ => operation.Amount,
        };
        if (ruling.Answer == Answer.Pending)
            return ruling.PermitUnchanged();
        if (!ruling.IsOk)
            return ruling.RefuteAnswer("ok, whatever it could reach", s_fill);
        if (operation.Kind == OperationKind.Deflate && driver == BalloonDriver.Xen && operation.Amount > balloon.Pages)
            return SelfAdding.Judge(ruling, balloon);
        var reached = ruling.Seen.After.Balloon(driver)?.Pages ?? target;
        if (CheckReached(ruling, balloon, target, reached) is { } wrong)
            return Judgement.Refuted(wrong);
        var seen = ruling.Seen;
        var next = SelfAdding.FollowReleased(ruling.State, seen).With(balloon with { Pages = reached });
        return ruling.Permit(next, new PageRule((pages, before, after) =>
            before.IsFree ? Takes(seen, balloon, pages, after) : Releases(seen, balloon, pages, before, after)));
    }

    // A page in the balloon of a driver whose pages move may have been isolated for that already.
    private static bool Takes(Transition seen, in Balloon balloon, PageRange pages, PageState after) =>
        (balloon.IsMovable ? after with { Flags = after.Flags | PageFlags.Movable } : after) == balloon.Page
        && Allocating.Covers(seen.Outcome, WitnessRole.Taken, pages);

    /// <summary>The balloon had it and says that it gave it back, and now it is free – or, poisoned,
    /// nobody's.</summary>
    internal static bool Releases(Transition seen, in Balloon balloon, PageRange pages, PageState before, PageState after) =>
        before.Has(PageFlags.Offline) && before.Owner == balloon.Owner && !after.Has(PageFlags.Offline)
        && Removing.IsGivenBack(before, after)
        && Allocating.Covers(seen.Outcome, WitnessRole.Released, pages);

    private static Violation? CheckReached(in Ruling ruling, in Balloon balloon, long target, long reached)
    {
        var subject = $"balloon {Words.Of(balloon.Driver)}";
        var held = balloon.Pages;
        if (target <= held)
            return reached == target ? null
                : new("balloon.deflates", subject, $"{target} pages", $"{reached}", s_leak);
        if (reached < held || reached > target)
            return new("balloon.inflates", subject, $"from {held} to at most {target} pages", $"{reached}", s_fill);
        if (!ruling.Seen.Sees(Visibility.Placement))
            return null;
        var taken = ruling.Seen.Outcome.PagesOf(WitnessRole.Taken);
        if (taken != reached - held)
            return new("balloon.inflates", subject, $"{reached - held} pages taken", $"{taken}", s_fill);
        long free = 0;
        foreach (ref readonly var zone in ruling.Seen.After.Zones)
            if (balloon.IsMovable || zone.Id.IsKernel)
                free += zone.Free;
        return reached < target && free > 0
            ? new("balloon.inflates", subject, $"{target} pages, because {free} pages are still free", $"{reached}", s_fill)
            : CheckZones(ruling, balloon, subject);
    }

    // GFP_HIGHUSER without __GFP_MOVABLE: never from zone Movable.
    private static Violation? CheckZones(in Ruling ruling, in Balloon balloon, string subject)
    {
        if (balloon.IsMovable)
            return null;
        foreach (ref readonly var witness in ruling.Seen.Outcome.Witness)
            if (witness.Role == WitnessRole.Taken
                && ruling.State.Find(ruling.Spec.BlockOf(witness.Range.Start)) is { Zone: ZoneKind.Movable } block)
                return new("balloon.zone", subject, "pages of kernel zones", $"{witness.Range} of {block.ZoneId}", s_fill, [witness.Range]);
        return null;
    }
}
