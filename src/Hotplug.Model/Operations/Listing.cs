using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Model.Operations;

/// <summary>
/// <c>pcp</c>: per-CPU lists drained, or disabled for a while (kernel-semantics 3.9.4, 4.3). Which pages are on lists
/// is the
/// machine's choice; while they are disabled none is.
/// </summary>
internal static class Listing
{
    private static readonly Citation s_drain = new("v6.12", "mm/page_alloc.c", "drain_all_pages");
    private static readonly Citation s_disable = new("v6.12", "mm/page_alloc.c", "zone_pcp_disable");
    private static readonly Citation s_enable = new("v6.12", "mm/page_alloc.c", "zone_pcp_enable");

    /// <summary>Judges all three.</summary>
    public static Judgement Judge(in Ruling ruling) => (PcpAction)ruling.Seen.Operation.Choice switch
    {
        PcpAction.Drain => JudgeDrain(ruling),
        PcpAction.Disable when ruling.State.PcplistsDisabled =>
            ruling.Demand(Errno.EBUSY, "somebody holds the lock", s_disable),
        PcpAction.Enable when !ruling.State.PcplistsDisabled =>
            ruling.Demand(Errno.EINVAL, "nobody disabled them", s_enable),
        var action => ruling.IsOk
            ? ruling.Permit(ruling.State with { PcplistsDisabled = action == PcpAction.Disable }, PageRule.Nothing)
            : ruling.RefuteAnswer("ok", s_disable),
    };

    private static Judgement JudgeDrain(in Ruling ruling)
    {
        if (!ruling.IsOk)
            return ruling.RefuteAnswer("ok", s_drain);
        foreach (ref readonly var list in ruling.Seen.After.Pcplists)
            if (list.Pages > 0)
                return Ruling.Refute("pcp.drains", $"list of CPU {list.Cpu} in {list.Zone}", "no page", $"{list.Pages}", s_drain);
        return ruling.PermitUnchanged();
    }
}
