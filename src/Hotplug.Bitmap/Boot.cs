using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>Makes the state of a machine that was just started: boot memory online, nothing added.</summary>
internal static class Boot
{
    public static MachineState Start(MachineSpec spec, Journal journal)
    {
        var layout = new BlockLayout(spec);
        var memories = new DeviceMemory[spec.DeviceMemories.Length];
        for (var i = 0; i < memories.Length; i++)
            memories[i] = new DeviceMemory(i + 1, spec.DeviceMemories[i], spec.PagesPerBlock);
        var zones = new ZoneTable(spec, layout);
        var state = new MachineState
        {
            Spec = spec,
            Layout = layout,
            Journal = journal,
            Blocks = new BlockTable(layout),
            Zones = zones,
            Pcplists = new Pcplists(spec, zones.Count),
            Runs = new RunPool(),
            References = new PageReferences(),
            Devices = new DeviceTable(),
            Memories = memories,
            Groups = new MemoryGroups(),
            Resources = new ResourceTable(),
            Injection = new Injection(),
            Allocations = new AllocationTable(),
            NodeOnline = new bool[spec.Nodes],
            NodeBlocks = new int[spec.Nodes],
            AutoOnline = spec.AutoOnline,
            AutoMovable = spec.AutoMovable,
            MemmapOnMemory = spec.MemmapOnMemory,
        };
        state.NodeOnline[0] = true;
        AddBalloons(state);
        state.Callbacks = Callbacks.AtStart(spec);
        OnlineBootMemory(state);
        return state;
    }

    private static void AddBalloons(MachineState state)
    {
        // CMM is a balloon by name only: its pages are the kernel's, and its list keeps them.
        if (state.Spec.HasCmm)
            state.Cmm = new Cmm(state.Spec.PagesPerLoanList);
        var specs = state.Spec.Balloons.RemoveAll(static b => b.Driver == BalloonDriver.Cmm);
        state.Balloons = new Balloon[specs.Length];
        for (var i = 0; i < state.Balloons.Length; i++)
        {
            var spec = specs[i];
            var holder = state.Runs.AddHolder();
            state.Runs.HolderOf(holder).Use = Balloon.UseOf(spec.Driver);
            state.Runs.HolderOf(holder).Owner = Balloon.OwnerOf(spec.Driver);
            state.Balloons[i] = new Balloon(spec, holder);
            state.DeflatesOnOom |= spec.DeflateOnOom;
            state.HasOtherBalloons |= spec.Driver != BalloonDriver.Virtio;
        }
    }

    private static void OnlineBootMemory(MachineState state)
    {
        var buddy = new BuddyAllocator(state.Layout, state);
        var normal = state.Zones.Of(0, ZoneKind.Normal);
        for (var number = 0; number < state.Spec.BootBlocks; number++)
        {
            var block = state.Blocks.Add(number);
            SetShape(block, state.Spec);
            var end = state.Layout.PagesPerBlock - block.Hole;
            block.Home = ZoneTable.IndexOf(0, ZoneKind.Normal);
            block.Zone = block.SpansZones ? ZoneKind.None : ZoneKind.Normal;
            block.WasOnline = true;
            state.Blocks.SetState(block, BlockState.Online);
            state.NodeBlocks[0]++;
            state.Fill(block, 0, state.Layout.PagesPerBlock, PageUse.Kernel);
            normal.AddMember(number);
            Count(normal, end - block.Foreign);
            if (block.Foreign > 0)
                AddForeignZone(state, block.Foreign);
            if (end > block.Foreign)
            {
                state.Fill(block, block.Foreign, end - block.Foreign, PageUse.Free);
                buddy.Free(block, block.Foreign, end - block.Foreign);
            }

            buddy.List(block);
            state.Touch(block);
            normal.Start = number == 0 ? block.Foreign : normal.Start;
            normal.End = state.PageOf(block, end);
        }
    }

    // A PC: block 0 begins with zone DMA, the last boot block – another one – ends with a hole, a pageblock each where
    // that leaves something.
    private static void SetShape(MemoryBlock block, MachineSpec spec)
    {
        if (!spec.PcBoot)
            return;
        var unit = Math.Min(spec.PagesPerPageblock, spec.PagesPerBlock / 2);
        if (block.Number == 0)
            block.Foreign = unit;
        if (block.Number == spec.BootBlocks - 1)
            block.Hole = unit;
    }

    // The kernel keeps the pages of zone DMA for itself: present, managed, never free.
    private static void AddForeignZone(MachineState state, int pages)
    {
        var dma = state.Zones.Of(0, ZoneKind.Dma);
        dma.End = pages;
        Count(dma, pages);
    }

    private static void Count(Zone zone, long pages)
    {
        zone.Present += pages;
        zone.PresentEarly += pages;
        zone.Managed += pages;
    }
}
