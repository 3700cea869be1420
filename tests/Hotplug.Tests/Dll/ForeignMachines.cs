using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Tests.Dll;

/// <summary>A machine that cannot be made: one of two in this assembly.</summary>
public sealed class BrokenForeignMachine : ForeignMachine
{
    public BrokenForeignMachine() => throw new InvalidOperationException("no memory to plug");
}

/// <summary>A machine that does nothing: the other one.</summary>
public sealed class IdleForeignMachine : ForeignMachine;

/// <summary>What both have.</summary>
public abstract class ForeignMachine : IMachine
{
    public MachineIdentity Identity { get; } = new("idle", "1", Levels.Core, Visibility.None);

    public void Reset(MachineSpec spec)
    {
    }

    public void Execute(in Operation operation, in Target target, Outcome outcome)
    {
    }

    public void Observe(Observation observation)
    {
    }

    public void Dispose() => GC.SuppressFinalize(this);
}
