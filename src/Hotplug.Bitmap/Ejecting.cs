using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace Hotplug.Bitmap;

/// <summary>
/// Offlines every block of a range and removes it, or puts back what it took: offline_and_remove_memory().
/// </summary>
internal sealed class Ejecting<TRules>(
    MachineState state, Evacuation<TRules> evacuation, Offlining<TRules> offlining, Onlining<TRules> onlining,
    Removing<TRules> removing, TRules rules)
    where TRules : struct, IRules
{
    private readonly List<(int Block, ZoneKind Zone)> _taken = [];

    /// <summary>
    /// All blocks or none; on failure those that went offline come back in the kind of zone that they had.
    /// </summary>
    public Answer OfflineAndRemove(PageRange range, EffectLog log)
    {
        _taken.Clear();
        var answer = Answer.Ok;
        foreach (var number in state.Blocks.In(range))
        {
            var block = state.Blocks[number];
            if (!block.IsOnline || !answer.IsOk)
                continue;
            var zone = block.Zone;
            answer = offlining.Offline(block, range, log, mayReturn: true);
            if (answer.IsOk)
                _taken.Add((number, zone));
        }

        if (answer.IsOk)
            answer = Answer.Of(removing.Check(range));
        if (answer.IsOk && rules.Keeps(Fault.OfflinedButNotRemoved))
            Remove(range, log);
        else if (answer.IsOk)
            return answer;
        else
            PutBack(log);
        return answer;
    }

    private void Remove(PageRange range, EffectLog log)
    {
        foreach (var (number, _) in _taken)
            evacuation.Abandon(state.Blocks[number]);
        removing.Remove(range, log);
    }

    // try_reonline_memory_block(): what fails here stays offline.
    private void PutBack(EffectLog log)
    {
        foreach (var (number, zone) in _taken)
        {
            if (!rules.Keeps(Fault.RollbackForgotten))
                return;
            // What a failed write left behind stays behind: a rollback leaves nothing else.
            var block = state.Blocks[number];
            var stale = block.OnlineType;
            block.OnlineType = !rules.Keeps(Fault.RollbackByDefaultPolicy) ? AutoOnline.Online
                : zone == ZoneKind.Movable ? AutoOnline.OnlineMovable : AutoOnline.OnlineKernel;
            if (onlining.Online(block, log, isRollback: true) != Errno.None)
                evacuation.Abandon(block);
            block.OnlineType = stale;
        }
    }
}
