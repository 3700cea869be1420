using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Generators.Steps;

/// <summary>Operations that should be refused, or that nothing is bound to.</summary>
internal static class WrongArms
{
    // Not literals: only spans of bytes cost nothing in every build.
    private static readonly long[] s_counts = [1, 2, 9, int.MaxValue];
    private static readonly long[] s_excess = [1, 2, 9, 1 << 20];
    private static readonly Errno[] s_errnos = [Errno.ENOSPC, Errno.EINVAL, (Errno)ErrnoText.Largest];

    internal static bool OnlineOnline(Draw draw, out Operation operation)
    {
        var fits = draw.TryBlock(BlockWish.Online, out var block);
        operation = draw.Chance(80)
            ? Operation.Online(block.Name, BlockArms.AnyOnline(draw))
            : Operation.WriteOnline(block.Name, online: true);
        return fits;
    }

    internal static bool OfflineOffline(Draw draw, out Operation operation)
    {
        var fits = draw.TryBlock(BlockWish.Offline, out var block);
        operation = draw.Chance(80) ? Operation.Offline(block.Name) : Operation.WriteOnline(block.Name, online: false);
        return fits;
    }

    internal static bool RemoveOnline(Draw draw, out Operation operation)
    {
        var fits = draw.TryBlock(BlockWish.Online | BlockWish.Dimm, out var block);
        operation = draw.Chance(60)
            ? Operation.Remove(Name.Device(block.Name.Id))
            : Operation.Remove(block.Name, draw.Between(0, 2));
        return fits;
    }

    internal static bool UnboundBlock(Draw draw, out Operation operation)
    {
        var name = draw.Below(4) switch
        {
            0 => Name.Device(draw.Menu.NextDevice).WithBlock(0),
            1 => Name.Device(1 + draw.Below(Math.Max(1, draw.Menu.NextDevice))).WithBlock(draw.Between(0, 9)),
            2 => Name.DeviceMemory(1).WithBlock(draw.Between(0, 3)),
            _ => Name.DeviceMemory(draw.Spec.DeviceMemories.Length + 1).WithBlock(0),
        };
        operation = draw.Below(draw.Has(Levels.Hwpoison) ? 7 : 5) switch
        {
            0 => Operation.Offline(name),
            1 => Operation.Online(name, BlockArms.AnyOnline(draw)),
            2 => Operation.Remove(name),
            3 => Operation.WriteState(name, StateText.Empty),
            4 => Operation.WriteOnline(name, draw.Chance(50)),
            5 => Operation.SoftOffline(name.WithPage(0)),
            _ => Operation.HardOffline(name.WithPage(0)),
        };
        return true;
    }

    internal static bool PartialRemove(Draw draw, out Operation operation)
    {
        var fits = draw.TryBlock(BlockWish.Dimm, out var block);
        var blocks = draw.Any<long>(s_counts);
        operation = draw.Chance(70)
            ? Operation.Remove(block.Name, blocks)
            : Operation.OfflineRemove(block.Name, blocks);
        return fits;
    }

    internal static bool TouchBoot(Draw draw, out Operation operation)
    {
        var fits = draw.TryBlock(BlockWish.Boot, out var block);
        operation = draw.Below(5) switch
        {
            0 => Operation.Remove(Name.Boot),
            1 => Operation.Eject(Name.Boot),
            2 => Operation.OfflineRemove(block.Name),
            3 => Operation.Remove(block.Name),
            _ => Operation.Offline(block.Name),
        };
        return fits;
    }

    internal static bool MisalignedAdd(Draw draw, out Operation operation)
    {
        var block = (long)draw.Spec.PagesPerBlock;
        operation = Operation.Add(Name.Device(draw.Menu.NextDevice),
            draw.Any<long>([0, 1, block - 1, block + 1, block + draw.Spec.PagesPerPageblock]), draw.Node());
        return true;
    }

    internal static bool AddSomewhere(Draw draw, out Operation operation)
    {
        var fits = draw.TryBlock(draw.Chance(70) ? BlockWish.Dimm : BlockWish.Anywhere, out var block);
        var at = draw.Chance(60) ? block.Name : block.Name.WithPage(draw.Below(draw.Spec.PagesPerBlock));
        operation = Operation.Add(Name.Device(draw.Menu.NextDevice),
            draw.Spec.PagesPerBlock * (long)draw.Between(1, 2), draw.Node(), at);
        return fits;
    }

    internal static bool TooMuchAdd(Draw draw, out Operation operation)
    {
        operation = Operation.Add(Name.Device(draw.Menu.NextDevice),
            draw.Spec.PagesPerBlock * (draw.Menu.FreeDimmBlocks + draw.Any<long>(s_excess)), draw.Node());
        return true;
    }

    internal static bool NodeThatIsNot(Draw draw, out Operation operation)
    {
        var node = (short)(draw.Spec.Nodes + draw.Below(3));
        operation = draw.Chance(60)
            ? Operation.Add(Name.Device(draw.Menu.NextDevice), draw.Spec.PagesPerBlock, node)
            : Operation.Alloc(Name.Allocation(draw.Menu.NextAllocation), 1, node: node);
        return node <= 1023;
    }

    internal static bool TakenName(Draw draw, out Operation operation)
    {
        if (draw.Chance(50) && draw.TryAllocation(withExtra: false, freed: false, out var allocation))
        {
            operation = Operation.Alloc(allocation.Name, 1);
            return true;
        }

        var found = draw.TryDevice(offlineOnly: false, out var device);
        operation = Operation.Add(device.Name, draw.Spec.PagesPerBlock);
        return found;
    }

