using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Checks;

/// <summary>
/// Of a device that the machine still works on, the model takes over what is seen: its blocks' existence, state and zone,
/// its size. Everything else stays asserted.
/// </summary>
internal static class InFlight
{
    public static State Adopt(State next, Transition seen)
    {
        if (seen.IsStart)
            return next;
        foreach (ref readonly var device in seen.After.Devices)
            if (device.InFlight || (seen.Before.Device(device.Name)?.InFlight ?? false))
                next = AdoptDevice(next, seen, device);
        foreach (ref readonly var device in seen.Before.Devices)
            if (device.InFlight && device.Name.Kind == NameKind.Device && seen.After.Device(device.Name) is null)
                next = Gone(next, device);
        if (seen.BalloonInFlight && seen.After.Balloon(BalloonDriver.Virtio) is { } balloon)
            next = next with { Ballooned = balloon.Pages };
        return next;
    }

    private static State Gone(State next, in DeviceObservation device)
    {
        var id = device.Name.Id;
        return next.WithoutBlocks(device.Range) with
        {
            Devices = next.Devices.RemoveAll(d => d.Id == id),
            Poisoned = WithoutRange(next.Poisoned, device.Range),
        };
    }

    private static State AdoptDevice(State next, Transition seen, in DeviceObservation device)
    {
        var owner = device.Name.Kind == NameKind.DeviceMemory ? -device.Name.Id : device.Name.Id;
        var known = next;
        next = next.WithoutBlocks(device.Range);
        foreach (var block in seen.After.Blocks)
        {
            var pages = seen.Spec.PagesOf(block.Block);
            if (!device.Range.Contains(pages))
                continue;
            var before = known.Find(block.Block) ?? new Block(block.Block, block.Node, owner, pages);
            next = next.With(before with { Online = block.IsOnline, Zone = block.IsOnline ? block.Zone : ZoneKind.None });
        }

        if (device.Name.Kind == NameKind.DeviceMemory)
            next = next.With(next.DeviceMemories[device.Name.Id - 1] with
            {
                Plugged = device.PluggedPages / seen.Spec.DeviceMemories[device.Name.Id - 1].SubBlockPages,
                Map = default,
            });
        return next;
    }

    internal static ImmutableArray<long> WithoutRange(ImmutableArray<long> pages, Contract.PageRange range) =>
        pages.RemoveAll(p => range.Contains(p));
}
