using Hotplug.Contract;
using Hotplug.Contract.Operations;

namespace Hotplug.Generators.Steps;

/// <summary>Contiguous allocations: alone, around an offline, over unplugged memory, and where none can be.</summary>
internal static class ContigArms
{
    internal static bool Contig(Draw draw, out Operation operation) => TryContig(draw, BlockWish.Online, out operation);

    internal static bool ContigFree(Draw draw, out Operation operation)
    {
        var found = TryContiguous(draw, contig: true, out var allocation);
        operation = Operation.ContigFree(allocation);
        return found;
    }

    internal static bool ContigOffline(Draw draw, out Operation operation)
    {
        if (!TryContig(draw, BlockWish.Online, out operation))
            return false;
        var block = operation.At.WithPage(-1);
        draw.Then(Operation.Offline(block)).Then(Operation.ContigFree(operation.Subject))
            .Then(Operation.Offline(block));
        return true;
    }

    internal static bool ContigOverUnplugged(Draw draw, out Operation operation)
    {
        operation = default;
        if (!draw.TryDeviceMemory(out var memory) || memory.Plugged >= memory.SubBlocks)
            return false;
        var block = memory.Name.WithBlock(0);
        operation = Operation.Plug(memory.Name, DriverArms.Few(draw, memory.SubBlocks - memory.Plugged));
        draw.Then(Operation.Online(block, BlockArms.AnyOnline(draw)))
            .Then(Operation.Contig(Name.Allocation(draw.Menu.NextAllocation),
                block.WithPage(draw.Below(draw.Spec.PagesPerBlock)), Amount(draw)))
            .Then(Operation.Offline(block));
        return true;
    }

    internal static bool ContigNowhere(Draw draw, out Operation operation)
    {
        var fits = TryContig(draw, draw.Chance(50) ? BlockWish.Offline : BlockWish.AnyState, out operation);
        operation = draw.Below(4) switch
        {
            0 => operation with { At = default },
            1 => operation with { Amount = draw.Chance(50) ? long.MaxValue : 4L * draw.Spec.PagesPerBlock },
            _ => operation,
        };
        return fits;
    }

    internal static bool ContigFreeOther(Draw draw, out Operation operation)
    {
        var found = TryContiguous(draw, contig: false, out var allocation);
        operation = Operation.ContigFree(allocation);
        return found;
    }

    private static bool TryContig(Draw draw, BlockWish wish, out Operation operation)
    {
        var found = draw.TryPage(wish, out var page);
        // Whole pageblocks half of the time; the other half begins and ends anywhere, to have something around it.
        if (found && draw.Chance(50))
            page = page.WithPage(page.Page / draw.Spec.PagesPerPageblock * draw.Spec.PagesPerPageblock);
        operation = Operation.Contig(Name.Allocation(draw.Menu.NextAllocation), page, Amount(draw));
        return found;
    }

    // Mostly inside a block; now and then into the next ones.
    private static long Amount(Draw draw) => draw.Below(10) switch
    {
        < 4 => draw.Spec.PagesPerPageblock,
        < 8 => 1 + draw.Below(2L * draw.Spec.PagesPerPageblock),
        8 => 1 + draw.Below((long)draw.Spec.PagesPerBlock),
        _ => 1 + draw.Below(2L * draw.Spec.PagesPerBlock),
    };

    private static bool TryContiguous(Draw draw, bool contig, out Name allocation)
    {
        allocation = default;
        var fitting = 0;
        foreach (var candidate in draw.Menu.Allocations)
            if (candidate.Contig == contig && !candidate.Freed && draw.Below(++fitting) == 0)
                allocation = candidate.Name;
        return fitting > 0;
    }
}
