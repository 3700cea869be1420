using Hotplug.Contract.Operations;

namespace Hotplug.Generators.Steps;

/// <summary>Sensible operations on balloons and device memory.</summary>
internal static class DriverArms
{
    internal static bool Inflate(Draw draw, out Operation operation)
    {
        var found = draw.TryBalloon(out var driver, out _) && draw.Menu.FreePages > 0;
        operation = found ? Operation.Inflate(driver, draw.Pages()) : default;
        return found;
    }

    internal static bool Deflate(Draw draw, out Operation operation)
    {
        var found = draw.TryBalloon(out var driver, out var held) && held > 0;
        operation = found ? Operation.Deflate(driver, draw.Chance(30) ? held : 1 + draw.Below(held)) : default;
        return found;
    }

    internal static bool BalloonTarget(Draw draw, out Operation operation)
    {
        var found = draw.TryBalloon(out var driver, out var held);
        operation = found ? Operation.BalloonTarget(driver, draw.Below(held + draw.Pages() + 1)) : default;
        return found;
    }

    internal static bool Plug(Draw draw, out Operation operation)
    {
        var found = draw.TryDeviceMemory(out var memory) && memory.Plugged < memory.SubBlocks;
        operation = found ? Operation.Plug(memory.Name, Few(draw, memory.SubBlocks - memory.Plugged)) : default;
        return found;
    }

    internal static bool Unplug(Draw draw, out Operation operation)
    {
        var found = draw.TryDeviceMemory(out var memory) && memory.Plugged > 0;
        operation = found ? Operation.Unplug(memory.Name, Few(draw, memory.Plugged)) : default;
        return found;
    }

    internal static bool Resize(Draw draw, out Operation operation)
    {
        var found = draw.TryDeviceMemory(out var memory);
        operation = found ? Operation.Resize(memory.Name, draw.Below(memory.SubBlocks + 1)) : default;
        return found;
    }

    /// <summary>
    /// Sub-blocks out of at most so many: mostly a few, which leaves blocks partly plugged, now and then all.
    /// </summary>
    internal static long Few(Draw draw, long most) =>
        draw.Chance(20) ? most : 1 + draw.Below(draw.Chance(60) ? Math.Min(most, 3) : most);
}
