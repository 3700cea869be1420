using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;
using Hotplug.Generators.Steps;

namespace Hotplug.Generators.Kernels;

/// <summary>
/// The steps of another source, with <see cref="Occasions"/> among them: a live kernel runs a few hundred sequences where
/// a machine of ours runs millions, and what needs five things in a row would never happen.
/// </summary>
internal sealed class OccasionSource(ulong seed, IOperationSource source) : IOperationSource
{
    /// <summary>Out of 100 steps that are free, those at which an occasion begins.</summary>
    private const int BeginPercent = 50;

    /// <summary>Out of 100 steps inside an occasion, those that put something else in between.</summary>
    private const int InterleavePercent = 8;

    private readonly Draw _draw = new();

    public bool NeedsMenu => true;

    public void Begin(MachineSpec spec, Levels levels)
    {
        _draw.Begin(new SplitMix(seed), spec, levels);
        source.Begin(spec, levels);
    }

    public bool TryNext(Menu menu, out Operation operation)
    {
        _draw.Look(menu);
        if (!_draw.HasPlanned && _draw.Chance(BeginPercent))
            Occasions.Plan(_draw);
        if (!_draw.HasPlanned || _draw.Chance(InterleavePercent))
            return source.TryNext(menu, out operation);
        operation = _draw.TakePlanned();
        return true;
    }
}
