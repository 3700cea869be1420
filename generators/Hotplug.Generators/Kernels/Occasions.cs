using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Generators.Steps;

namespace Hotplug.Generators.Kernels;

/// <summary>
/// What rarely comes together by itself within a dozen operations, and what a system does to its memory all the time: a
/// DIMM leaves while it is in use, a poisoned page's block goes and comes back, pages move and device memory shrinks, a
/// callback refuses. An occasion says what is about to happen and to whom; kinds, amounts, places, order and how often
/// are drawn, and nothing says how it should end.
/// </summary>
internal static class Occasions
{
    private const int MostBlocks = 3;
    private const long FewestMoved = 64, MostMoved = 3_000;

    private static readonly Errno[] s_errors = [Errno.ENOMEM, Errno.EBUSY, Errno.EPERM, Errno.EIO, Errno.EAGAIN];

    /// <summary>Plans one of them; false if there is no room for it now.</summary>
    internal static bool Plan(Draw draw) => draw.Below(5) switch
    {
        < 2 => LeavesInUse(draw),
        2 => PoisonedAndBack(draw),
        3 => ShrinksAfterMoves(draw),
        _ => RefusedChange(draw),
    };

    private static bool LeavesInUse(Draw draw)
    {
        if (draw.Menu.FreeDimmBlocks < 2)
            return false;
        var blocks = draw.Between(2, Math.Min(MostBlocks, draw.Menu.FreeDimmBlocks));
        var device = Arrive(draw, blocks);
        var allocation = draw.Menu.NextAllocation;
        for (var i = draw.Between(1, 3); i > 0; i--)
            Use(draw, device.WithBlock(draw.Below(blocks)), ref allocation);
        draw.Then(Operation.Eject(device));
        if (draw.Chance(50))
            draw.Then(Operation.Eject(device));
        return true;
    }

    private static bool PoisonedAndBack(Draw draw)
    {
        if (!TryBlockInUse(draw, out var block, out var memory))
            return false;
        var page = block;
        for (var i = draw.Between(1, 2); i > 0; i--)
            draw.Then(Operation.Poison(page = AnyPage(draw, block)));
        for (var i = draw.Between(2, 4); i > 0; i--)
            draw.Then(draw.Below(memory.Kind == NameKind.DeviceMemory ? 5 : 3) switch
            {
                0 => Operation.Offline(block),
                1 => Operation.Online(block, BlockArms.AnyOnline(draw)),
                2 => Operation.Unpoison(page),
                3 => Operation.Plug(memory, 1 + draw.Below(8)),
                _ => Operation.Unplug(memory, 1 + draw.Below(8)),
            });
        return true;
    }

    private static bool ShrinksAfterMoves(Draw draw)
    {
        if (draw.Menu.FreeDimmBlocks < 2)
            return false;
        var blocks = draw.Between(1, 2);
        var device = Arrive(draw, blocks);
        var allocation = Name.Allocation(draw.Menu.NextAllocation);
        draw.Then(Operation.Alloc(allocation, FewestMoved + draw.Below(MostMoved), AllocationKind.Movable));
        var grows = SequenceArms.TryPartlyPlug(draw, out var plug, out var memory, out var block);
        if (grows && draw.Chance(50))
            draw.Then(plug);
        for (var i = 0; i < blocks; i++)
            if (draw.Chance(80))
                draw.Then(Operation.Offline(device.WithBlock(i)));
        if (draw.Chance(25))
            draw.Then(Operation.Free(allocation));
        if (!grows)
            return true;
        draw.Then(plug).Then(Operation.Online(block, BlockArms.AnyOnline(draw)));
        draw.Then(draw.Chance(50) ? Operation.Resize(memory, 0) : Operation.Unplug(memory, plug.Amount));
        return true;
    }

    private static bool RefusedChange(Draw draw)
    {
        if (!TryBlockInUse(draw, out var block, out var memory))
            return false;
        for (var i = draw.Between(1, 2); i > 0; i--)
        {
            draw.Then(AnyError(draw));
            draw.Then(draw.Below(3) switch
            {
                0 => Operation.Offline(block),
                1 => Operation.Online(block, BlockArms.AnyOnline(draw)),
                _ => memory.Kind == NameKind.DeviceMemory ? Operation.Resize(memory, 0) : Operation.Eject(memory),
            });
        }

        return true;
    }

    // A new DIMM on the last node, its blocks online in whatever way; now and then one stays as it came.
    private static Name Arrive(Draw draw, int blocks)
    {
        var device = Name.Device(draw.Menu.NextDevice);
        draw.Then(Operation.Add(device, (long)blocks * draw.Spec.PagesPerBlock, (short)(draw.Spec.Nodes - 1)));
        for (var i = 0; i < blocks; i++)
            if (draw.Chance(90))
                draw.Then(Operation.Online(device.WithBlock(i), BlockArms.AnyOnline(draw)));
        return device;
    }

    // A block of a new DIMM, or of device memory that is plugged in part, and whose it is.
    private static bool TryBlockInUse(Draw draw, out Name block, out Name owner)
    {
        if (draw.Chance(50) && SequenceArms.TryPartlyPlug(draw, out var plug, out owner, out block))
        {
            draw.Then(plug).Then(Operation.Online(block, BlockArms.AnyOnline(draw)));
            return true;
        }

        var fits = draw.Menu.FreeDimmBlocks > 0;
        owner = fits ? Arrive(draw, 1) : default;
        block = owner.WithBlock(0);
        return fits;
    }

    private static void Use(Draw draw, Name block, ref int allocation)
    {
        switch (draw.Below(8))
        {
            case 0 or 1:
                draw.Then(Operation.Poison(AnyPage(draw, block)));
                break;
            case 2 or 3:
                draw.Then(Operation.Alloc(Name.Allocation(allocation++), 1 + draw.Below(64L), draw.Any<AllocationKind>(
                    [AllocationKind.Unmovable, AllocationKind.Unmigratable, AllocationKind.Pinned])));
                break;
            case 4:
                var pages = Name.Allocation(allocation++);
                draw.Then(Operation.Alloc(pages, 1 + draw.Below(512L), AllocationKind.Movable));
                draw.Then(Operation.Get(pages.WithPage(0)));
                break;
            case 5:
                draw.Then(AnyError(draw));
                break;
            case 6:
                draw.Then(Operation.Online(block, BlockArms.AnyOnline(draw)));
                break;
            default:
                draw.Then(Operation.Offline(block));
                break;
        }
    }

    private static Operation AnyError(Draw draw) => Operation.NotifierError(
        draw.Chance(50) ? MemoryNotification.GoingOnline : MemoryNotification.GoingOffline, draw.Any<Errno>(s_errors));

    // Any, and often the last one: of a block that is plugged in part it is not plugged.
    private static Name AnyPage(Draw draw, Name block) =>
        block.WithPage(draw.Chance(30) ? draw.Spec.PagesPerBlock - 1 : draw.Below(draw.Spec.PagesPerBlock));
}
