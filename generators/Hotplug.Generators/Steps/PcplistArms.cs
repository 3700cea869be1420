using Hotplug.Contract.Operations;

namespace Hotplug.Generators.Steps;

/// <summary>Per-CPU lists: drained and disabled by themselves, and around what has to reckon with them.</summary>
internal static class PcplistArms
{
    private const int MostFreed = 12;

    internal static bool Pcp(Draw draw, out Operation operation)
    {
        operation = draw.Menu.PcplistsDisabled && draw.Chance(70) ? Operation.Pcp(PcpAction.Enable)
            : Operation.Pcp(draw.Chance(60) ? PcpAction.Drain : PcpAction.Disable);
        return draw.Spec.HasPcplists;
    }

    /// <summary>Pages are freed on one CPU and then their memory goes offline, perhaps from another one.</summary>
    internal static bool FreedBeforeOffline(Draw draw, out Operation operation)
    {
        var allocation = Name.Allocation(draw.Menu.NextAllocation);
        operation = Operation.Alloc(allocation, 1 + draw.Below(MostFreed),
            draw.Chance(70) ? AllocationKind.Movable : AllocationKind.Unmovable, cpu: draw.Cpu());
        if (!draw.Spec.HasPcplists || draw.Menu.FreePages < MostFreed || !draw.TryBlock(BlockWish.Online, out var block))
            return false;
        draw.Then(Operation.Free(allocation, draw.Cpu())).Then(Operation.Offline(block.Name));
        draw.Then(Operation.Alloc(Name.Allocation(draw.Menu.NextAllocation + 1), 1 + draw.Below(MostFreed), cpu: draw.Cpu()));
        return true;
    }

    /// <summary>Somebody holds the lock while others free and offline.</summary>
    internal static bool WhileDisabled(Draw draw, out Operation operation)
    {
        operation = Operation.Pcp(PcpAction.Disable);
        if (!draw.Spec.HasPcplists || draw.Menu.PcplistsDisabled)
            return false;
        if (draw.TryAllocation(withExtra: false, freed: false, out var allocation))
            draw.Then(Operation.Free(allocation.Name, draw.Cpu()));
        if (draw.TryBlock(BlockWish.Online, out var block))
            draw.Then(Operation.Offline(block.Name));
        draw.Then(Operation.Pcp(PcpAction.Enable));
        if (block.Name.Kind != NameKind.None)
            draw.Then(Operation.Offline(block.Name));
        return true;
    }

    /// <summary>Every page is taken: only what drains the lists of others finds the last ones.</summary>
    internal static bool LastPages(Draw draw, out Operation operation)
    {
        var hog = Name.Allocation(draw.Menu.NextAllocation);
        operation = Operation.Alloc(hog, Math.Max(1, draw.Menu.FreePages), AllocationKind.Movable, cpu: draw.Cpu());
        if (!draw.Spec.HasPcplists || !draw.TryAllocation(withExtra: false, freed: false, out var allocation))
            return false;
        draw.Then(Operation.Free(allocation.Name, draw.Cpu()));
        draw.Then(Operation.Alloc(Name.Allocation(draw.Menu.NextAllocation + 1), 1 + draw.Below(MostFreed), cpu: draw.Cpu()));
        draw.Then(Operation.Free(hog, draw.Cpu()));
        return true;
    }

    internal static bool TwiceDisabled(Draw draw, out Operation operation)
    {
        operation = Operation.Pcp(draw.Menu.PcplistsDisabled ? PcpAction.Disable : PcpAction.Enable);
        return draw.Spec.HasPcplists;
    }
}
