using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Rules;

/// <summary>A memory block on the menu.</summary>
/// <param name="Name">Its symbolic name.</param>
/// <param name="State">Its state.</param>
/// <param name="Zone">Its zone when online.</param>
/// <param name="SelfHosted">Vmemmap pages at its start.</param>
public readonly record struct MenuBlock(Name Name, BlockState State, ZoneKind Zone, int SelfHosted);

/// <summary>A hot-added device on the menu.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Blocks">Memory blocks that it still has.</param>
/// <param name="AllOffline">None of them is online.</param>
public readonly record struct MenuDevice(Name Name, int Blocks, bool AllOffline);

/// <summary>An allocation on the menu.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Pages">Its pages.</param>
/// <param name="Extra">Extra references that <c>get</c> took on its pages.</param>
/// <param name="Freed">Its own references were dropped; pages live on by extra ones.</param>
/// <param name="Contig">It came from <c>contig</c>.</param>
public readonly record struct MenuAllocation(Name Name, long Pages, int Extra, bool Freed, bool Contig = false);

/// <summary>A device memory on the menu.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Plugged">Plugged sub-blocks.</param>
/// <param name="SubBlocks">Sub-blocks of its region.</param>
public readonly record struct MenuDeviceMemory(Name Name, long Plugged, long SubBlocks);

/// <summary>A page worth naming.</summary>
/// <param name="Name">Its symbolic name.</param>
/// <param name="Flags">What is known of it.</param>
public readonly record struct MenuPage(Name Name, PageFlags Flags);

/// <summary>Pages that a balloon driver added and nothing backs yet.</summary>
/// <param name="First">The first of them, by its symbolic name.</param>
/// <param name="Pages">How many, one after the other, in one memory block.</param>
/// <param name="Registered">User space sees their block.</param>
public readonly record struct MenuUnbacked(Name First, long Pages, bool Registered);

/// <summary>What can sensibly be done in a state: what generators choose from. Reused.</summary>
public sealed class Menu
{
    /// <summary>Memory blocks, hot ones and boot ones.</summary>
    public List<MenuBlock> Blocks { get; } = [];

    /// <summary>Hot-added devices.</summary>
    public List<MenuDevice> Devices { get; } = [];

    /// <summary>Live allocations.</summary>
    public List<MenuAllocation> Allocations { get; } = [];

    /// <summary>Device memories.</summary>
    public List<MenuDeviceMemory> DeviceMemories { get; } = [];

    /// <summary>Poisoned pages.</summary>
    public List<MenuPage> Poisoned { get; } = [];

    /// <summary>Pages that <c>back</c> may name, a run of each memory block.</summary>
    public List<MenuUnbacked> Unbacked { get; } = [];

    /// <summary>Whose online_page callbacks are set.</summary>
    public CallbackOwners Callbacks { get; set; }

    /// <summary>Pages held by each balloon, indexed by <see cref="BalloonDriver"/>; −1: no such balloon.</summary>
    public long[] Ballooned { get; } = [-1, -1, -1, -1];

    /// <summary>Pages that CMM has on loan; −1: there is no CMM.</summary>
    public long Loaned { get; set; } = -1;

    /// <summary>Pages that the hypervisor wants on loan.</summary>
    public long LoanTarget { get; set; }

    /// <summary>Number for the next <c>dN</c>.</summary>
    public int NextDevice { get; set; }

    /// <summary>Number for the next <c>aN</c>.</summary>
    public int NextAllocation { get; set; }

    /// <summary>Free memory blocks in the DIMM range.</summary>
    public int FreeDimmBlocks { get; set; }

    /// <summary>Managed pages that are free, as far as known.</summary>
    public long FreePages { get; set; }

    /// <summary>A <c>veto</c> waits for the next operation.</summary>
    public bool VetoArmed { get; set; }

    /// <summary>A sticky error for GOING_ONLINE is set.</summary>
    public bool OnlineErrorArmed { get; set; }

    /// <summary>A sticky error for GOING_OFFLINE is set.</summary>
    public bool OfflineErrorArmed { get; set; }

    /// <summary>The per-CPU lists are disabled by an operation.</summary>
    public bool PcplistsDisabled { get; set; }

    /// <summary>Empties the menu.</summary>
    public void Clear()
    {
        Blocks.Clear();
        Devices.Clear();
        Allocations.Clear();
        DeviceMemories.Clear();
        Poisoned.Clear();
        Unbacked.Clear();
        Callbacks = CallbackOwners.None;
        Ballooned.AsSpan().Fill(-1);
        NextDevice = NextAllocation = 1;
        FreeDimmBlocks = 0;
        FreePages = 0;
        Loaned = -1;
        LoanTarget = 0;
        VetoArmed = OnlineErrorArmed = OfflineErrorArmed = PcplistsDisabled = false;
    }
}
