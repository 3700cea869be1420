using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Operations;

/// <summary><c>inflate</c>, <c>deflate</c>, <c>balloon-target</c> for virtio-balloon (kernel-semantics 3.12.1).</summary>
internal static class Ballooning
{
    private static readonly Citation s_fill = new("v6.12", "drivers/virtio/virtio_balloon.c", "fill_balloon");
    private static readonly Citation s_leak = new("v6.12", "drivers/virtio/virtio_balloon.c", "leak_balloon");
    private static readonly PageState s_ballooned = new(PageFlags.Offline | PageFlags.Movable, 0, PageState.BalloonOwner, 1);

    /// <summary>Judges all three.</summary>
    public static Judgement Judge(in Ruling ruling)
    {
        var operation = ruling.Seen.Operation;
        var driver = (BalloonDriver)operation.Choice;
        if (!ruling.Spec.Balloons.Any(b => b.Driver == driver))
            return ruling.Demand(Errno.EINVAL, "the machine has no such balloon", s_fill);
        var held = ruling.State.Ballooned;
        var target = operation.Kind switch
        {
            OperationKind.Inflate => held + operation.Amount,
            OperationKind.Deflate => Math.Max(0, held - operation.Amount),
            _ => operation.Amount,
        };
        if (ruling.Answer == Answer.Pending)
            return ruling.Permit(ruling.State with { BalloonTarget = target }, PageRule.Nothing);
        if (!ruling.IsOk)
            return ruling.RefuteAnswer("ok, whatever it could reach", s_fill);
        var reached = ruling.Seen.After.Balloon(driver)?.Pages ?? target;
        if (CheckReached(ruling, held, target, reached) is { } wrong)
            return Judgement.Refuted(wrong);
        var seen = ruling.Seen;
        return ruling.Permit(ruling.State with { Ballooned = reached, BalloonTarget = target }, new PageRule((pages, before, after) =>
            before.Has(PageFlags.Buddy)
                ? (after with { Flags = after.Flags | PageFlags.Movable }) == s_ballooned && Allocating.Covers(seen.Outcome, WitnessRole.Taken, pages)
                : before.Has(PageFlags.Offline) && before.Owner == PageState.BalloonOwner && !after.Has(PageFlags.Offline)
                    && after.Has(before.Has(PageFlags.HwPoison) ? PageFlags.HwPoison : PageFlags.Buddy)
                    && Allocating.Covers(seen.Outcome, WitnessRole.Released, pages)));
    }

    private static Violation? CheckReached(in Ruling ruling, long held, long target, long reached)
    {
        if (target <= held)
            return reached == target ? null
                : new("balloon.deflates", "virtio balloon", $"{target} pages", $"{reached}", s_leak);
        if (reached < held || reached > target)
            return new("balloon.inflates", "virtio balloon", $"from {held} to at most {target} pages", $"{reached}", s_fill);
        if (!ruling.Seen.Sees(Visibility.Placement))
            return null;
        var taken = ruling.Seen.Outcome.PagesOf(WitnessRole.Taken);
        if (taken != reached - held)
            return new("balloon.inflates", "virtio balloon", $"{reached - held} pages taken", $"{taken}", s_fill);
        long free = 0;
        foreach (ref readonly var zone in ruling.Seen.After.Zones)
            free += zone.Free;
        return reached < target && free > 0
            ? new("balloon.inflates", "virtio balloon", $"{target} pages, because {free} pages are still free", $"{reached}", s_fill)
            : null;
    }
}
