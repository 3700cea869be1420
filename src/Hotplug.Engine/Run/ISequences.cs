using Hotplug.Contract;
using Hotplug.Contract.Machines;

namespace Hotplug.Engine.Run;

/// <summary>
/// Draws what a campaign runs: for every sequence a machine and a source of operations, from its own seed.
/// </summary>
public interface ISequences
{
    /// <summary>A coherent spec that uses no more than these levels.</summary>
    MachineSpec DrawSpec(ref SplitMix random, Levels levels);

    /// <summary>A source of operations for that spec.</summary>
    IOperationSource DrawSource(ref SplitMix random, MachineSpec spec, Levels levels);
}
