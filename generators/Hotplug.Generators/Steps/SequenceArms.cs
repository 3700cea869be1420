using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Generators.Steps;

/// <summary>
/// Operations that show something only together. Each draws the first and leaves the rest for the next steps; names
/// stand for what will be there if all goes well, and when it does not, the rest is refused like anything else.
/// </summary>
internal static class SequenceArms
{
    internal static bool OfflineAndBack(Draw draw, out Operation operation)
    {
        var fits = draw.TryBlock(BlockWish.Online, out var block);
        operation = Operation.Offline(block.Name);
        if (fits)
            draw.Then(Operation.Online(block.Name, BlockArms.AnyOnline(draw)));
        return fits;
    }

    internal static bool OfflineAllAndRemove(Draw draw, out Operation operation)
    {
        operation = default;
        if (!draw.TryDevice(offlineOnly: false, out var device))
            return false;
        var first = true;
        foreach (var block in draw.Menu.Blocks)
        {
            if (block.Name.Kind != NameKind.Device || block.Name.Id != device.Name.Id
                || block.State == BlockState.Offline)
                continue;
            if (first)
                operation = Operation.Offline(block.Name);
            else
                draw.Then(Operation.Offline(block.Name));
            first = false;
        }

        if (first)
            operation = Operation.Remove(device.Name);
        else
            draw.Then(Operation.Remove(device.Name));
        return true;
    }

    internal static bool AddAndOnline(Draw draw, out Operation operation)
    {
        if (!BlockArms.Add(draw, out operation))
            return false;
        var blocks = operation.Amount / draw.Spec.PagesPerBlock;
        for (var i = 0; i < blocks; i++)
            draw.Then(Operation.Online(operation.Subject.WithBlock(i), BlockArms.AnyOnline(draw)));
        return true;
    }

    internal static bool PinWhileOffline(Draw draw, out Operation operation)
    {
        operation = default;
        if (draw.Menu.FreePages == 0 || !draw.TryBlock(BlockWish.Online, out var block))
            return false;
        var allocation = Name.Allocation(draw.Menu.NextAllocation);
        var page = allocation.WithPage(0);
        // Most of what is free, so that the block has some of it.
        operation = Operation.Alloc(allocation, 1 + (draw.Menu.FreePages / 2), AllocationKind.Movable);
        draw.Then(Operation.Get(page)).Then(Operation.Offline(block.Name)).Then(Operation.Put(page))
            .Then(Operation.Offline(block.Name)).Then(Operation.Free(allocation));
        return true;
    }

    internal static bool CrowdedOffline(Draw draw, out Operation operation)
    {
        operation = default;
        if (draw.Menu.FreePages < 2 || !draw.TryBlock(BlockWish.Online, out var block))
            return false;
        var allocation = Name.Allocation(draw.Menu.NextAllocation);
        operation = Operation.Alloc(allocation, draw.Menu.FreePages - draw.Below(2), AllocationKind.Movable);
        draw.Then(Operation.Offline(block.Name)).Then(Operation.Free(allocation)).Then(Operation.Offline(block.Name));
        return true;
    }

    internal static bool EjectAndAddAgain(Draw draw, out Operation operation)
    {
        var found = draw.TryDevice(offlineOnly: false, out var device);
        operation = Operation.Eject(device.Name);
        if (found)
            draw.Then(Operation.Add(Name.Device(draw.Menu.NextDevice), draw.Spec.PagesPerBlock, draw.Node()));
        return found;
    }

    internal static bool SelfHostedLife(Draw draw, out Operation operation)
    {
        operation = default;
        if (draw.Menu.FreeDimmBlocks == 0)
            return false;
        var device = Name.Device(draw.Menu.NextDevice);
        var block = device.WithBlock(0);
        var blocks = draw.Between(1, Math.Min(2, draw.Menu.FreeDimmBlocks));
        operation = Operation.Add(device, (long)blocks * draw.Spec.PagesPerBlock, draw.Node(),
            memmap: MemmapPlacement.PerBlock);
        draw.Then(Operation.Online(block, BlockArms.AnyOnline(draw))).Then(Operation.Offline(block));
        draw.Then(draw.Chance(50) ? Operation.Online(block, OperationKind.OnlineMovable) : Operation.Remove(device));
        return true;
    }

