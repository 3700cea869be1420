using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Engine.Faults;

/// <summary>A machine whose answers pass through unchanged; what is noticed is whether an armed fault struck.</summary>
internal sealed class FaultWatch(IMachine machine) : IMachine
{
    /// <summary>The operation in which a fault struck since the last <see cref="Reset"/>; <c>default</c> if none
    /// did.</summary>
    public Operation StruckIn { get; private set; }

    /// <inheritdoc/>
    public MachineIdentity Identity => machine.Identity;

    /// <inheritdoc/>
    public void Reset(MachineSpec spec)
    {
        StruckIn = default;
        machine.Reset(spec);
    }

    /// <inheritdoc/>
    public void Execute(in Operation operation, in Target target, Outcome outcome)
    {
        machine.Execute(operation, target, outcome);
        foreach (ref readonly var effect in outcome.Effects)
            if (effect.Kind == EffectKind.FaultInjected)
                StruckIn = operation;
    }

    /// <inheritdoc/>
    public void Observe(Observation observation) => machine.Observe(observation);

    /// <summary>The machine stays its owner's.</summary>
    public void Dispose()
    {
    }
}
