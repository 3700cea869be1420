using Hotplug.Contract.Machines;
using Hotplug.Contract.Traces;

namespace Hotplug.Cli.Targets;

/// <summary>A trace may need more than a machine has: that is told, and nothing is skipped.</summary>
internal static class Supported
{
    /// <summary>Throws <see cref="UsageException"/> with the levels that the machine lacks.</summary>
    internal static void Demand(string file, Trace trace, MachineIdentity machine)
    {
        var missing = trace.Needs & ~machine.Levels;
        if (missing != Levels.None)
            throw new UsageException(
                $"{file}: needs level {LevelsText.Print(missing)}; {machine.Name} has "
                + $"{LevelsText.Print(machine.Levels)}; "
                + "choose another --target, or take these operations out");
    }
}
