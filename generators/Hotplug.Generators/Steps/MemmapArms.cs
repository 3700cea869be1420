using Hotplug.Contract.Operations;

namespace Hotplug.Generators.Steps;

/// <summary>Sequences about the memmap of added memory (source document 001).</summary>
internal static class MemmapArms
{
    /// <summary>
    /// Enough blocks for the memmap of all of them to fill the first one, where a quarter of a block is its memmap.
    /// </summary>
    internal const int MostBlocksOfOneGroup = 5;

    /// <summary>
    /// A device with the memmap of all its blocks at its start: used from its first block on, then removed as a whole.
    /// </summary>
    internal static bool DeviceLife(Draw draw, out Operation operation)
    {
        operation = default;
        if (draw.Menu.FreeDimmBlocks == 0)
            return false;
        var device = Name.Device(draw.Menu.NextDevice);
        var blocks = draw.Between(1, Math.Min(MostBlocksOfOneGroup, draw.Menu.FreeDimmBlocks));
        var any = device.WithBlock(draw.Chance(60) ? 0 : draw.Below(blocks));
        operation = Operation.Add(device, (long)blocks * draw.Spec.PagesPerBlock, draw.Node(),
            memmap: MemmapPlacement.PerDevice);
        draw.Then(Operation.Online(any, BlockArms.AnyOnline(draw))).Then(Operation.Offline(any));
        if (draw.Chance(30))
            draw.Then(Operation.Remove(any, 1));
        draw.Then(draw.Chance(50) ? Operation.Remove(device) : Operation.OfflineRemove(device));
        return true;
    }

    /// <summary>Blocks with their own memmap each, removed one by one.</summary>
    internal static bool BlockByBlock(Draw draw, out Operation operation)
    {
        operation = default;
        if (draw.Menu.FreeDimmBlocks == 0)
            return false;
        var device = Name.Device(draw.Menu.NextDevice);
        var blocks = draw.Between(1, Math.Min(3, draw.Menu.FreeDimmBlocks));
        operation = Operation.Add(device, (long)blocks * draw.Spec.PagesPerBlock, draw.Node(),
            memmap: MemmapPlacement.PerBlock);
        for (var block = blocks - 1; block >= 0; block--)
            draw.Then(Operation.OfflineRemove(device.WithBlock(draw.Chance(50) ? block : blocks - 1 - block), 1));
        return true;
    }

    /// <summary>Memory that is so short that the memmap of an add no longer fits.</summary>
    internal static bool NoRoomForMemmap(Draw draw, out Operation operation)
    {
        operation = default;
        if (draw.Menu.FreePages == 0 || draw.Menu.FreeDimmBlocks == 0)
            return false;
        var hog = Name.Allocation(draw.Menu.NextAllocation);
        var device = Name.Device(draw.Menu.NextDevice);
        operation = Operation.Alloc(hog, Math.Max(1, draw.Menu.FreePages - draw.Below(draw.Spec.VmemmapPagesPerBlock + 1)),
            AllocationKind.Unmovable);
        draw.Then(Operation.Add(device, draw.Spec.PagesPerBlock, draw.Node(), memmap: MemmapPlacement.Boot))
            .Then(Operation.Free(hog)).Then(Operation.Add(device, draw.Spec.PagesPerBlock, draw.Node()));
        return true;
    }
}
