using Hotplug.Contract;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Model.Histories;

/// <summary>The answer of <c>alloc</c>: all that was asked for, or nothing because there was no room.</summary>
internal static class Allocated
{
    /// <summary>Where pages are handed out.</summary>
    internal static Citation Source { get; } = new("v6.12", "mm/page_alloc.c", "get_page_from_freelist");

    /// <summary>Judges it.</summary>
    public static Judgement End(in Turn turn)
    {
        var operation = turn.Operation;
        var id = operation.Subject.Id;
        if (operation.Node >= turn.Spec.Nodes)
            return turn.Demand(Errno.EINVAL, "node not possible", Source);
        var chunk = 1L << operation.Order;
        var wanted = (operation.Amount + chunk - 1) / chunk * chunk;
        if (turn.Answer.IsOk)
        {
            var taken = turn.Structure.Allocation(id)?.Count ?? 0;
            return taken == wanted ? turn.Ends(turn.State)
                : Turn.Refute("alloc.amount", turn.Subject, $"{wanted} pages taken", $"{taken}", Source);
        }

        if (turn.Is(Errno.EINVAL))
            return turn.Structure.Allocation(id) is not null ? turn.Ends(turn.State)
                : turn.RefuteAnswer("ok or ENOMEM", Source);
        if (!turn.Is(Errno.ENOMEM))
            return turn.RefuteAnswer("ok, or ENOMEM when no free pages are left", Source);
        var chunks = Room.Chunks(turn.State, Room.IsKernelOnly((AllocationKind)operation.Choice), operation.Node,
            operation.Order);
        var others = turn.TakenByOthers + turn.State.MemmapTaken;
        return chunks - others < wanted / chunk ? turn.Ends(turn.State)
            : turn.RefuteAnswer($"ok: {chunks} free chunks of order {operation.Order} were there at any time", Source);
    }
}
