using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Floors;
using Hotplug.Engine.Run;
using Hotplug.Generators.Floors;
using Hotplug.Generators.Specs;
using Hotplug.Generators.Steps;

namespace Hotplug.Generators;

/// <summary>
/// What a campaign runs: specs from <see cref="SpecDraw"/>, operations from <see cref="StepSource"/>.
/// </summary>
/// <param name="steering">
/// The family of invariants that every run should exercise most; null: a third of them, any family.
/// </param>
/// <param name="guidance">What guides the steps.</param>
public sealed class Sequences(Family? steering = null, Guidance guidance = Guidance.Full)
    : ISequences, ICountsChoices
{
    private const int SteeredPercent = 33;

    /// <summary>Specs drawn until one suits the family.</summary>
    private const int MostSpecs = 16;

    private static readonly Family[] s_families = Enum.GetValues<Family>();

    private readonly long[] _arms = new long[OperationWeights.Rows.Length];
    private readonly long[] _steered = new long[s_families.Length];
    private readonly long[] _traits = new long[SpecTraits.All.Length];

    /// <summary>A choice that is left out, to see who notices: an arm, or a family to steer towards; null:
    /// none.</summary>
    internal Floor? Without { get; init; }

    /// <inheritdoc/>
    public IEnumerable<Reach> Choices =>
    [
        .. SpecTraits.All.Select((trait, i) => new Reach(FloorKind.Spec, trait.What, _traits[i])),
        .. s_families.Select((family, i) => new Reach(FloorKind.Steering, Words.Of(family), _steered[i])),
        .. OperationWeights.Rows.Select((arm, i) => new Reach(FloorKind.Arm, arm.Name, _arms[i])),
    ];

    /// <inheritdoc/>
    public MachineSpec DrawSpec(ref SplitMix random, Levels levels)
    {
        var spec = SpecDraw.Any(ref random, levels);
        for (var i = 1; i < MostSpecs && !Suits(spec); i++)
            spec = SpecDraw.Any(ref random, levels);
        return spec;
    }

    /// <inheritdoc/>
    public IOperationSource DrawSource(ref SplitMix random, MachineSpec spec, Levels levels)
    {
        var family = steering;
        if (random.Chance(SteeredPercent) && guidance.HasFlag(Guidance.Steering))
            family ??= s_families[random.Below(s_families.Length)];
        if (Without?.Kind == FloorKind.Steering && family is { } towards && Words.Of(towards) == Without.What)
            family = null;
        Count(spec, family);
        return new StepSource(random.Next(), family, guidance, _arms,
            Without?.Kind == FloorKind.Arm ? Without.What : null);
    }

    private void Count(MachineSpec spec, Family? family)
    {
        if (family is { } towards)
            _steered[(int)towards]++;
        for (var i = 0; i < _traits.Length; i++)
            if (SpecTraits.All[i].Has(spec))
                _traits[i]++;
    }

    // Steering towards device memory is idle on a machine that has none.
    private bool Suits(MachineSpec spec) => steering switch
    {
        Family.DeviceMemory => !spec.DeviceMemories.IsEmpty,
        Family.Balloon => HasBalloon(spec),
        Family.Cmm => spec.HasHotplugAwareCmm,
        Family.PageOffline => !spec.DeviceMemories.IsEmpty || HasBalloon(spec),
        Family.Callback => spec.Balloons.Any(static b => b.Driver is BalloonDriver.Xen or BalloonDriver.HyperV),
        Family.Vmemmap => spec.CanSelfHost(spec.MemmapOnMemory),
        _ => true,
    };

    // CMM is among the balloons, and has no PageOffline pages.
    private static bool HasBalloon(MachineSpec spec) => spec.Balloons.Length > (spec.HasCmm ? 1 : 0);
}
