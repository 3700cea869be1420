using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace ToyHotplug;

/// <summary>
/// A small machine with memory hotplug, level core: what somebody else's implementation looks like to the suite. It
/// refers to Hotplug.Contract and to nothing else of it.
/// </summary>
public sealed class ToyMachine : IMachine
{
    private ToyMemory? _memory;
    private long _version;

    public MachineIdentity Identity { get; } = new("toy", "1", Levels.Core,
        Visibility.All & ~(Visibility.Callbacks | Visibility.Pcplists));

    private ToyMemory Memory => _memory ?? throw new InvalidOperationException("Reset starts the machine");

    public void Reset(MachineSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.Nodes > 1 || !spec.DeviceMemories.IsEmpty || !spec.Balloons.IsEmpty)
            throw new HarnessException("a machine of level core has one node, no device memory and no balloon");
        _memory = new ToyMemory(spec);
    }

    public void Execute(in Operation operation, in Target target, Outcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        outcome.Answer = operation.Kind switch
        {
            OperationKind.Add => Memory.Add(operation, target, outcome),
            OperationKind.Remove or OperationKind.OfflineRemove or OperationKind.Eject =>
                Memory.Remove(operation, target, outcome),
            OperationKind.Alloc => Memory.Alloc(operation, outcome),
            OperationKind.Free => Memory.Free(operation.Subject.Id, outcome),
            OperationKind.Get or OperationKind.Put => Memory.Refer(operation, outcome),
            OperationKind.Policy => Memory.SetPolicy((PolicySetting)operation.Choice),
            OperationKind.Tick => Answer.Ok,
            _ => Memory.Write(operation, target, outcome),
        };
    }

    public void Observe(Observation observation)
    {
        ArgumentNullException.ThrowIfNull(observation);
        observation.Visible = Identity.Visible;
        observation.Begin(whole: true);
        foreach (var block in Memory.Blocks)
        {
            var seen = observation.Open(block.Number);
            // Every block is shown as changed: a machine that compares may keep the stamp, and is judged faster.
            seen.Stamp = ++_version;
            Memory.Show(block, seen);
            observation.Close(seen);
        }

        Memory.ShowSums(observation);
        observation.End();
    }

    public void Dispose()
    {
    }
}
