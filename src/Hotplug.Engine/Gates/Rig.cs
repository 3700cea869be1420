using Hotplug.Contract.Machines;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Gates;

/// <summary>
/// Everything that one worker of a campaign needs for itself: a machine, what judges it, and what drives it.
/// </summary>
/// <param name="Machine">The machine; the gate disposes of it.</param>
/// <param name="Suite">What judges it.</param>
/// <param name="Sequences">What drives it.</param>
public sealed record Rig(IMachine Machine, Suite Suite, ISequences Sequences);
