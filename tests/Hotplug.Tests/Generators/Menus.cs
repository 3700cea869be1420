using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Tests.Generators;

/// <summary>Menus written by hand, for tests of what looks at one.</summary>
internal static class Menus
{
    /// <summary>
    /// A machine on which everything can be done: blocks in every state, allocations, a balloon, device memory.
    /// </summary>
    internal static Menu Rich(MachineSpec spec)
    {
        var menu = new Menu();
        menu.Clear();
        menu.Blocks.Add(new MenuBlock(Name.Boot.WithBlock(0), BlockState.Online, ZoneKind.Normal, 0));
        menu.Blocks.Add(new MenuBlock(Name.Device(1).WithBlock(0), BlockState.Online, ZoneKind.Movable, 4));
        menu.Blocks.Add(new MenuBlock(Name.Device(1).WithBlock(1), BlockState.Offline, ZoneKind.None, 0));
        menu.Blocks.Add(new MenuBlock(Name.Device(3).WithBlock(0), BlockState.Offline, ZoneKind.None, 0));
        menu.Devices.Add(new MenuDevice(Name.Device(1), 2, AllOffline: false));
        menu.Devices.Add(new MenuDevice(Name.Device(3), 1, AllOffline: true));
        menu.Allocations.Add(new MenuAllocation(Name.Allocation(1), 5, Extra: 0, Freed: false));
        menu.Allocations.Add(new MenuAllocation(Name.Allocation(2), 1, Extra: 2, Freed: true));
        menu.Allocations.Add(new MenuAllocation(Name.Allocation(4), 3, Extra: 1, Freed: false));
        for (var id = 1; id <= spec.DeviceMemories.Length; id++)
        {
            var memory = spec.DeviceMemories[id - 1];
            menu.Blocks.Add(new MenuBlock(Name.DeviceMemory(id).WithBlock(0), BlockState.Online, ZoneKind.Movable, 0));
            menu.DeviceMemories.Add(new MenuDeviceMemory(
                Name.DeviceMemory(id), 1, (long)memory.Blocks * spec.PagesPerBlock / memory.SubBlockPages));
        }

        foreach (var balloon in spec.Balloons)
            menu.Ballooned[(int)balloon.Driver] = 3;
        menu.Poisoned.Add(new MenuPage(Name.Device(1).WithBlock(0).WithPage(7), PageFlags.HwPoison));
        menu.NextDevice = 4;
        menu.NextAllocation = 5;
        menu.FreeDimmBlocks = 2;
        menu.FreePages = 20;
        return menu;
    }

    /// <summary>A machine on which next to nothing can be done.</summary>
    internal static Menu Bare()
    {
        var menu = new Menu();
        menu.Clear();
        return menu;
    }
}