    internal static bool VetoedOffline(Draw draw, out Operation operation)
    {
        operation = FaultArms.Veto(draw, draw.Chance(75) ? VetoPoint.Notifier : VetoPoint.Migration);
        if (!draw.TryBlock(BlockWish.Online, out var block))
            return false;
        draw.Then(Operation.Offline(block.Name)).Then(Operation.Offline(block.Name));
        draw.Then(Operation.Online(block.Name, BlockArms.AnyOnline(draw)));
        return true;
    }

    internal static bool VetoedOnline(Draw draw, out Operation operation)
    {
        operation = FaultArms.Veto(draw, VetoPoint.Notifier);
        if (!draw.TryBlock(BlockWish.Offline, out var block))
            return false;
        var online = Operation.Online(block.Name, BlockArms.AnyOnline(draw));
        draw.Then(online).Then(online).Then(Operation.Offline(block.Name));
        return true;
    }

    internal static bool VetoedAdd(Draw draw, out Operation operation)
    {
        operation = FaultArms.Veto(draw, draw.Chance(60) ? VetoPoint.Memmap : VetoPoint.BlockDevice);
        if (!BlockArms.Add(draw, out var add))
            return false;
        draw.Then(add).Then(add);
        return true;
    }

    internal static bool StickyError(Draw draw, out Operation operation)
    {
        var offline = draw.Chance(60);
        var notification = offline ? MemoryNotification.GoingOffline : MemoryNotification.GoingOnline;
        operation = Operation.NotifierError(notification, FaultArms.AnyErrno(draw));
        if (!draw.TryBlock(offline ? BlockWish.Online : BlockWish.Offline, out var block))
            return false;
        var step = offline ? Operation.Offline(block.Name) : Operation.Online(block.Name, BlockArms.AnyOnline(draw));
        draw.Then(step).Then(Operation.NotifierError(notification, Errno.None)).Then(step);
        return true;
    }

    internal static bool PartlyPlugged(Draw draw, out Operation operation)
    {
        if (!TryPartlyPlug(draw, out operation, out var memory, out var block))
            return false;
        draw.Then(Operation.Online(block, BlockArms.AnyOnline(draw)));
        draw.Then(draw.Chance(50) ? Operation.Unplug(memory, 1) : Operation.Plug(memory, 1));
        draw.Then(Operation.Offline(block)).Then(Operation.Online(block, BlockArms.AnyOnline(draw)));
        draw.Then(draw.Chance(50) ? Operation.Plug(memory, 1) : Operation.Unplug(memory, 2));
        return true;
    }

    // What was plugged last in a block leaves its last page unplugged, unless it is all of it.
    internal static bool ReferencedUnplugged(Draw draw, out Operation operation)
    {
        if (!TryPartlyPlug(draw, out operation, out var memory, out var block))
            return false;
        var page = block.WithPage(draw.Spec.PagesPerBlock - 1 - (draw.Chance(70) ? 0 : draw.Below(draw.Spec.PagesPerBlock)));
        draw.Then(Operation.Online(block, BlockArms.AnyOnline(draw))).Then(Operation.Get(page));
        if (draw.Chance(50))
            draw.Then(Operation.Offline(block));
        if (draw.Chance(20))
            draw.Then(draw.Chance(50) ? Operation.Plug(memory, 1) : Operation.Unplug(memory, 1));
        draw.Then(Operation.Put(page)).Then(Operation.Offline(block));
        return true;
    }

