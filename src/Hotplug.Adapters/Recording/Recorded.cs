using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Adapters.Recording;

/// <summary>One recorded run of a real kernel, parsed and translated into the words of the contract.</summary>
/// <param name="File">Where it came from.</param>
/// <param name="Kernel">The kernel's release: <c>6.12.117+deb12-amd64</c>.</param>
/// <param name="Spec">The machine that it ran on.</param>
/// <param name="Start">What was seen before the first operation.</param>
/// <param name="Steps">The operations, in order.</param>
/// <param name="Notes">What a reader of the verdict should know: cut short, guest died.</param>
public sealed record RecordedRun(string File, string Kernel, MachineSpec Spec, RecordedState Start,
    ImmutableArray<RecordedStep> Steps, ImmutableArray<string> Notes)
{
    /// <summary>The kernel crashed in this operation, after all others; null if it did not.</summary>
    public RecordedCrash? Crash { get; init; }

    /// <summary>The kinds of effects that are recorded; none in a recording without steps.</summary>
    public EffectKinds Effects { get; init; }

    /// <summary>The operations alone.</summary>
    public ImmutableArray<Operation> Operations =>
        [.. Steps.Select(static s => s.Operation), .. Crash is null ? Array.Empty<Operation>() : [Crash.Operation]];
}

/// <summary>A kernel that crashed while it was recorded.</summary>
/// <param name="Line">Its line in the file, from 1.</param>
/// <param name="Operation">What it was doing.</param>
/// <param name="Evidence">What its console says.</param>
public sealed record RecordedCrash(int Line, Operation Operation, string Evidence);

/// <summary>One operation, what the kernel answered, and what was seen after it.</summary>
/// <param name="Line">Its line in the file, from 1.</param>
/// <param name="Operation">What was done.</param>
/// <param name="Outcome">What the kernel answered, chose and printed.</param>
/// <param name="State">What was seen after it.</param>
public sealed record RecordedStep(int Line, Operation Operation, OutcomeRecord Outcome, RecordedState State);

/// <summary>A memory block as it was seen.</summary>
/// <param name="Stamp">Differs from the stamp of the line before exactly when something else of the block does.</param>
/// <param name="Block">Its number.</param>
/// <param name="State">Its state.</param>
/// <param name="Node">Its node.</param>
/// <param name="Zone">Its zone, or the first candidate when it is offline.</param>
/// <param name="OtherZone">The other candidate.</param>
/// <param name="Pages">Its pages; shared between lines that show the same.</param>
public sealed record RecordedBlock(
    long Stamp, int Block, BlockState State, short Node, ZoneKind Zone, ZoneKind OtherZone, PageRuns Pages);

/// <summary>
/// Everything that one line of a recording shows, carried over from earlier lines where it says "unchanged".
/// </summary>
/// <param name="Blocks">Memory blocks, ascending.</param>
/// <param name="Zones">Zones of the nodes that are online.</param>
/// <param name="Nodes">Nodes that are online.</param>
/// <param name="Resources">Registered System RAM above boot memory, ascending.</param>
/// <param name="Devices">DIMMs that gave memory, and device memory.</param>
/// <param name="Balloons">The balloon.</param>
/// <param name="ManagedTotal">MemTotal, in pages.</param>
/// <param name="PoisonedPages">HardwareCorrupted, in pages.</param>
public sealed record RecordedState(ImmutableArray<RecordedBlock> Blocks, ImmutableArray<ZoneObservation> Zones,
    ImmutableArray<NodeObservation> Nodes, ImmutableArray<PageRange> Resources,
    ImmutableArray<DeviceObservation> Devices, ImmutableArray<BalloonObservation> Balloons,
    long ManagedTotal, long PoisonedPages);
