namespace Hotplug.Contract.Operations;

/// <summary>
/// Every operation of the contract. The wire word, the arguments and the level of each stand in
/// <see cref="OperationTable"/>;
/// what each does and answers stands with the factory of the same name in <see cref="Operation"/>.
/// </summary>
public enum OperationKind : byte
{
    /// <summary>Hot-add a range.</summary>
    Add,
    /// <summary>Remove offline memory blocks.</summary>
    Remove,
    /// <summary>Offline and remove: all blocks or none.</summary>
    OfflineRemove,
    /// <summary>What a DIMM ejection does.</summary>
    Eject,
    /// <summary>Online a memory block, the zone chosen by policy.</summary>
    Online,
    /// <summary>Online a memory block into a kernel zone.</summary>
    OnlineKernel,
    /// <summary>Online a memory block into zone Movable.</summary>
    OnlineMovable,
    /// <summary>Take a memory block out of use.</summary>
    Offline,
    /// <summary>Write some other text to <c>memoryN/state</c>.</summary>
    WriteState,
    /// <summary>Write 0 or 1 to <c>memoryN/online</c>.</summary>
    WriteOnline,
    /// <summary>Allocate pages.</summary>
    Alloc,
    /// <summary>Drop the allocation's own reference on each of its pages.</summary>
    Free,
    /// <summary>Take an extra reference on a page (a pin).</summary>
    Get,
    /// <summary>Drop an extra reference.</summary>
    Put,
    /// <summary>Inflate a balloon by an amount.</summary>
    Inflate,
    /// <summary>Deflate a balloon by an amount.</summary>
    Deflate,
    /// <summary>Set a balloon's target.</summary>
    BalloonTarget,
    /// <summary>Set CMM's loan target.</summary>
    LoanTarget,
    /// <summary>Run the OOM notifiers.</summary>
    Oom,
    /// <summary>The hypervisor backs one page that was added without backing.</summary>
    Back,
    /// <summary>Plug sub-blocks of device memory.</summary>
    Plug,
    /// <summary>Unplug sub-blocks of device memory.</summary>
    Unplug,
    /// <summary>Resize device memory to a requested size.</summary>
    Resize,
    /// <summary>Set or restore the online_page callback.</summary>
    SetCallback,
    /// <summary>alloc_contig_range.</summary>
    Contig,
    /// <summary>free_contig_range.</summary>
    ContigFree,
    /// <summary>A page fails: memory_failure.</summary>
    Poison,
    /// <summary>Undo a software-injected failure.</summary>
    Unpoison,
    /// <summary>Migrate a page's content away and poison it.</summary>
    SoftOffline,
    /// <summary>Poison a page through the hard_offline_page attribute.</summary>
    HardOffline,
    /// <summary>Fail one internal step of the next operation, once.</summary>
    Veto,
    /// <summary>A sticky error in the memory notifier chain.</summary>
    NotifierError,
    /// <summary>Drain, disable or enable the per-CPU lists.</summary>
    Pcp,
    /// <summary>Change a policy.</summary>
    Policy,
    /// <summary>Let virtual time pass.</summary>
    Tick,
}
