using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

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
        if (rules.Keeps(RaceFault.InflateUnlocked))
            rules.Acquire(LockName.Balloon, (int)driver);
        var size = SizeOf(state, balloon);
        rules.At(SchedulePoint.InflateBetweenPages);
        var errno = To(balloon, count > long.MaxValue - size ? long.MaxValue : size + count, log);
        if (rules.Keeps(RaceFault.InflateUnlocked))
            rules.Release(LockName.Balloon, (int)driver);
        return errno;
    }

    /// <summary>Xen's balloon that is asked for more than it holds adds memory for itself.</summary>
    public Errno Deflate(BalloonDriver driver, long count, EffectLog log)
    {
        if (Find(driver) is not { } balloon)
            return Errno.EINVAL;
        if (rules.Keeps(RaceFault.DeflateUnlocked))
            rules.Acquire(LockName.Balloon, (int)driver);
        var size = SizeOf(state, balloon);
        To(balloon, Math.Max(0, size - count), log);
        if (driver == BalloonDriver.Xen && count > size)
            AddAndBack(count - size, log);
        if (rules.Keeps(RaceFault.DeflateUnlocked))
            rules.Release(LockName.Balloon, (int)driver);
        return Errno.None;
    }

    public Errno Target(BalloonDriver driver, long count, EffectLog log)
    {
        if (Find(driver) is not { } balloon)
            return Errno.EINVAL;
        rules.Acquire(LockName.Balloon, (int)driver);
        var errno = To(balloon, count, log);
        rules.Release(LockName.Balloon, (int)driver);
        return errno;
    }

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
            if (balloon.IsMovable || !rules.Keeps(Fault.ImmovableBalloonInMovable))
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
        return rules.Overlaps ? GrowOneByOne(balloon, zone, count, order, log) : TakeFrom(balloon, zone, count, order, log);
    }

    // Others may come between any two pages.
    private long GrowOneByOne(Balloon balloon, Zone zone, long count, int order, EffectLog log)
    {
        long taken = 0;
        while (taken < count && TakeFrom(balloon, zone, 1L << order, order, log) is > 0 and var more)
        {
            taken += more;
            rules.At(SchedulePoint.InflateBetweenPages);
        }

        return taken;
    }

    private long TakeFrom(Balloon balloon, Zone zone, long count, int order, EffectLog log)
    {
        var taken = pages.Take(zone, count, order, balloon.Holder, high: false, log,
            rules.Keeps(Fault.InflationNotTold) ? WitnessRole.Taken : null);
        if (taken > 0 && (!balloon.StaysManaged || !rules.Keeps(Fault.DeflateOnOomUncounted))
            && rules.Keeps(Fault.InflateKeepsManaged))
            ChangeManaged(zone, -taken, log);
        return taken;
    }

    private void ChangeManaged(Zone zone, long change, EffectLog log)
    {
        var read = zone.Managed;
        if (!rules.Keeps(RaceFault.ManagedNotAtomic))
            rules.At(SchedulePoint.InflateBetweenPages);
        else
            read = zone.Managed;
        log.Managed(zone, change + read - zone.Managed);
    }

    // Steps 1 to 4 of source document 004 when it needs more struct pages, then 5 and 6 page by page. It takes what it
    // can get.
    private void AddAndBack(long missing, EffectLog log)
    {
        while (missing > 0 && TryAdd(log))
            missing -= backing.BackAny(missing, log);
    }

    private bool TryAdd(EffectLog log)
    {
        rules.Acquire(LockName.Hotplug);
        var isAdded = adding.AddForBalloon(CallbackOwner.Xen, log) is not null;
        rules.Release(LockName.Hotplug);
        return isAdded;
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

        if (rules.Overlaps)
        {
            ShrinkOneByOne(balloon, count, log);
            return;
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
    // Each page leaves the balloon, and then it is freed.
    private void ShrinkOneByOne(Balloon balloon, long count, EffectLog log)
    {
        for (; count > 0 && state.Runs.HolderOf(balloon.Holder).Pages > 0; count--)
        {
            var last = state.Runs.HolderOf(balloon.Holder).Last;
            var pfn = state.Runs[last].End - 1;
            if (!rules.Keeps(RaceFault.DeflateUnlocked))
                rules.At(SchedulePoint.DeflateBetweenPages, pfn);
            var block = state.BlockOf(pfn);
            log.Witness(WitnessRole.Released, new PageRange(pfn, 1));
            if (state.Runs.FindOf(balloon.Holder, pfn) is >= 0 and var run)
            {
                state.Runs.Remove(state.Runs.Single(run, block, pfn), block);
                state.Fill(block, state.OffsetOf(pfn), 1, PageUse.Kernel);
            }

            state.Touch(block);
            if (!balloon.StaysManaged)
                ChangeManaged(state.Zones[block.Home], +1, log);
            if (rules.Keeps(RaceFault.DeflateUnlocked))
                rules.At(SchedulePoint.DeflateBetweenPages, pfn);
            pages.GiveBack(block, state.OffsetOf(pfn));
        }
    }
}
