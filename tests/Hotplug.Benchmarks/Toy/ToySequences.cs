using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;

namespace Hotplug.Benchmarks.Toy;

/// <summary>Uniform steps, 1 to 100 of them; one source, reused.</summary>
public sealed class ToySequences : ISequences, IOperationSource
{
    private SplitMix _random;
    private int _left;

    /// <inheritdoc/>
    public bool NeedsMenu => false;

    /// <inheritdoc/>
    public MachineSpec DrawSpec(ref SplitMix random, Levels levels) => ToyOperations.Spec;

    /// <inheritdoc/>
    public IOperationSource DrawSource(ref SplitMix random, MachineSpec spec, Levels levels)
    {
        _random = random;
        _left = _random.Between(1, ToyStep.MostSteps);
        return this;
    }

    /// <inheritdoc/>
    public void Begin(MachineSpec spec, Levels levels)
    {
        // Drawn ready to go.
    }

    /// <inheritdoc/>
    public bool TryNext(Menu menu, out Operation operation)
    {
        if (_left == 0)
        {
            operation = default;
            return false;
        }

        _left--;
        operation = ToyOperations.Of(ToyStep.Draw(ref _random));
        return true;
    }
}
