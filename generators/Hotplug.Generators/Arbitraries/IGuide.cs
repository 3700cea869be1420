using Hotplug.Contract.Machines;
using Hotplug.Engine.Run;

namespace Hotplug.Generators.Arbitraries;

/// <summary>
/// Who walks ahead while a trace is drawn: a machine, and the suite whose specification tells what can be done. A type and
/// not a value, because FsCheck knows arbitraries by type.
/// </summary>
public interface IGuide
{
    /// <summary>A machine to walk on; disposed of after each trace.</summary>
    static abstract IMachine Open();

    /// <summary>What judges it, and describes its state.</summary>
    static abstract Suite Suite { get; }

    /// <summary>What draws the specs and the operations.</summary>
    static abstract ISequences Sequences { get; }
}
