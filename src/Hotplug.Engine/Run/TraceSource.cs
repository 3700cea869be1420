using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Engine.Run;

/// <summary>Replays given operations.</summary>
public sealed class TraceSource(ImmutableArray<Operation> operations) : IOperationSource
{
    private int _next;

    /// <inheritdoc/>
    public bool NeedsMenu => false;

    /// <inheritdoc/>
    public void Begin(MachineSpec spec, Levels levels) => _next = 0;

    /// <inheritdoc/>
    public bool TryNext(Menu menu, out Operation operation)
    {
        if (_next == operations.Length)
        {
            operation = default;
            return false;
        }

        operation = operations[_next++];
        return true;
    }
}
