using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Memory blocks and their state machine.</summary>
public static class Blocks
{
    /// <summary>Catches a block that skips a state: one that vanishes while it is online, or that comes and goes by itself.</summary>
    public static readonly Invariant StateMachine = new(
        "block.state-machine", Family.Blocks,
        "A memory block appears, comes online, goes offline and vanishes only by an operation that does just that.",
        "A block that vanishes while it is in use, or that changes its state by itself.",
        new Citation("v6.12", "drivers/base/memory.c", "memory_block_change_state"),
        Levels.Core, Visibility.Blocks, CheckStateMachine);

    private static Violation? CheckStateMachine(Transition seen)
    {
        if (seen.IsStart)
            return null;
        foreach (ref readonly var change in seen.Changed)
        {
            var step = StepOf(change);
            if (step == Step.None || Allows(seen.Operation, step, seen.Spec.DeviceMemoryOf(change.Block) > 0)
                || StandBack.ForBlock(seen, change.Block))
                continue;
            return Evidence.Against(StateMachine, $"block {change.Block}",
                $"{Evidence.Print(change.Before)}, or what {OperationTable.Of(seen.Operation.Kind).Word} does",
                Evidence.Print(change.After), seen.Spec.PagesOf(change.Block));
        }

        return null;
    }

    private enum Step
    {
        None,
        Appears,
        ComesOnline,
        GoesOffline,
        Vanishes,
        VanishesOnline,
    }

    private static Step StepOf(in BlockChange change) => (change.Before, change.After) switch
    {
        (null, null) => Step.None,
        (null, _) => Step.Appears,
        ({ IsOnline: true }, null) => Step.VanishesOnline,
        (_, null) => Step.Vanishes,
        ({ IsOnline: false }, { IsOnline: true }) => Step.ComesOnline,
        ({ IsOnline: true }, { IsOnline: false }) => Step.GoesOffline,
        _ => Step.None,
    };

    // Device memory adds, onlines by policy, offlines and removes its own blocks (virtio_mem_run_wq()). A refused ejection may
    // leave a block offline where its rollback was refused too: that is for the rollback rules to judge.
    private static bool Allows(in Operation operation, Step step, bool isDeviceMemory) => operation.Kind switch
    {
        OperationKind.Add => step == Step.Appears,
        OperationKind.Remove => step == Step.Vanishes,
        OperationKind.OfflineRemove or OperationKind.Eject =>
            step is Step.GoesOffline or Step.Vanishes or Step.VanishesOnline,
        OperationKind.Online or OperationKind.OnlineKernel or OperationKind.OnlineMovable => step == Step.ComesOnline,
        OperationKind.Offline => step == Step.GoesOffline,
        OperationKind.WriteOnline => step == (operation.Amount == 0 ? Step.GoesOffline : Step.ComesOnline),
        OperationKind.Plug or OperationKind.Unplug or OperationKind.Resize or OperationKind.Tick => isDeviceMemory,
        _ => false,
    };
}
