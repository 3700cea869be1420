using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>
/// Balloons: inflate, deflate and target (kernel-semantics 3.12). virtio's take movable memory wherever it is; those of
/// Hyper-V and Xen take kernel memory only, Hyper-V's in units of 2 MiB – a pageblock – first.
/// </summary>
internal sealed class Ballooning<TRules>(
    MachineState state, PageAllocator<TRules> pages, Backing<TRules> backing, Adding<TRules> adding, TRules rules)
    where TRules : struct, IRules
{
    // VIRTIO_BALLOON_OOM_NR_PAGES
    private const int OomPages = 256;

    /// <summary>Pages that the balloon holds: Xen's also those that its driver added and nothing backs.</summary>
    public static long SizeOf(MachineState state, Balloon balloon) => state.Runs.HolderOf(balloon.Holder).Pages
        + (balloon.Driver == BalloonDriver.Xen ? state.XenUnbacked : 0);

    public Errno Inflate(BalloonDriver driver, long count, EffectLog log)
    {
        if (Find(driver) is not { } balloon)
            return Errno.EINVAL;
        var size = SizeOf(state, balloon);
        return To(balloon, count > long.MaxValue - size ? long.MaxValue : size + count, log);
    }

    /// <summary>Xen's balloon that is asked for more than it holds adds memory for itself.</summary>
    public Errno Deflate(BalloonDriver driver, long count, EffectLog log)
    {
        if (Find(driver) is not { } balloon)
            return Errno.EINVAL;
        var size = SizeOf(state, balloon);
        To(balloon, Math.Max(0, size - count), log);
        if (driver == BalloonDriver.Xen && count > size)
            AddAndBack(count - size, log);
        return Errno.None;
    }

    public Errno Target(BalloonDriver driver, long count, EffectLog log) =>
        Find(driver) is not { } balloon ? Errno.EINVAL : To(balloon, count, log);

    /// <summary>virtio_balloon_oom_notify(): with VIRTIO_BALLOON_F_DEFLATE_ON_OOM; the target stays.</summary>
    public void OutOfMemory(EffectLog log)
    {
        foreach (var balloon in state.Balloons)
            if (balloon.StaysManaged)
                Shrink(balloon, Math.Min(OomPages, SizeOf(state, balloon)), log);
    }

    private Balloon? Find(BalloonDriver driver)
    {
        foreach (var balloon in state.Balloons)
            if (balloon.Driver == driver)
                return balloon;
        return null;
    }

    // update_balloon_size_func(): memory that runs out ends it, that is no error.
    private Errno To(Balloon balloon, long target, EffectLog log)
    {
        balloon.Target = target;
        var size = SizeOf(state, balloon);
        if (target > size)
            Grow(balloon, rules.Keeps(Fault.TargetAddedToSize) ? target - size : target, log);
        else
            Shrink(balloon, size - target, log);
        return Errno.None;
    }

    private void Grow(Balloon balloon, long count, EffectLog log)
    {
        for (var node = 0; node < state.Spec.Nodes && count > 0; node++)
        {
            if (balloon.IsMovable)
                count -= GrowFrom(balloon, state.Zones.Find(node, ZoneKind.Movable), count, 0, log);
            else if (balloon.Driver == BalloonDriver.HyperV)
                count -= GrowByPageblocks(balloon, state.Zones.Find(node, ZoneKind.Normal), count, log);
            count -= GrowFrom(balloon, state.Zones.Find(node, ZoneKind.Normal), count, 0, log);
        }
    }

    // alloc_balloon_pages(): 2 MiB at a time as long as there are such.
    private long GrowByPageblocks(Balloon balloon, Zone? zone, long count, EffectLog log)
    {
        var order = System.Numerics.BitOperations.Log2((uint)state.Spec.PagesPerPageblock);
        return order > state.Layout.MaxOrder ? 0 : GrowFrom(balloon, zone, count >> order << order, order, log);
    }

    private long GrowFrom(Balloon balloon, Zone? zone, long count, int order, EffectLog log)
    {
        if (zone is null || count == 0)
            return 0;
        var taken = pages.Take(zone, count, order, balloon.Holder, high: false, log,
            rules.Keeps(Fault.InflationNotTold) ? WitnessRole.Taken : null);
        if (taken > 0 && (!balloon.StaysManaged || !rules.Keeps(Fault.DeflateOnOomUncounted))
            && rules.Keeps(Fault.InflateKeepsManaged))
            log.Managed(zone, -taken);
        return taken;
    }

    // Steps 1 to 4 of source document 004 when it needs more struct pages, then 5 and 6 page by page. It takes what it
    // can
    // get.
    private void AddAndBack(long missing, EffectLog log)
    {
        while (missing > 0 && adding.AddForBalloon(CallbackOwner.Xen, log) is not null)
            missing -= backing.BackAny(missing, log);
    }

    // balloon_page_dequeue() takes the page that was put in last.
    private void Shrink(Balloon balloon, long count, EffectLog log)
    {
        var held = state.Runs.HolderOf(balloon.Holder).Pages;
        if (count > held)
        {
            backing.BackAny(count - held, log);
            count = held;
        }

        while (count > 0)
        {
            var run = state.Runs.HolderOf(balloon.Holder).Last;
            var pagesOfRun = (int)Math.Min(count, state.Runs[run].Count);
            var block = state.BlockOf(state.Runs[run].Start);
            log.Witness(WitnessRole.Released, new PageRange(state.Runs[run].End - pagesOfRun, pagesOfRun));
            if (!balloon.StaysManaged && rules.Keeps(Fault.DeflateKeepsManaged))
                log.Managed(state.Zones[block.Home], pagesOfRun);
            pages.ReleaseTail(balloon.Holder, pagesOfRun);
            count -= pagesOfRun;
        }
    }
}
