using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.Operations;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>
/// Blocks come online: by <c>online</c>, by the policy when memory is added, and because an ejection was refused.
/// </summary>
internal static class Bringing
{
    private static readonly Citation s_online = new("v6.12", "drivers/base/memory.c", "memory_block_online");
    private static readonly Citation s_zone = new("v6.12", "mm/memory_hotplug.c", "zone_for_pfn_range");

    /// <summary>Judges that onlining begins: it holds the lock, and the policy that it has read.</summary>
    public static Judgement Begin(in Turn turn) =>
        Emptying.RefuteLock(turn) ?? Turn.Permit(turn.State.With(turn.Ongoing with
        {
            HoldsHotplugLock = true,
            AutoMovable = turn.Structure.AutoMovable,
        }));

    /// <summary>Judges that the pages of a block are there: free, but for those that its owner keeps.</summary>
    public static Judgement Online(in Turn turn)
    {
        var (state, ongoing) = (turn.State, turn.Ongoing);
        if (state.Structure.FindRegistered(turn.Spec.BlockOf(turn.Pages.Start)) is not { Online: false } block)
            return state.Structure.Find(turn.Spec.BlockOf(turn.Pages.Start)) is { Online: true, Hidden: true }
                ? Turn.Permit(state)   // Its driver brought it online as part of the add.
                : turn.RefuteAnswer("EINVAL (already online), or ENOENT", s_online);
        var type = TypeOf(turn, block);
        var zone = ZoneChoice.For(state.Structure with { AutoMovable = ongoing.AutoMovable }, turn.Spec, block, type);
        if (zone != turn.Occurrence.Zone && state.Structure.AutoMovable != ongoing.AutoMovable)
            zone = ZoneChoice.For(state.Structure, turn.Spec, block, type);
        if (zone != turn.Occurrence.Zone)
            return Turn.Refute("online.zone", $"block {block.Number}", $"zone {zone} for {turn.Subject}",
                $"zone {turn.Occurrence.Zone}", s_zone, block.Range);
        return Turn.Permit(Bring(state, block, zone).With(ongoing));
    }

    /// <summary>Judges the answer of onlining.</summary>
    public static Judgement End(in Turn turn)
    {
        if (Emptying.RefuteLock(turn) is { } locked)
            return locked;
        if (turn.Answer.IsOk && turn.State.Find(turn.Call.Invoked) is not null)
            return turn.Structure.Find(turn.Spec.BlockOf(turn.Call.Target.Range.Start)) is { Online: true }
                ? turn.Ends(turn.State)
                : turn.RefuteAnswer("an errno: the block is offline", s_online);
        return turn.Answer.IsOk && turn.Operation.Kind != OperationKind.WriteOnline
            ? turn.RefuteAnswer("an errno: it brought nothing online", s_online)
            : Settings.End(turn);
    }

    /// <summary>The state with the block online in the zone.</summary>
    public static HistoryState Bring(HistoryState state, Block block, ZoneKind zone)
    {
        var structure = Onlining.Bring(state.Structure, block, zone);
        return state with
        {
            Structure = structure,
            Pages = state.Pages.With(Fresh(structure, structure.Find(block.Number)!.Value))
        };
    }

    /// <summary>The pages of a block that just came online. Of what a balloon's driver added nothing is
    /// known.</summary>
    public static BlockPages Fresh(State structure, Block block)
    {
        var spec = structure.Spec;
        if (block.Driver != CallbackOwner.Generic)
            return BlockPages.Alike(block.Number, spec.PagesPerBlock, PageState.NotSeen);
        var pages = BlockPages.Alike(block.Number, spec.PagesPerBlock, PageWords.Free);
        if (block.SelfHosted > 0)
            pages = pages.With(0, block.SelfHosted, PageWords.Vmemmap);
        if (block.Owner < 0)
            pages = KeepUnplugged(structure, block, pages);
        foreach (var pfn in structure.Poisoned)
            if (block.Range.Contains(pfn))
            {
                var offset = (int)(pfn - block.Range.Start);
                pages = pages.With(offset, 1, PageWords.Poisoned(pages.RunAt(offset).State));
            }

        return pages;
    }

    private static BlockPages KeepUnplugged(State structure, Block block, BlockPages pages)
    {
        var spec = structure.Spec;
        var memory = structure.DeviceMemories[-block.Owner - 1];
        var size = spec.DeviceMemories[memory.Id - 1].SubBlockPages;
        var first = (block.Range.Start - spec.RegionOf(memory.Id).Start) / size;
        for (var sub = 0; sub < spec.PagesPerBlock / size; sub++)
            if (!memory.IsPlugged(first + sub))
                pages = pages.With(sub * size, size,
                    new PageState(PageFlags.Offline | PageFlags.NeverOnlined, 0, (byte)memory.Id,
                        OfflinePages.AtRest(spec)));
        return pages;
    }

    // A rollback brings a block back into the kind of zone that it had.
    private static AutoOnline TypeOf(in Turn turn, in Block block) => turn.Operation.Kind switch
    {
        OperationKind.Online => AutoOnline.Online,
        OperationKind.OnlineKernel => AutoOnline.OnlineKernel,
        OperationKind.OnlineMovable => AutoOnline.OnlineMovable,
        OperationKind.WriteOnline => block.Stale == AutoOnline.Offline ? AutoOnline.Online : block.Stale,
        OperationKind.Eject or OperationKind.OfflineRemove => turn.Occurrence.Zone == ZoneKind.Movable
            ? AutoOnline.OnlineMovable
            : AutoOnline.OnlineKernel,
        _ => turn.Structure.AutoOnline == AutoOnline.Offline ? AutoOnline.Online : turn.Structure.AutoOnline,
    };
}
