using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>What became of a memory block.</summary>
internal enum BlockStep : byte
{
    /// <summary>Its state is the same.</summary>
    None,
    /// <summary>It was added.</summary>
    Appears,
    /// <summary>It was added and came online by policy.</summary>
    AppearsOnline,
    /// <summary>It came online.</summary>
    ComesOnline,
    /// <summary>It went offline.</summary>
    GoesOffline,
    /// <summary>It was removed while offline.</summary>
    Vanishes,
    /// <summary>It was offlined and removed at once.</summary>
    VanishesOnline,
}

/// <summary>Which steps of memory blocks an operation may take, and which blocks it names.</summary>
internal static class BlockSteps
{
    /// <summary>The step that a change shows.</summary>
    internal static BlockStep Of(in BlockChange change) => (change.Before, change.After) switch
    {
        (null, null) => BlockStep.None,
        (null, { IsOnline: true }) => BlockStep.AppearsOnline,
        (null, _) => BlockStep.Appears,
        ({ IsOnline: true }, null) => BlockStep.VanishesOnline,
        (_, null) => BlockStep.Vanishes,
        ({ IsOnline: false }, { IsOnline: true }) => BlockStep.ComesOnline,
        ({ IsOnline: true }, { IsOnline: false }) => BlockStep.GoesOffline,
        _ => BlockStep.None,
    };

    /// <summary>
    /// True if the operation may take the step: device memory (virtio_mem_run_wq()) does everything to its own blocks.
    /// </summary>
    internal static bool Allows(in Operation operation, BlockStep step, bool isDeviceMemory) => operation.Kind switch
    {
        OperationKind.Add => step is BlockStep.Appears or BlockStep.AppearsOnline,
        OperationKind.Remove => step == BlockStep.Vanishes,

        // A rollback that is refused itself leaves blocks offline: the rollback rules judge that.
        OperationKind.OfflineRemove or OperationKind.Eject =>
            step is BlockStep.GoesOffline or BlockStep.Vanishes or BlockStep.VanishesOnline,
        OperationKind.Online or OperationKind.OnlineKernel or OperationKind.OnlineMovable =>
            step == BlockStep.ComesOnline,
        OperationKind.Offline => step == BlockStep.GoesOffline,
        OperationKind.WriteOnline => step == (operation.Amount == 0 ? BlockStep.GoesOffline : BlockStep.ComesOnline),
        OperationKind.Plug or OperationKind.Unplug or OperationKind.Resize or OperationKind.Tick => isDeviceMemory,
        _ => false,
    };

    /// <summary>
    /// True for what Xen's balloon adds when it is asked for more than it holds: no block device shows it.
    /// </summary>
    internal static bool AddsForItself(in Operation operation, in BlockChange change) =>
        operation.Kind == OperationKind.Deflate && change.Before is null && change.After is { IsRegistered: false };

    /// <summary>True for the three online words.</summary>
    internal static bool Onlines(OperationKind kind) =>
        kind is OperationKind.Online or OperationKind.OnlineKernel or OperationKind.OnlineMovable;

    /// <summary>True for the operations that end with the removal of memory.</summary>
    internal static bool Removes(Transition seen) => !seen.IsStart
        && seen.Operation.Kind is OperationKind.Remove or OperationKind.OfflineRemove or OperationKind.Eject;

    /// <summary>Pages of the blocks that the operation names; empty for one that names none.</summary>
    internal static PageRange Named(Transition seen) => seen.Operation.Kind switch
    {
        OperationKind.Add => Placed(seen),
        OperationKind.Remove or OperationKind.OfflineRemove when seen.Operation.Amount > 0 =>
            new PageRange(seen.Target.Range.Start, seen.Operation.Amount * seen.Spec.PagesPerBlock),
        OperationKind.Remove or OperationKind.OfflineRemove or OperationKind.Eject => seen.Target.Range,
        OperationKind.Online or OperationKind.OnlineKernel or OperationKind.OnlineMovable => seen.Target.Range,
        OperationKind.Offline or OperationKind.WriteOnline or OperationKind.WriteState => seen.Target.Range,
        OperationKind.Plug or OperationKind.Unplug or OperationKind.Resize => seen.Target.Range,
        _ => default,
    };

    /// <summary>True if some block was added or removed.</summary>
    internal static bool AnyAppearedOrVanished(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
            if (change.Before is null != change.After is null)
                return true;
        return false;
    }

    private static PageRange Placed(Transition seen)
    {
        foreach (ref readonly var witness in seen.Outcome.Witness)
            if (witness.Role == WitnessRole.Placed)
                return witness.Range;
        return default;
    }
}
