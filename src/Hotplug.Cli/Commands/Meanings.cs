using Hotplug.Contract.Operations;

namespace Hotplug.Cli.Commands;

/// <summary>What each operation does and how it may be refused, in a sentence or two: for <c>describe</c> and
/// docs/TRACE.md.</summary>
internal static class Meanings
{
    internal static string Of(OperationKind kind) => kind switch
    {
        OperationKind.Add =>
            "Hot-add memory as a new device. EINVAL: not whole memory blocks; EEXIST: the place is taken; "
            + "E2BIG: out of range; ENOMEM: no memory for the memmap.",
        OperationKind.Remove =>
            "Remove offline memory blocks: a device, or some blocks of it. EBUSY: one is not offline.",
        OperationKind.OfflineRemove => "Offline every memory block and remove it; on failure the blocks come back.",
        OperationKind.Eject =>
            "Eject a DIMM: offline every memory block and remove it, or put all back. EBUSY: refused. May "
            + "stay pending.",
        OperationKind.Online =>
            "Online a memory block; the zone by policy. EINVAL: online already; EHWPOISON: a poisoned page.",
        OperationKind.OnlineKernel => "Online a memory block into a kernel zone.",
        OperationKind.OnlineMovable => "Online a memory block into zone Movable.",
        OperationKind.Offline =>
            "Offline a memory block. EINVAL: offline already, a hole, several zones; EBUSY: a page that "
            + "cannot move; unfinished: goes on until interrupted.",
        OperationKind.WriteState =>
            "Write another text to memoryN/state: nonsense is EINVAL, an empty write does nothing.",
        OperationKind.WriteOnline => "Write 0 or 1 to memoryN/online.",
        OperationKind.Alloc => "Allocate pages, all or nothing. ENOMEM: there are not enough.",
        OperationKind.Free => "Drop an allocation's own reference on each of its pages.",
        OperationKind.Get => "Take an extra reference: on a page of an allocation, or on an unplugged one. It can no longer leave its block.",
        OperationKind.Put => "Drop an extra reference. EINVAL: there is none.",
        OperationKind.Inflate => "Inflate a balloon by so many pages; it may fall short.",
        OperationKind.Deflate => "Deflate a balloon by so many pages, or by all it has.",
        OperationKind.BalloonTarget => "Bring a balloon to so many pages.",
        OperationKind.LoanTarget => "Ask CMM to keep so many pages on loan; it acts on tick. EINVAL: there is no CMM.",
        OperationKind.Oom => "Run the OOM notifiers: CMM and a balloon that deflates on OOM give pages back.",
        OperationKind.Back =>
            "The hypervisor backs pages that were added without backing. ENXIO: no such page, or not online; "
            + "EINVAL: no balloon driver added it; EEXIST: backed already.",
        OperationKind.Plug => "Ask device memory for more sub-blocks than are plugged now.",
        OperationKind.Unplug => "Ask device memory for fewer sub-blocks than are plugged now.",
        OperationKind.Resize =>
            "Ask device memory for so many sub-blocks in all. EINVAL: more than its region holds; EBUSY, "
            + "ENOSPC: fell short.",
        OperationKind.SetCallback =>
            "Set or restore the online_page callback. EINVAL: the slot is taken, or another's; EBUSY: its "
            + "owner's memory is there.",
        OperationKind.Contig =>
            "alloc_contig_range(): allocate exactly these pages. EBUSY: they cannot be isolated or emptied.",
        OperationKind.ContigFree => "free_contig_range() of what contig allocated.",
        OperationKind.Poison =>
            "A page fails: memory_failure(). ENXIO: its section is not online; EHWPOISON: poisoned already; "
            + "EBUSY: cannot be handled.",
        OperationKind.Unpoison =>
            "Undo a software-injected failure. EIO: not online; EBUSY: not poisoned, in use, or PageOffline.",
        OperationKind.SoftOffline =>
            "Migrate a page's content away and poison it. EIO: not online; EBUSY: cannot be moved.",
        OperationKind.HardOffline => "Poison a page through the hard_offline_page attribute.",
        OperationKind.Veto => "Fail the k-th step of this kind inside the next operation, once.",
        OperationKind.NotifierError =>
            "A sticky answer of the chain's injector to GOING_ONLINE or GOING_OFFLINE; ok switches it off.",
        OperationKind.Pcp => "Drain, disable or enable the per-CPU lists.",
        OperationKind.Policy => "Change a policy. EINVAL: a text that it does not know.",
        _ => "Let virtual seconds pass.",
    };
}
