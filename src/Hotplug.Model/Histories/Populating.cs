using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.Operations;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>Memory is added and removed. Which pages hold its memmap no witness tells: they are counted.</summary>
internal static class Populating
{
    private static readonly Citation s_remove = new("v6.12", "mm/memory_hotplug.c", "try_remove_memory");
    private static readonly Citation s_online = new("v6.12", "mm/memory_hotplug.c", "add_memory_resource");

    /// <summary>Judges that <c>add</c> begins, which will succeed: from now on its range is taken.</summary>
    public static Judgement BeginAdd(in Turn turn)
    {
        if (Emptying.RefuteLock(turn) is { } locked)
            return locked;
        var judgement = Structural.Judge(turn.Structure, turn.Call);
        if (judgement.Next is not State structure)
            return judgement;
        var next = turn.State with { Structure = structure };
        foreach (var block in structure.Blocks)
            if (turn.Structure.Find(block.Number) is null)
                next = Created(next, block);
        return Turn.Permit(next.With(turn.Ongoing with
        {
            HoldsHotplugLock = true,
            AutoMovable = turn.Structure.AutoMovable
        }));
    }

    /// <summary>Judges the answer of <c>add</c>: what it added is online if the policy says so.</summary>
    public static Judgement EndAdd(in Turn turn)
    {
        if (!turn.Answer.IsOk || turn.State.Find(turn.Call.Invoked) is null)
            return Emptying.RefuteLock(turn) ?? Settings.End(turn);
        if (turn.Structure.AutoOnline != AutoOnline.Offline && !MayStayOffline(turn)
            && turn.Structure.Device(turn.Operation.Subject.Id) is { } device)
            foreach (var block in turn.Structure.BlocksIn(device.Range))
                if (!block.Online)
                    return Turn.Refute("online.automatic", $"block {block.Number}",
                        $"online ({Words.Of(turn.Structure.AutoOnline)})",
                        "offline", s_online, block.Range);
        return turn.Ends(turn.State);
    }

    /// <summary>Judges <c>remove</c>.</summary>
    public static Judgement Remove(in Turn turn) =>
        Emptying.RefuteLock(turn) ?? Freed(turn, Structural.Judge(turn.Structure, turn.Call));

    /// <summary>Judges the answer of <c>eject</c> and <c>offline-remove</c>.</summary>
    public static Judgement EndRemoval(in Turn turn)
    {
        if (Emptying.RefuteLock(turn) is { } locked)
            return locked;
        var judgement = Structural.Judge(turn.Structure, turn.Call);
        if (!judgement.IsPermitted)
            return judgement;
        var range = RangeOf(turn);
        if (turn.Answer.IsOk)
        {
            foreach (var block in turn.Structure.BlocksIn(range))
                if (block.Online)
                    return turn.RefuteAnswer($"a refusal: block {block.Number} is online", s_remove);
            return Freed(turn, judgement);
        }

        var mayBeBusy = turn.Answer.IsErrno && !turn.Is(Errno.EBUSY)
            && turn.Operation.Kind == OperationKind.OfflineRemove;
        return mayBeBusy || IsRefusedByStructure(turn, range) || IsExplained(turn, range) ? turn.Ends(turn.State)
            : turn.RefuteAnswer("ok, or a refusal that a page, a callback or another operation explains", s_remove);
    }

    /// <summary>The state with a block that was just created: its memmap costs pages, or lies on itself.</summary>
    public static HistoryState Created(HistoryState state, Block block)
    {
        if (!block.Hosted)
            state = state with { MemmapTaken = state.MemmapTaken + state.Structure.Spec.VmemmapPagesPerBlock };
        return block.Online ? state with { Pages = state.Pages.With(Bringing.Fresh(state.Structure, block)) } : state;
    }

    /// <summary>The state without a block that is offline.</summary>
    public static HistoryState Destroyed(HistoryState state, Block block) => state with
    {
        Structure = Removing.Drop(state.Structure, block.Range),
        MemmapFreed = state.MemmapFreed + (block.Hosted ? 0 : state.Structure.Spec.VmemmapPagesPerBlock),
    };

    private static Judgement Freed(in Turn turn, Judgement judgement)
    {
        if (judgement.Next is not State structure)
            return judgement;
        long freed = 0;
        foreach (var block in turn.Structure.Blocks)
            if (structure.Find(block.Number) is null && !block.Hosted)
                freed += turn.Spec.VmemmapPagesPerBlock;
        return turn.Ends(turn.State with { Structure = structure, MemmapFreed = turn.State.MemmapFreed + freed });
    }

    private static bool MayStayOffline(in Turn turn) => turn.Structure.Veto.K > 0 || turn.Overlaps(OperationKind.Policy)
        || turn.Overlaps(OperationKind.NotifierError) || Refusals.Sticky(turn.Structure, online: true) != Errno.None
        || !turn.Structure.Poisoned.IsEmpty;

    private static PageRange RangeOf(in Turn turn) => turn.Operation.Amount > 0
        ? new PageRange(turn.Call.Target.Range.Start, turn.Operation.Amount * turn.Spec.PagesPerBlock)
        : turn.Operation.Kind == OperationKind.Eject
            ? turn.Structure.Device(turn.Operation.Subject.Id)?.Range ?? default
            : turn.Call.Target.Range;

    // What the sequential model refuses for reasons that are not in pages.
    private static bool IsRefusedByStructure(in Turn turn, PageRange range)
    {
        var online = false;
        int hosted = 0, others = 0;
        foreach (var block in turn.Structure.BlocksIn(range))
        {
            if (block.Driver != CallbackOwner.Generic || (block.Online && block.Owner != turn.Operation.Subject.Id))
                return true;
            online |= block.Online;
            _ = block.Hosted ? hosted++ : others++;
        }

        return !online || hosted > 0;
    }

    // Whatever the cause, a refused ejection is reported as busy.
    private static bool IsExplained(in Turn turn, PageRange range)
    {
        if (Emptying.IsExplained(turn, range))
            return true;
        if (turn.Operation.Kind != OperationKind.Eject)
            return false;
        var hindered = turn.Ongoing.Hindered;
        foreach (var block in turn.Structure.BlocksIn(range))
            if (block.Online)
                hindered |= Hindrances.Of(turn.State, block.Range, turn.Call.Invoked, isContig: false);
        return hindered != Hindrance.None || turn.Structure.Veto.K > 0 || turn.Structure.PcplistsDisabled
            || Refusals.Sticky(turn.Structure, online: false) != Errno.None
                || turn.Overlaps(OperationKind.NotifierError);
    }
}