    internal static bool OddMemmap(Draw draw, out Operation operation)
    {
        operation = Operation.Add(Name.Device(draw.Menu.NextDevice), draw.Spec.PagesPerBlock * (long)draw.Between(1, 3),
            draw.Node(), memmap: draw.Chance(50) ? MemmapPlacement.PerDevice : MemmapPlacement.PerBlock);
        return true;
    }

    internal static bool WriteNonsense(Draw draw, out Operation operation)
    {
        var fits = draw.TryBlock(BlockWish.Anywhere, out var block);
        operation = Operation.WriteState(block.Name, StateText.Nonsense);
        return fits;
    }

    internal static bool NonsensePolicy(Draw draw, out Operation operation)
    {
        operation = Operation.Policy(PolicySetting.AutoNonsense);
        return true;
    }

    internal static bool FreeTwice(Draw draw, out Operation operation)
    {
        operation = draw.TryAllocation(withExtra: false, freed: true, out var allocation)
            ? Operation.Free(allocation.Name)
            : Operation.Free(Name.Allocation(draw.Between(1, draw.Menu.NextAllocation)));
        return true;
    }

    internal static bool PutUnheld(Draw draw, out Operation operation)
    {
        var found = draw.TryAllocation(withExtra: false, freed: draw.Chance(20), out var allocation);
        operation = Operation.Put(allocation.Name.WithPage(draw.Below(Math.Max(1, allocation.Pages))));
        return found;
    }

    internal static bool PageByAddress(Draw draw, out Operation operation)
    {
        var found = draw.TryPage(BlockWish.AnyState, out var page);
        operation = draw.Chance(50) ? Operation.Get(page) : Operation.Put(page);
        return found;
    }

    internal static bool PageThatIsNot(Draw draw, out Operation operation)
    {
        operation = default;
        if (!draw.TryAllocation(withExtra: false, freed: draw.Chance(50), out var allocation))
            return false;
        var page = allocation.Name.WithPage(allocation.Pages + draw.Below(4));
        operation = draw.Chance(50) ? Operation.Get(page) : Operation.Put(page);
        return true;
    }

    internal static bool TooMuchAlloc(Draw draw, out Operation operation)
    {
        var pages = draw.Menu.FreePages + draw.Any<long>(s_excess);
        operation = Operation.Alloc(Name.Allocation(draw.Menu.NextAllocation), Math.Max(1, pages),
            draw.Any<AllocationKind>([AllocationKind.Movable, AllocationKind.Unmovable, AllocationKind.Pinned]),
            order: (byte)(draw.Chance(70) ? 0 : Math.Min(20, draw.Spec.MaxOrder + draw.Below(2))));
        return true;
    }

    internal static bool TooMuchBalloon(Draw draw, out Operation operation)
    {
        var found = draw.TryBalloon(out var driver, out var held);
        var tooMuch = draw.Menu.FreePages + draw.Any<long>(s_excess);
        operation = draw.Below(3) switch
        {
            0 => Operation.Inflate(driver, tooMuch),
            1 => Operation.Deflate(driver, Math.Max(held, 0) + 1),
            _ => Operation.BalloonTarget(driver, tooMuch),
        };
        return found;
    }

    internal static bool TooMuchDeviceMemory(Draw draw, out Operation operation)
    {
        var found = draw.TryDeviceMemory(out var memory);
        operation = draw.Below(4) switch
        {
            0 => Operation.Resize(memory.Name, memory.SubBlocks + 1),
            1 => Operation.Plug(memory.Name, memory.SubBlocks - memory.Plugged + 1),
            2 => Operation.Unplug(memory.Name, memory.Plugged + 1),
            _ => Operation.Plug(Name.DeviceMemory(draw.Spec.DeviceMemories.Length + 1), 1),
        };
        return found;
    }

    internal static bool RemoveDeviceMemory(Draw draw, out Operation operation)
    {
        var fits = draw.TryBlock(BlockWish.DeviceMemory, out var block);
        operation = draw.Chance(50) ? Operation.Remove(block.Name) : Operation.OfflineRemove(block.Name);
        return fits;
    }

    internal static bool PoisonOfflineBlock(Draw draw, out Operation operation)
    {
        var fits = draw.TryPage(BlockWish.Offline, out var page);
        operation = draw.Below(4) switch
        {
            0 => Operation.Unpoison(page),
            1 => Operation.SoftOffline(page),
            2 => Operation.HardOffline(page),
            _ => Operation.Poison(page),
        };
        return fits;
    }

    internal static bool PoisonTwice(Draw draw, out Operation operation)
    {
        var poisoned = draw.Menu.Poisoned;
        operation = default;
        if (poisoned.Count == 0)
            return false;
        var page = poisoned[draw.Below(poisoned.Count)].Name;
        operation = draw.Below(3) switch
        {
            0 => Operation.Poison(page),
            1 => Operation.SoftOffline(page),
            _ => Operation.HardOffline(page),
        };
        return true;
    }

    internal static bool UnpoisonClean(Draw draw, out Operation operation)
    {
        var fits = draw.TryPage(BlockWish.Online, out var page);
        operation = Operation.Unpoison(page);
        return fits;
    }

    internal static bool OddVeto(Draw draw, out Operation operation)
    {
        operation = Operation.Veto((VetoPoint)draw.Below(4), draw.Any<long>(s_counts),
            draw.Any<Errno>(s_errnos));
        return true;
    }

    internal static bool OtherNotifierError(Draw draw, out Operation operation)
    {
        operation = Operation.NotifierError(
            draw.Any<MemoryNotification>([MemoryNotification.Online, MemoryNotification.CancelOffline]), Errno.EBUSY);
        return true;
    }
}
