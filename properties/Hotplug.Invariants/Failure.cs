using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Which operations leave everything as it was when they fail.</summary>
internal static class Failure
{
    /// <summary>
    /// True if the operation failed and is all or nothing. Balloons and device memory are not: they go as far as they
    /// get.
    /// </summary>
    internal static bool IsAtomic(Transition seen) => !seen.IsStart && Failed(seen.Answer) && seen.Operation.Kind switch
    {
        OperationKind.Inflate or OperationKind.Deflate or OperationKind.BalloonTarget or OperationKind.LoanTarget =>
            false,
        OperationKind.Plug or OperationKind.Unplug or OperationKind.Resize => false,
        OperationKind.Oom or OperationKind.Tick => false,
        _ => true,
    };

    /// <summary>True for the operations that put blocks back with a rollback that may be refused itself.</summary>
    internal static bool ReonlinesBlocks(OperationKind kind) => kind is OperationKind.Eject
        or OperationKind.OfflineRemove;

    private static bool Failed(Answer answer) => !answer.IsOk && answer.Completion != Completion.Pending;
}
