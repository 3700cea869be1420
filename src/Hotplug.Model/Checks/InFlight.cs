using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.Operations;
using Hotplug.Model.States;

namespace Hotplug.Model.Checks;

/// <summary>
/// Of a device that the machine still works on, the model takes over what is seen: its blocks' existence, state and
/// zone, its size. Everything else stays asserted.
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
        foreach (ref readonly var balloon in seen.After.Balloons)
            if (seen.BalloonInFlight || DeflatedOnOom(next, seen, balloon))
                next = next.With(new Balloon(balloon.Driver, balloon.Pages));
        return next;
    }

    /// <summary>
    /// True if a device that owns the block was worked on meanwhile, so that the block may not be what it was when it
    /// was last seen: what an operation on it answered cannot be judged from that.
    /// </summary>
    public static bool Blurs(Transition seen, int block) => seen.InFlight(block);

    /// <summary>
    /// Judges an answer of a write to a blurred block: an error may come from whatever its driver did, success must
    /// show – in a block that is there at all.
    /// </summary>
    public static Judgement JudgeBlurred(in Ruling ruling, int number, bool online, Citation source)
    {
        if (!ruling.IsOk)
            return ruling.PermitUnchanged();
        if (Refusals.MustRefuse(ruling, online) is { } refusal)
            return Judgement.Refuted(refusal);
        return ruling.Seen.After.Find(number) is not { } shown || shown.IsOnline == online
            ? ruling.PermitUnchanged()
            : ruling.RefuteAnswer(online ? "an errno: it is not online" : "an errno: it is not offline", source);
    }

    /// <summary>True if a device that is still worked on may have blocks on the node: what is counted there
    /// lags.</summary>
    public static bool LagsOn(Transition seen, short node)
    {
        foreach (ref readonly var device in seen.After.Devices)
            if (device.InFlight && HasBlocksOn(seen, device, node))
                return true;
        return false;
    }

    private static bool HasBlocksOn(Transition seen, in DeviceObservation device, short node)
    {
        if (device.Name.Kind == NameKind.DeviceMemory)
            return seen.Spec.DeviceMemories[device.Name.Id - 1].Node == node;
        foreach (var observation in (ReadOnlySpan<Observation>)[seen.Before, seen.After])
            foreach (var block in observation.Blocks)
                if (block.Node == node && device.Range.Contains(seen.Spec.PagesOf(block.Block)))
                    return true;
        return false;
    }

    // Where pages are not followed one by one, memory may get short at any time: then such a balloon gives back what it
    // has.
    private static bool DeflatedOnOom(State next, Transition seen, in BalloonObservation balloon) =>
        balloon.Driver == BalloonDriver.Virtio && balloon.Pages < next.Find(BalloonDriver.Virtio)?.Pages
        && !seen.Sees(Visibility.Placement) && seen.Spec.Balloons.Any(static b => b is { Driver: BalloonDriver.Virtio, DeflateOnOom: true });

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

        foreach (var block in known.Blocks)
            if (device.Range.Contains(block.Range) && next.Find(block.Number) is null)
                next = next with { Poisoned = WithoutRange(next.Poisoned, block.Range) };
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
