using Hotplug.Adapters.Kernel;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Adapters.Recording;

/// <summary>
/// A recorded kernel as a machine: it answers every operation with what was recorded, so that judging a recording is
/// judging a machine. It can only be taken through the operations that were recorded, in their order.
/// </summary>
public sealed class RecordingMachine(RecordedRun run) : IMachine
{
    private int _next;

    /// <inheritdoc/>
    public MachineIdentity Identity { get; } = new("recording", run.Kernel,
        KernelObservation.LevelsOf(run.Spec) | KernelObservation.LevelsOf(run.Effects), KernelObservation.Shown)
    {
        Effects = run.Effects,
    };

    /// <summary>Operations of the recording that were executed.</summary>
    public int Executed => _next;

    /// <inheritdoc/>
    public void Reset(MachineSpec spec) => _next = 0;

    /// <inheritdoc/>
    public void Execute(in Operation operation, in Target target, Outcome outcome)
    {
        if (_next == run.Steps.Length && run.Crash is { } crash && crash.Operation == operation)
            throw new KernelCrashException(crash.Evidence);
        if (_next >= run.Steps.Length || run.Steps[_next].Operation != operation)
            throw new HarnessException(
                $"{run.File} holds no operation {_next} '{operation}': a recording is replayed in its own order");
        KernelObservation.Write(run.Steps[_next++].Outcome, outcome);
    }

    /// <inheritdoc/>
    public void Observe(Observation observation) =>
        KernelObservation.Write(_next == 0 ? run.Start : run.Steps[_next - 1].State, this, observation);

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing is held: a recording is in memory.
    }
}

/// <summary>The recorded kernel crashed here: replaying it does, too.</summary>
public sealed class KernelCrashException(string evidence) : Exception(evidence);
