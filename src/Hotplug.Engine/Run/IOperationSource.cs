using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Engine.Run;

/// <summary>Where the operations of a run come from: a trace, or a generator that looks at the state.</summary>
public interface IOperationSource
{
    /// <summary>
    /// True if <see cref="TryNext"/> reads the menu; constant during a run. Without it the menu is not filled.
    /// </summary>
    bool NeedsMenu { get; }

    /// <summary>Starts a run on a machine of this spec that implements these levels.</summary>
    void Begin(MachineSpec spec, Levels levels);

    /// <summary>The next operation; false ends the run. The menu shows what can sensibly be done now.</summary>
    bool TryNext(Menu menu, out Operation operation);
}