    internal static bool VetoedPartlyPlugged(Draw draw, out Operation operation)
    {
        if (!TryPartlyPlug(draw, out operation, out _, out var block))
            return false;
        draw.Then(Operation.Online(block, BlockArms.AnyOnline(draw))).Then(FaultArms.Veto(draw, VetoPoint.Notifier));
        draw.Then(Operation.Offline(block)).Then(Operation.Offline(block));
        draw.Then(FaultArms.Veto(draw, VetoPoint.Notifier)).Then(Operation.Online(block, BlockArms.AnyOnline(draw)));
        draw.Then(Operation.Online(block, BlockArms.AnyOnline(draw)));
        return true;
    }

    internal static bool BalloonMoves(Draw draw, out Operation operation)
    {
        operation = default;
        if (!draw.TryBalloon(out var driver, out _) || draw.Menu.FreePages == 0
            || !draw.TryBlock(BlockWish.Online, out var block))
            return false;
        var pages = 1 + (draw.Menu.FreePages / draw.Between(2, 4));
        operation = Operation.Inflate(driver, pages);
        draw.Then(Operation.Offline(block.Name)).Then(Operation.Deflate(driver, 1 + draw.Below(pages)));
        draw.Then(Operation.Online(block.Name, BlockArms.AnyOnline(draw))).Then(Operation.Deflate(driver, pages));
        return true;
    }

    internal static bool PoisonedOffline(Draw draw, out Operation operation)
    {
        if (draw.Chance(30) && TryHeldPoison(draw, out operation))
            return true;
        var fits = draw.TryPage(BlockWish.Online, out var page);
        operation = Operation.Poison(page);
        if (fits)
            Survive(draw, page);
        return fits;
    }

    // Somebody has references of the page that poison takes, and its block may be the one that goes offline.
    private static bool TryHeldPoison(Draw draw, out Operation operation)
    {
        operation = default;
        if (!draw.TryAllocation(withExtra: false, freed: false, out var allocation)
            || !draw.TryBlock(BlockWish.Online, out var block))
            return false;
        var page = PageArms.AnyPage(draw, allocation.Name, allocation.Pages);
        operation = Operation.Get(page);
        draw.Then(Operation.Poison(page)).Then(Operation.Offline(block.Name));
        draw.Then(Operation.Online(block.Name, BlockArms.AnyOnline(draw)));
        return true;
    }

    internal static bool PoisonedUnplugged(Draw draw, out Operation operation)
    {
        if (!TryPartlyPlug(draw, out operation, out _, out var block))
            return false;
        // Sub-blocks are plugged from a block's start, so its last page is the one that is not.
        draw.Then(Operation.Online(block, OperationKind.OnlineMovable));
        var page = block.WithPage(draw.Spec.PagesPerBlock - 1);
        draw.Then(Operation.Poison(page));
        Survive(draw, page);
        return true;
    }

    private static void Survive(Draw draw, Name page)
    {
        var block = page.WithPage(-1);
        if (draw.Chance(50))
            draw.Then(Operation.Unpoison(page));
        draw.Then(Operation.Offline(block)).Then(Operation.Online(block, BlockArms.AnyOnline(draw)));
        draw.Then(Operation.Unpoison(page)).Then(Operation.Online(block, OperationKind.OnlineMovable));
    }

    /// <summary>Plugs a part of the next block of a device memory.</summary>
    internal static bool TryPartlyPlug(Draw draw, out Operation operation, out Name memory, out Name block)
    {
        operation = default;
        memory = block = default;
        if (!draw.TryDeviceMemory(out var found) || found.Plugged == found.SubBlocks)
            return false;
        memory = found.Name;
        var subBlocks = found.SubBlocks;
        var blocks = draw.Spec.DeviceMemories[memory.Id - 1].Blocks;
        var perBlock = Math.Max(1, subBlocks / blocks);
        block = memory.WithBlock((int)Math.Min(found.Plugged / perBlock, blocks - 1));
        operation = Operation.Plug(memory, 1 + draw.Below(perBlock));
        return true;
    }
}
