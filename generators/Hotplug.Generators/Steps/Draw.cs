using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Generators.Steps;

/// <summary>
/// What an arm draws from: the randomness of the run, the menu of this step, and what was drawn before. Reused.
/// </summary>
internal sealed class Draw
{
    /// <summary>The longest continuation that a sequence may leave behind.</summary>
    private const int MostPlanned = 16;

    /// <summary>
    /// Out of 100 picks, those that stay with the block of the pick before: what matters happens to one block.
    /// </summary>
    private const int FocusPercent = 50;

    /// <summary>Out of 100 picks that would take any block, those that may take boot memory.</summary>
    private const int BootPercent = 12;

    private readonly Operation[] _planned = new Operation[MostPlanned];
    private SplitMix _random;
    private Name _focus;
    private int _nextPlanned;
    private int _plannedCount;

    internal MachineSpec Spec { get; private set; } = new();

    internal Levels Levels { get; private set; }

    internal Menu Menu { get; private set; } = new();

    /// <summary>True while a sequence has operations left.</summary>
    internal bool HasPlanned => _nextPlanned < _plannedCount;

    internal void Begin(SplitMix random, MachineSpec spec, Levels levels)
    {
        _random = random;
        Spec = spec;
        Levels = levels;
        _focus = default;
        _nextPlanned = _plannedCount = 0;
    }

    internal void Look(Menu menu) => Menu = menu;

    internal bool Has(Levels levels) => (Levels & levels) == levels;

    internal int Below(int bound) => _random.Below(bound);

    internal long Below(long bound) => _random.Below(bound);

    internal int Between(int low, int high) => _random.Between(low, high);

    internal bool Chance(int percent) => _random.Chance(percent);

    internal T Any<T>(ReadOnlySpan<T> values) => values[_random.Below(values.Length)];

    /// <summary>Leaves an operation for a later step.</summary>
    internal Draw Then(in Operation operation)
    {
        if (!HasPlanned)
            _nextPlanned = _plannedCount = 0;
        if (_plannedCount < MostPlanned)
            _planned[_plannedCount++] = operation;
        return this;
    }

    internal Operation TakePlanned() => _planned[_nextPlanned++];

    /// <summary>A block of the menu that fits; false if there is none.</summary>
    internal bool TryBlock(BlockWish wish, out MenuBlock block)
    {
        if ((wish & BlockWish.Anywhere) == BlockWish.None)
            wish |= Chance(BootPercent) ? BlockWish.Anywhere : BlockWish.Dimm | BlockWish.DeviceMemory;
        var focused = -1;
        var fitting = 0;
        var blocks = Menu.Blocks;
        for (var i = 0; i < blocks.Count; i++)
        {
            if (!Fits(wish, blocks[i]))
                continue;
            fitting++;
            if (blocks[i].Name == _focus)
                focused = i;
        }

        block = default;
        if (fitting == 0)
            return false;
        block = focused >= 0 && Chance(FocusPercent) ? blocks[focused] : Nth(wish, Below(fitting));
        _focus = block.Name;
        return true;
    }

    /// <summary>A page of a fitting block.</summary>
    internal bool TryPage(BlockWish wish, out Name page)
    {
        page = default;
        if (!TryBlock(wish, out var block))
            return false;
        // The vmemmap at a block's start is worth a page now and then; most of the time the rest is.
        var first = Chance(10) || block.SelfHosted == Spec.PagesPerBlock ? 0 : block.SelfHosted;
        page = block.Name.WithPage(first + Below(Spec.PagesPerBlock - first));
        return true;
    }

    internal bool TryDevice(bool offlineOnly, out MenuDevice device)
    {
        device = default;
        var fitting = 0;
        foreach (var candidate in Menu.Devices)
            if ((!offlineOnly || candidate.AllOffline) && Below(++fitting) == 0)
                device = candidate;
        return fitting > 0;
    }

    internal bool TryAllocation(bool withExtra, bool freed, out MenuAllocation allocation)
    {
        allocation = default;
        var fitting = 0;
        foreach (var candidate in Menu.Allocations)
            if ((!withExtra || candidate.Extra > 0) && candidate.Freed == freed && Below(++fitting) == 0)
                allocation = candidate;
        return fitting > 0;
    }

    internal bool TryDeviceMemory(out MenuDeviceMemory memory)
    {
        memory = Menu.DeviceMemories.Count == 0 ? default : Menu.DeviceMemories[Below(Menu.DeviceMemories.Count)];
        return Menu.DeviceMemories.Count > 0;
    }

    /// <summary>A balloon that the machine has.</summary>
    internal bool TryBalloon(out BalloonDriver driver, out long held)
    {
        driver = default;
        held = -1;
        var fitting = 0;
        for (var i = 0; i < Menu.Ballooned.Length; i++)
            if (Menu.Ballooned[i] >= 0 && Below(++fitting) == 0)
                (driver, held) = ((BalloonDriver)i, Menu.Ballooned[i]);
        return fitting > 0;
    }

    /// <summary>Node 0, or any possible node of a machine with several.</summary>
    internal short Node() => Has(Levels.Numa) && Spec.Nodes > 1 ? (short)Below(Spec.Nodes) : (short)0;

    /// <summary>The first CPU, or any of a machine with per-CPU lists.</summary>
    internal short Cpu() => Has(Levels.Pcplists) && Spec.HasPcplists && Spec.Cpus > 1 ? (short)Below(Spec.Cpus) : (short)0;

    /// <summary>A number of pages that suits what is free: mostly few, now and then nearly all.</summary>
    internal long Pages()
    {
        var free = Math.Max(1, Menu.FreePages);
        return Below(8) switch
        {
            < 4 => 1 + Below(Math.Min(free, Spec.PagesPerPageblock)),
            < 7 => 1 + Below(Math.Min(free, Spec.PagesPerBlock)),
            _ => 1 + Below(free),
        };
    }

    private MenuBlock Nth(BlockWish wish, int n)
    {
        foreach (var block in Menu.Blocks)
            if (Fits(wish, block) && n-- == 0)
                return block;
        return default;
    }

    private static bool Fits(BlockWish wish, in MenuBlock block)
    {
        var place = block.Name.Kind == NameKind.DeviceMemory ? BlockWish.DeviceMemory
            : block.Name.Id == 0 ? BlockWish.Boot : BlockWish.Dimm;
        var state = block.State == BlockState.Offline ? BlockWish.Offline : BlockWish.Online;
        return (wish & place) != BlockWish.None
            && ((wish & BlockWish.AnyState) == BlockWish.None || (wish & state) != BlockWish.None);
    }
}

/// <summary>
/// What kind of block an arm asks for. Without a place: hot ones, now and then any; without a state: any state.
/// </summary>
[Flags]
internal enum BlockWish
{
    None = 0,
    Online = 1 << 0,
    Offline = 1 << 1,
    Dimm = 1 << 2,
    DeviceMemory = 1 << 3,
    Boot = 1 << 4,
    AnyState = Online | Offline,
    Anywhere = Dimm | DeviceMemory | Boot,
}
