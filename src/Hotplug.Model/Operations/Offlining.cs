using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;
using Hotplug.Model.Checks;
using Hotplug.Model.States;

namespace Hotplug.Model.Operations;

/// <summary><c>offline</c>: memory_block_offline(), offline_pages() (kernel-semantics 3.4).</summary>
internal static class Offlining
{
    private static readonly Citation s_store = new("v6.12", "drivers/base/memory.c", "state_store");
    private static readonly Citation s_lock = new("v6.12", "mm/page_alloc.c", "zone_pcp_disable");
    private static readonly Citation s_offline = new("v6.12", "mm/memory_hotplug.c", "offline_pages");

    /// <summary>Judges a write of <c>offline</c> to <c>state</c>.</summary>
    public static Judgement JudgeWrite(in Ruling ruling)
    {
        var number = ruling.Spec.BlockOf(ruling.Seen.Target.Range.Start);
        if (InFlight.Blurs(ruling.Seen, number))
            return InFlight.JudgeBlurred(ruling, number, online: false, s_store);
        if (ruling.State.FindRegistered(number) is not { } block)
            return ruling.Demand(Errno.ENOENT, "no such memory block", s_store);
        return block.Online ? Judge(ruling, block) : ruling.Demand(Errno.EINVAL, "already offline", s_store);
    }

    /// <summary>Judges an attempt to take an online block offline.</summary>
    public static Judgement Judge(in Ruling ruling, Block block)
    {
        if (block.Fixed)
            return ruling.Demand(Errno.EINVAL, "it spans zones or has a hole", s_offline);
        if (ruling.State.PcplistsDisabled)
            return ruling.Answer == Answer.Unfinished ? ruling.PermitUnchanged()
                : ruling.RefuteAnswer("unfinished (somebody else has disabled the per-CPU lists)", s_lock);
        var seen = ruling.Seen;
        var moved = LoanRelease.Follow(Migrations.Follow(ruling.State, seen.Outcome), seen, block.Range);
        var mayMove = new PageRule((pages, before, after) => Migrations.Explain(seen, pages, before, after)
            || LoanRelease.Explains(seen, pages, before, after));
        if (ruling.IsOk)
        {
            if ((Refusals.MustRefuse(ruling, online: false) ?? LoanRelease.MustRefuse(ruling, block)) is { } refusal)
                return Judgement.Refuted(refusal);
            if (Obstacles.Certain(ruling.State, seen, block) is { } obstacle)
                return ruling.RefuteAnswer($"a refusal ({obstacle})", s_offline);
            return ruling.Permit(Take(moved, block), mayMove);
        }

        // Whatever happened before a failure, everything but page placement is as it was (I-31).
        var permitted = Refusals.IsRefused(ruling, online: false) || LoanRelease.Refuses(ruling, block.Range)
            || (ruling.Is(Errno.EBUSY) && Obstacles.ExplainBusy(seen, block))
            || (ruling.Answer == Answer.Unfinished && Obstacles.ExplainUnfinished(ruling.State, seen, block, block.Range));
        return permitted ? ruling.Permit(moved, mayMove)
            : ruling.RefuteAnswer("ok, or a refusal that something seen explains", s_offline);
    }

    /// <summary>The state with the block offline.</summary>
    public static State Take(State state, Block block)
    {
        var allocations = state.Allocations;
        if (state.PoisonedIn(block.Range) > 0)
            for (var i = 0; i < allocations.Length; i++)
                allocations = allocations.SetItem(i, allocations[i].Without(block.Range));
        return (state with { Allocations = allocations }).With(block with { Online = false, Zone = ZoneKind.None });
    }
}
