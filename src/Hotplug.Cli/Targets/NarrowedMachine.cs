using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Cli.Targets;

/// <summary>A machine of which fewer levels are judged than it has: nothing outside of them is generated.</summary>
internal sealed class NarrowedMachine(IMachine machine, Levels levels) : IMachine
{
    public MachineIdentity Identity { get; } = machine.Identity with { Levels = machine.Identity.Levels & levels };

    public void Reset(MachineSpec spec) => machine.Reset(spec);

    public void Execute(in Operation operation, in Target target, Outcome outcome) =>
        machine.Execute(operation, target, outcome);

    public void Observe(Observation observation) => machine.Observe(observation);

    public void Dispose() => machine.Dispose();
}
