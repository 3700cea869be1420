using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Adapters.Recording;

/// <summary>
/// A recorded kernel as a machine: it answers every operation with what was recorded, so that judging a recording is
/// judging
/// a machine. It can only be taken through the operations that were recorded, in their order.
/// </summary>
public sealed class RecordingMachine(RecordedRun run) : IMachine
{
    private const Visibility Shown = Visibility.Blocks | Visibility.Zones | Visibility.ZoneStart | Visibility.PageTypes
        | Visibility.References | Visibility.Devices | Visibility.Balloons | Visibility.Counters | Visibility.Nodes
        | Visibility.Resources;

    private int _next;

    /// <inheritdoc/>
    public MachineIdentity Identity { get; } = new("recording", run.Kernel, LevelsOf(run.Spec), Shown);

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
        var recorded = run.Steps[_next++].Outcome;
        outcome.Answer = recorded.Answer;
        outcome.Log = recorded.Log;
        foreach (ref readonly var witness in recorded.Witness.AsSpan())
            outcome.Add(witness);
    }

    /// <inheritdoc/>
    public void Observe(Observation observation)
    {
        var state = _next == 0 ? run.Start : run.Steps[_next - 1].State;
        var mine = ReferenceEquals(observation.Writer, this);
        observation.Writer = this;
        observation.Visible = Shown;
        observation.Begin(whole: true);
        foreach (var block in state.Blocks)
            Write(observation.Open(block.Block), block, observation, mine);
        foreach (ref readonly var zone in state.Zones.AsSpan())
            observation.Add(zone);
        foreach (ref readonly var node in state.Nodes.AsSpan())
            observation.Add(node);
        foreach (ref readonly var device in state.Devices.AsSpan())
            observation.Add(device);
        foreach (ref readonly var balloon in state.Balloons.AsSpan())
            observation.Add(balloon);
        foreach (ref readonly var resource in state.Resources.AsSpan())
            observation.Add(resource);
        observation.ManagedTotal = state.ManagedTotal;
        observation.PoisonedPages = state.PoisonedPages;
        observation.End();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing is held: a recording is in memory.
    }

    private static void Write(BlockObservation to, RecordedBlock from, Observation observation, bool mine)
    {
        if (!mine || to.Stamp != from.Stamp)
        {
            to.Stamp = from.Stamp;
            to.State = from.State;
            to.Node = from.Node;
            to.Zone = from.Zone;
            to.OtherZone = from.OtherZone;
            to.Pages.CopyFrom(from.Pages);
        }

        observation.Close(to);
    }

    private static Levels LevelsOf(MachineSpec spec)
    {
        var levels = Levels.Core | Levels.Balloon | Levels.DeviceMemory | Levels.Hwpoison | Levels.Faults;
        if (spec.Nodes > 1)
            levels |= Levels.Numa;
        if (spec.MemmapOnMemory != MemmapOnMemory.Off)
            levels |= Levels.MemmapOnMemory;
        return levels;
    }
}

/// <summary>The recorded kernel crashed here: replaying it does, too.</summary>
public sealed class KernelCrashException(string evidence) : Exception(evidence);
