using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>virtio-balloon: inflate, deflate and target (kernel-semantics 3.12.1).</summary>
internal sealed class Ballooning(MachineState state, PageAllocator pages)
{
    /// <summary>Pages that the balloon holds.</summary>
    public long Size => state.Runs.HolderOf(state.BalloonHolder).Pages;

    public Errno Inflate(BalloonDriver driver, long count, EffectLog log) =>
        IsThere(driver) ? To(count > long.MaxValue - Size ? long.MaxValue : Size + count, log) : Errno.EINVAL;

    public Errno Deflate(BalloonDriver driver, long count, EffectLog log) =>
        IsThere(driver) ? To(Math.Max(0, Size - count), log) : Errno.EINVAL;

    public Errno Target(BalloonDriver driver, long count, EffectLog log) =>
        IsThere(driver) ? To(count, log) : Errno.EINVAL;

    private bool IsThere(BalloonDriver driver) => driver == BalloonDriver.Virtio && state.BalloonHolder >= 0;

    // update_balloon_size_func(): memory that runs out ends it, that is no error.
    private Errno To(long target, EffectLog log)
    {
        state.BalloonTarget = target;
        if (target > Size)
            Grow(target - Size, log);
        else
            Shrink(Size - target, log);
        return Errno.None;
    }

    private void Grow(long count, EffectLog log)
    {
        for (var node = 0; node < state.Spec.Nodes && count > 0; node++)
        {
            count -= GrowFrom(state.Zones.Find(node, ZoneKind.Movable), count, log);
            count -= GrowFrom(state.Zones.Find(node, ZoneKind.Normal), count, log);
        }
    }

    private long GrowFrom(Zone? zone, long count, EffectLog log)
    {
        if (zone is null || count == 0)
            return 0;
        var taken = pages.Take(zone, count, 0, state.BalloonHolder, high: false, log, WitnessRole.Taken);
        if (taken > 0 && !state.DeflatesOnOom)
            log.Managed(zone, -taken);
        return taken;
    }

    // balloon_page_dequeue() takes the page that was put in last.
    private void Shrink(long count, EffectLog log)
    {
        while (count > 0)
        {
            var run = state.Runs.HolderOf(state.BalloonHolder).Last;
            var pagesOfRun = (int)Math.Min(count, state.Runs[run].Count);
            var block = state.BlockOf(state.Runs[run].Start);
            log.Witness(WitnessRole.Released, new PageRange(state.Runs[run].End - pagesOfRun, pagesOfRun));
            if (!state.DeflatesOnOom)
                log.Managed(state.Zones[block.Home], pagesOfRun);
            pages.ReleaseTail(state.BalloonHolder, pagesOfRun);
            count -= pagesOfRun;
        }
    }
}
