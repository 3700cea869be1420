using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Generators.Steps;

/// <summary>Sensible operations on allocations and on single pages.</summary>
internal static class PageArms
{
    internal static bool Alloc(Draw draw, out Operation operation)
    {
        operation = default;
        if (draw.Menu.FreePages == 0)
            return false;
        operation = Operation.Alloc(Name.Allocation(draw.Menu.NextAllocation), draw.Pages(), Kind(draw),
            order: (byte)(draw.Chance(75) ? 0 : draw.Between(0, draw.Spec.MaxOrder)),
            node: draw.Chance(80) ? (short)-1 : draw.Node(), cpu: draw.Cpu());
        return true;
    }

    internal static bool Free(Draw draw, out Operation operation)
    {
        var found = draw.TryAllocation(withExtra: false, freed: false, out var allocation);
        operation = Operation.Free(allocation.Name, draw.Cpu());
        return found;
    }

    internal static bool Get(Draw draw, out Operation operation)
    {
        var found = draw.TryAllocation(withExtra: false, freed: draw.Chance(10), out var allocation);
        operation = found ? Operation.Get(AnyPage(draw, allocation.Name, allocation.Pages)) : default;
        return found;
    }

    internal static bool Put(Draw draw, out Operation operation)
    {
        var found = draw.TryAllocation(withExtra: true, freed: draw.Chance(30), out var allocation);
        operation = found ? Operation.Put(AnyPage(draw, allocation.Name, allocation.Pages), draw.Cpu()) : default;
        return found;
    }

    internal static bool Poison(Draw draw, out Operation operation)
    {
        var fits = TryLivePage(draw, out var page);
        operation = Operation.Poison(page);
        return fits;
    }

    internal static bool Unpoison(Draw draw, out Operation operation)
    {
        var poisoned = draw.Menu.Poisoned;
        operation = poisoned.Count == 0 ? default : Operation.Unpoison(poisoned[draw.Below(poisoned.Count)].Name);
        return poisoned.Count > 0;
    }

    internal static bool SoftOffline(Draw draw, out Operation operation)
    {
        var fits = TryLivePage(draw, out var page);
        operation = Operation.SoftOffline(page);
        if (!fits || draw.Menu.VetoArmed || !draw.Has(Levels.Faults) || !draw.Chance(20))
            return fits;

        // What it does to a page in use is to move it away.
        draw.Then(operation);
        operation = Operation.Veto(VetoPoint.Migration, 1, FaultArms.AnyErrno(draw));
        return true;
    }

    internal static bool HardOffline(Draw draw, out Operation operation)
    {
        var fits = TryLivePage(draw, out var page);
        operation = Operation.HardOffline(page);
        return fits;
    }

    /// <summary>
    /// A page of an allocation: mostly the first, which is what <c>get</c> and <c>put</c> then share.
    /// </summary>
    internal static Name AnyPage(Draw draw, Name allocation, long pages) =>
        allocation.WithPage(draw.Chance(70) ? 0 : draw.Below(Math.Max(1, pages)));

    private static bool TryLivePage(Draw draw, out Name page)
    {
        if (draw.Chance(40) && draw.TryAllocation(withExtra: false, freed: false, out var allocation))
        {
            page = AnyPage(draw, allocation.Name, allocation.Pages);
            return true;
        }

        return draw.TryPage(BlockWish.Online, out page);
    }

    private static AllocationKind Kind(Draw draw) => draw.Below(10) switch
    {
        < 5 => AllocationKind.Movable,
        < 7 => AllocationKind.Unmovable,
        7 => draw.Any<AllocationKind>([AllocationKind.Unmigratable, AllocationKind.Pinned]),
        8 => AllocationKind.LongTermPinned,
        _ => AllocationKind.Reclaimable,
    };
}
