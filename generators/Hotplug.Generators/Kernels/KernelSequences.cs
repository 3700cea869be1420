using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;
using Hotplug.Generators.Steps;

namespace Hotplug.Generators.Kernels;

/// <summary>
/// What a campaign against a live kernel runs: one of the machines that its hypervisor offers, and operations that user
/// space of that kernel can ask for.
/// </summary>
/// <param name="specs">The machines; every one must be given at least once, more often where it should be drawn more
/// often.</param>
public sealed class KernelSequences(ImmutableArray<MachineSpec> specs) : ISequences
{
    private const int SteeredPercent = 50;
    private const int OccasionPercent = 60;

    private static readonly Family[] s_families =
    [
        Family.Blocks, Family.Zones, Family.Rollback, Family.Accounting, Family.PageOffline, Family.DeviceMemory,
        Family.Poison, Family.Vmemmap, Family.Balloon, Family.References, Family.Conservation, Family.Notifiers,
    ];

    private static readonly AutoOnline[] s_autoOnline =
    [
        AutoOnline.Offline, AutoOnline.Offline, AutoOnline.Offline, AutoOnline.Online, AutoOnline.OnlineKernel,
        AutoOnline.OnlineMovable,
    ];

    /// <inheritdoc/>
    public MachineSpec DrawSpec(ref SplitMix random, Levels levels) => specs[random.Below(specs.Length)] with
    {
        AutoOnline = s_autoOnline[random.Below(s_autoOnline.Length)],
        AutoMovable = random.Chance(15),
    };

    /// <inheritdoc/>
    public IOperationSource DrawSource(ref SplitMix random, MachineSpec spec, Levels levels)
    {
        Family? family = random.Chance(SteeredPercent) ? s_families[random.Below(s_families.Length)] : null;
        var steps = new StepSource(random.Next(), family);
        return new KernelSource(random.Chance(OccasionPercent) ? new OccasionSource(random.Next(), steps) : steps);
    }
}
