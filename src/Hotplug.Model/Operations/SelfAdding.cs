using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Operations;

/// <summary>
/// Xen's balloon that is asked for more than it holds adds memory for itself (source document 004): steps 1 to 4 for a
/// memory block that it does not register, then 5 and 6 page by page. It takes what it can get.
/// </summary>
internal static class SelfAdding
{
    private static readonly Citation s_reserve = new("v6.12", "drivers/xen/balloon.c", "reserve_additional_memory");
    private static readonly Citation s_increase = new("v6.12", "drivers/xen/balloon.c", "increase_reservation");

    /// <summary>Judges a <c>deflate</c> of Xen's balloon beyond what it holds.</summary>
    public static Judgement Judge(in Ruling ruling, in Balloon balloon)
    {
        var next = ruling.State;
        if (Grow(ruling, ref next, out var added) is { } wrong)
            return Judgement.Refuted(wrong);
        var seen = ruling.Seen;
        var held = seen.After.Balloon(balloon.Driver)?.Pages ?? 0;
        var released = balloon.Pages + ((long)added * ruling.Spec.PagesPerBlock) - held;
        if (CheckReleased(ruling, next, balloon.Pages, added, released) is { } miscount)
            return Judgement.Refuted(miscount);
        next = FollowReleased(next, seen).With(balloon with { Pages = held });
        var holder = balloon;
        return ruling.Permit(next, new PageRule((pages, before, after) => after == Adding.Memmap
            ? added > 0 && (before.IsFree || Allocating.Covers(seen.Outcome, WitnessRole.Released, pages))
            : Ballooning.Releases(seen, holder, pages, before, after)));
    }

    /// <summary>The state in which what Xen's balloon released of its driver's memory is backed.</summary>
    public static State FollowReleased(State state, Transition seen)
    {
        foreach (ref readonly var witness in seen.Outcome.Witness)
        {
            if (witness.Role == WitnessRole.Released
                && state.Find(seen.Spec.BlockOf(witness.Range.Start)) is { Driver: CallbackOwner.Xen })
                state = state with { Backed = state.Backed.Without(witness.Range).With(witness.Range) };
        }

        return state;
    }

    // Blocks that are there now and were not: of node 0, one after the other, unbacked, each in the zone that a plain
    // online would choose.
    private static Violation? Grow(in Ruling ruling, ref State next, out int added)
    {
        added = 0;
        foreach (ref readonly var change in ruling.Seen.Changed)
        {
            if (change.Before is not null || change.After is null)
                continue;
            added++;
            var block = new Block(change.Block, 0, Block.OfBalloon, ruling.Spec.PagesOf(change.Block))
            {
                Driver = CallbackOwner.Xen,
                Hidden = true,
            };
            if (!ruling.Spec.DimmRange.Contains(block.Range) || !Callbacks.Has(ruling.State, CallbackOwner.Xen)
                || Refusals.Sticky(ruling, online: true) != Errno.None)
                return new("balloon.adds", $"block {change.Block}", "no such memory block: its driver could not add it", "it exists", s_reserve);
            next = Onlining.Bring(next.With(block), block, ZoneChoice.For(next, ruling.Spec, block, AutoOnline.Online));
        }

        return null;
    }

    // Everything it was asked for, from as few blocks as that takes; less only where no more could be added.
    private static Violation? CheckReleased(in Ruling ruling, State next, long held, int added, long released)
    {
        var asked = ruling.Seen.Operation.Amount;
        var block = (long)ruling.Spec.PagesPerBlock;
        var most = held + (added * block);
        if (released > Math.Min(asked, most) || released < Math.Min(asked, most))
            return new("balloon.deflates", "balloon xen", $"{Math.Min(asked, most)} pages given", $"{released}", s_increase);
        if (added > 0 && most - block >= asked)
            return new("balloon.adds", "balloon xen", $"{(asked - held + block - 1) / block} memory blocks added", $"{added}", s_reserve);
        return released < asked && MustAdd(ruling, next)
            ? new("balloon.adds", "balloon xen", "one more memory block, because there is a place for it", $"{added} added", s_reserve)
            : null;
    }

    // Nothing stands in the way of one more block: a place, memory for its memmap, nobody who might refuse.
    private static bool MustAdd(in Ruling ruling, State next)
    {
        if (!ruling.Seen.Sees(Visibility.Placement) || !Callbacks.Has(next, CallbackOwner.Xen) || ruling.State.Veto.K > 0
            || Refusals.Sticky(ruling, online: true) != Errno.None || ruling.Spec.MemmapOrder > 0)
            return false;
        long free = 0;
        foreach (ref readonly var zone in ruling.Seen.After.Zones)
            if (zone.Id.IsKernel && (ruling.Spec.MemmapNode < 0 || zone.Id.Node == ruling.Spec.MemmapNode))
                free += zone.Free;
        return free >= ruling.Spec.VmemmapPagesPerBlock && Adding.HasHole(next, ruling.Spec, ruling.Spec.PagesPerBlock);
    }
}
