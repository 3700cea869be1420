using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Generators.Steps;

/// <summary>Sensible operations on devices, blocks and policies.</summary>
internal static class BlockArms
{
    private static readonly long[] s_seconds = [1, 1, 5, 60, 300];

    private const int MostBlocksOfOneDevice = 3;

    internal static bool Add(Draw draw, out Operation operation)
    {
        operation = default;
        var free = draw.Menu.FreeDimmBlocks;
        if (free == 0)
            return false;
        var memmap = Placement(draw);
        var most = memmap == MemmapPlacement.PerDevice ? MemmapArms.MostBlocksOfOneGroup : MostBlocksOfOneDevice;
        operation = Operation.Add(Name.Device(draw.Menu.NextDevice),
            (long)draw.Between(1, Math.Min(free, most)) * draw.Spec.PagesPerBlock,
            draw.Node(), memmap: memmap, group: Group(draw));
        return true;
    }

    internal static bool Remove(Draw draw, out Operation operation)
    {
        operation = default;
        if (draw.Chance(80))
        {
            var found = draw.TryDevice(offlineOnly: true, out var device);
            operation = Operation.Remove(device.Name);
            return found;
        }

        var fits = draw.TryBlock(BlockWish.Offline | BlockWish.Dimm, out var block);
        operation = Operation.Remove(block.Name, 1);
        return fits;
    }

    internal static bool OfflineRemove(Draw draw, out Operation operation)
    {
        var whole = draw.Chance(60);
        if (whole && draw.TryDevice(offlineOnly: false, out var device))
        {
            operation = Operation.OfflineRemove(device.Name);
            return true;
        }

        var fits = draw.TryBlock(BlockWish.Dimm, out var block);
        operation = Operation.OfflineRemove(block.Name, draw.Between(0, 2));
        return fits;
    }

    internal static bool Eject(Draw draw, out Operation operation)
    {
        var found = draw.TryDevice(offlineOnly: false, out var device);
        operation = Operation.Eject(device.Name);
        return found;
    }

    internal static bool Online(Draw draw, out Operation operation) =>
        Online(draw, OperationKind.Online, out operation);

    internal static bool OnlineKernel(Draw draw, out Operation operation) =>
        Online(draw, OperationKind.OnlineKernel, out operation);

    internal static bool OnlineMovable(Draw draw, out Operation operation) =>
        Online(draw, OperationKind.OnlineMovable, out operation);

    internal static bool Offline(Draw draw, out Operation operation)
    {
        var fits = draw.TryBlock(BlockWish.Online, out var block);
        operation = Operation.Offline(block.Name);
        return fits;
    }

    internal static bool WriteOnline(Draw draw, out Operation operation)
    {
        var fits = draw.TryBlock(BlockWish.None, out var block);
        operation = Operation.WriteOnline(block.Name, block.State == BlockState.Offline);
        return fits;
    }

    internal static bool WriteNothing(Draw draw, out Operation operation)
    {
        var fits = draw.TryBlock(BlockWish.None, out var block);
        operation = Operation.WriteState(block.Name, StateText.Empty);
        return fits;
    }

    internal static bool Policy(Draw draw, out Operation operation)
    {
        operation = Operation.Policy(draw.Any<PolicySetting>(
        [
            PolicySetting.AutoOffline, PolicySetting.AutoOnline, PolicySetting.AutoOnlineKernel,
            PolicySetting.AutoOnlineMovable, PolicySetting.ZonesContig, PolicySetting.ZonesAutoMovable,
        ]));
        return true;
    }

    internal static bool MemmapPolicy(Draw draw, out Operation operation)
    {
        operation = Operation.Policy(draw.Any<PolicySetting>(
            [PolicySetting.MemmapOff, PolicySetting.MemmapOn, PolicySetting.MemmapForce]));
        return true;
    }

    internal static bool Tick(Draw draw, out Operation operation)
    {
        operation = Operation.Tick(draw.Any<long>(s_seconds));
        return true;
    }

    /// <summary>
    /// One of the three ways to online; most hot memory goes to zone Movable, where it can leave again.
    /// </summary>
    internal static OperationKind AnyOnline(Draw draw) => draw.Any<OperationKind>(
        [OperationKind.Online, OperationKind.OnlineKernel, OperationKind.OnlineMovable, OperationKind.OnlineMovable]);

    private static bool Online(Draw draw, OperationKind kind, out Operation operation)
    {
        var fits = draw.TryBlock(BlockWish.Offline, out var block);
        operation = Operation.Online(block.Name, kind);
        return fits;
    }

    private static MemmapPlacement Placement(Draw draw) => !draw.Has(Levels.MemmapOnMemory) ? MemmapPlacement.Policy
        : draw.Below(10) switch
        {
            0 => MemmapPlacement.Boot,
            < 3 => MemmapPlacement.PerBlock,
            < 6 when draw.Spec.Dialect.Has(DialectItem.MemmapGroups) => MemmapPlacement.PerDevice,
            _ => MemmapPlacement.Policy,
        };

    private static MemoryGroupKind Group(Draw draw) => draw.Below(10) switch
    {
        0 => MemoryGroupKind.None,
        1 => MemoryGroupKind.Dynamic,
        _ => MemoryGroupKind.Static,
    };
}
