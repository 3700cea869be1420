using Hotplug.Adapters.Recording;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace Hotplug.Adapters.Kernel;

/// <summary>What a real kernel shows, recorded or live, in the words of the contract.</summary>
internal static class KernelObservation
{
    /// <summary>
    /// What can be seen of a real kernel. Where pages lie is not exact: it may move them at any time.
    /// </summary>
    internal const Visibility Shown = Visibility.Blocks | Visibility.Zones | Visibility.ZoneStart | Visibility.PageTypes
        | Visibility.References | Visibility.Devices | Visibility.Balloons | Visibility.Counters | Visibility.Nodes
        | Visibility.Resources;

    /// <summary>The levels of a kernel on this machine.</summary>
    internal static Levels LevelsOf(MachineSpec spec)
    {
        var levels = Levels.Core | Levels.Balloon | Levels.DeviceMemory | Levels.Hwpoison | Levels.Faults;
        if (spec.Nodes > 1)
            levels |= Levels.Numa;
        if (spec.MemmapOnMemory != MemmapOnMemory.Off)
            levels |= Levels.MemmapOnMemory;
        return levels;
    }

    /// <summary>The level of a kernel that tells these steps: without calls of callbacks there is no order to
    /// judge.</summary>
    internal static Levels LevelsOf(EffectKinds steps) =>
        steps.Has(EffectKind.Notified) ? Levels.Effects : Levels.None;

    /// <summary>
    /// Writes the state; blocks that the same writer wrote before and that did not change stay as they are.
    /// </summary>
    internal static void Write(RecordedState state, object writer, Observation observation)
    {
        var mine = ReferenceEquals(observation.Writer, writer);
        observation.Writer = writer;
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

    /// <summary>Hands a recorded outcome over.</summary>
    internal static void Write(OutcomeRecord recorded, Outcome outcome)
    {
        outcome.Answer = recorded.Answer;
        outcome.Log = recorded.Log;
        foreach (ref readonly var witness in recorded.Witness.AsSpan())
            outcome.Add(witness);
        foreach (ref readonly var effect in recorded.Effects.AsSpan())
            outcome.Add(effect);
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
}
