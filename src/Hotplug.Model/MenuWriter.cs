using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model;

/// <summary>Says what can sensibly be done in a state, by symbolic names.</summary>
internal static class MenuWriter
{
    /// <summary>Fills the menu.</summary>
    public static void Write(State state, Menu menu)
    {
        var spec = state.Spec;
        menu.Clear();
        foreach (var block in state.Blocks)
            if (!block.Hidden)
                menu.Blocks.Add(new MenuBlock(NameOf(state, spec, block), block.Online ? BlockState.Online : BlockState.Offline, block.Zone, block.SelfHosted));
        foreach (var device in state.Devices)
            menu.Devices.Add(Device(state, device));
        foreach (var allocation in state.Allocations)
            menu.Allocations.Add(new MenuAllocation(Name.Allocation(allocation.Id), allocation.Count, allocation.Extra.IsEmpty ? 0 : allocation.Extra.Values.Sum(), allocation.Freed, allocation.Contig));
        foreach (var memory in state.DeviceMemories)
            menu.DeviceMemories.Add(new MenuDeviceMemory(Name.DeviceMemory(memory.Id), memory.Plugged,
                spec.RegionOf(memory.Id).Count / spec.DeviceMemories[memory.Id - 1].SubBlockPages));
        foreach (var pfn in state.Poisoned)
            if (state.Find(spec.BlockOf(pfn)) is { Owner: not Block.OfBalloon } block)
                menu.Poisoned.Add(new MenuPage(NameOf(state, spec, block).WithPage(pfn - block.Range.Start), PageFlags.HwPoison));
        menu.Loaned = state.Loans?.Pages ?? -1;
        menu.LoanTarget = state.Loans?.Target ?? 0;
        foreach (var balloon in state.Balloons)
            menu.Ballooned[(int)balloon.Driver] = balloon.Pages;
        menu.Callbacks = state.Callbacks;
        foreach (var block in state.Blocks)
            if (block.Driver != CallbackOwner.Generic && block.Owner != Block.OfBalloon)
                WriteUnbacked(state, spec, block, menu);
        menu.NextDevice = state.NextDevice;
        menu.NextAllocation = state.NextAllocation;
        menu.FreeDimmBlocks = spec.DimmBlocks - state.Blocks.Count(static b => b.Owner > 0);
        menu.FreePages = state.FreePages;
        menu.PcplistsDisabled = state.PcplistsDisabled;
        menu.VetoArmed = state.Veto.K > 0;
        menu.OnlineErrorArmed = state.OnlineError != Contract.Errno.None;
        menu.OfflineErrorArmed = state.OfflineError != Contract.Errno.None;
    }

    // The first run: that of an offline block too, which only Hyper-V backs.
    private static void WriteUnbacked(State state, Contract.Machines.MachineSpec spec, in Block block, Menu menu)
    {
        var start = block.Range.Start;
        var end = block.Range.End;
        foreach (var backed in state.Backed)
            if (backed.Start <= start)
                start = Math.Max(start, backed.End);
            else
                end = Math.Min(end, Math.Max(start, backed.Start));
        if (start < end)
            menu.Unbacked.Add(new MenuUnbacked(
                NameOf(state, spec, block).WithPage(start - block.Range.Start), end - start, !block.Hidden));
    }

    private static MenuDevice Device(State state, in Device device)
    {
        var blocks = 0;
        var allOffline = true;
        foreach (var block in state.Blocks)
            if (block.Owner == device.Id)
            {
                blocks++;
                allOffline &= !block.Online;
            }

        return new MenuDevice(Name.Device(device.Id), blocks, allOffline);
    }

    private static Name NameOf(State state, Contract.Machines.MachineSpec spec, in Block block) => block.Owner switch
    {
        0 => Name.Boot.WithBlock(block.Number),
        < 0 => Name.DeviceMemory(-block.Owner).WithBlock(block.Number - spec.DeviceMemories[-block.Owner - 1].FirstBlock),
        _ => Name.Device(block.Owner).WithBlock(block.Number - (int)(state.Device(block.Owner)!.Value.Range.Start / spec.PagesPerBlock)),
    };
}
