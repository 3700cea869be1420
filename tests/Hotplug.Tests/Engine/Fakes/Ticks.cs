using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;

namespace Hotplug.Tests.Engine.Fakes;

/// <summary>Ticks of 1 to 1000 seconds, without end.</summary>
internal sealed class Ticks : ISequences, IOperationSource
{
    private const int MostSeconds = 1000;

    private SplitMix _random;

    public bool NeedsMenu => false;

    public MachineSpec DrawSpec(ref SplitMix random, Levels levels) => FakeMachine.Spec;

    public IOperationSource DrawSource(ref SplitMix random, MachineSpec spec, Levels levels)
    {
        _random = random;
        return this;
    }

    public void Begin(MachineSpec spec, Levels levels)
    {
        // Drawn ready to go.
    }

    public bool TryNext(Menu menu, out Operation operation)
    {
        operation = Operation.Tick(_random.Between(1, MostSeconds));
        return true;
    }
}
