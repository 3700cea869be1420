using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.Checks;

namespace Hotplug.Model.Operations;

/// <summary>Other writes to a block's attributes: state_store(), online_store() (kernel-semantics 3.7).</summary>
internal static class Writing
{
    private static readonly Citation s_state = new("v6.12", "drivers/base/memory.c", "state_store");
    private static readonly Citation s_online = new("v6.12", "drivers/base/core.c", "online_store");

    /// <summary>Judges <c>write-state</c>.</summary>
    public static Judgement JudgeState(in Ruling ruling)
    {
        var number = ruling.Spec.BlockOf(ruling.Seen.Target.Range.Start);
        if (InFlight.Blurs(ruling.Seen, number))
            return ruling.PermitUnchanged();
        if (ruling.State.FindRegistered(number) is null)
            return ruling.Demand(Errno.ENOENT, "no such memory block", s_state);
        if (ruling.Seen.Operation.Choice == (byte)StateText.Nonsense)
            return ruling.Demand(Errno.EINVAL, "not one of the four words", s_state);
        return ruling.IsOk ? ruling.PermitUnchanged() : ruling.RefuteAnswer("ok (an empty write does nothing)", s_state);
    }

    /// <summary>Judges <c>write-online</c>: onlining uses the type that an earlier write left behind, if one
    /// did.</summary>
    public static Judgement JudgeOnline(in Ruling ruling)
    {
        if (ruling.State.FindRegistered(ruling.Spec.BlockOf(ruling.Seen.Target.Range.Start)) is not { } block)
            return ruling.Demand(Errno.ENOENT, "no such memory block", s_online);
        var online = ruling.Seen.Operation.Amount == 1;
        if (block.Online == online)
            return ruling.IsOk ? ruling.PermitUnchanged() : ruling.RefuteAnswer("ok (nothing to do)", s_online);
        return online
            ? Onlining.Judge(ruling, block, block.Stale == AutoOnline.Offline ? AutoOnline.Online : block.Stale)
            : Offlining.Judge(ruling, block);
    }
}
