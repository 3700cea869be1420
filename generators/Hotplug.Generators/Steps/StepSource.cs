using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;

namespace Hotplug.Generators.Steps;

/// <summary>
/// Draws operations step by step, looking at what can be done now: most are sensible, some belong together, some are
/// meant to be refused. Endless; equal seeds on equal menus give equal operations. Allocates nothing per step.
/// </summary>
/// <param name="seed">Seed of the run.</param>
/// <param name="steering">The family of invariants that the run should exercise most; null: none in particular.</param>
/// <param name="guidance">What guides the steps besides the state.</param>
public sealed class StepSource(ulong seed, Family? steering = null, Guidance guidance = Guidance.Full)
    : IOperationSource
{
    /// <summary>Draws that may find nothing to do before time passes instead.</summary>
    private const int MostDraws = 12;

    /// <summary>Out of 100 steps inside a sequence, those that put something else in between.</summary>
    private const int InterleavePercent = 10;

    private readonly Draw _draw = new();
    private readonly long[]? _taken;
    private readonly Swarm _swarm = new();

    internal StepSource(ulong seed, Family? steering, Guidance guidance, long[] taken, string? without)
        : this(seed, steering, guidance)
    {
        _taken = taken;
        _swarm = new Swarm { Without = without };
    }

    /// <inheritdoc/>
    public bool NeedsMenu => true;

    /// <inheritdoc/>
    public void Begin(MachineSpec spec, Levels levels)
    {
        var random = new SplitMix(seed);
        _swarm.Begin(ref random, levels, steering, guidance);
        _draw.Begin(random, spec, levels);
    }

    /// <inheritdoc/>
    public bool TryNext(Menu menu, out Operation operation)
    {
        _draw.Look(menu);
        if (_draw.HasPlanned && !_draw.Chance(InterleavePercent))
            operation = _draw.TakePlanned();
        else if (!TryFresh(out operation))
            operation = Operation.Tick(1);
        return true;
    }

    private bool TryFresh(out Operation operation)
    {
        for (var i = 0; i < MostDraws; i++)
        {
            var arm = _swarm.Pick(_draw, Shape());
            if (arm < 0 || !OperationWeights.Rows[arm].TryDraw(_draw, out operation))
                continue;
            if (_taken is not null)
                _taken[arm]++;
            return true;
        }

        operation = default;
        return false;
    }

    private ArmShape Shape()
    {
        var lot = _draw.Below(100);
        if (lot < _swarm.AdversarialPercent)
            return ArmShape.Adversarial;
        // A sequence inside a sequence would only cut the first one short.
        return !_draw.HasPlanned && lot >= 100 - _swarm.SequencePercent ? ArmShape.Sequence : ArmShape.Sensible;
    }
}
