using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Machines;

/// <summary>
/// Anything that implements memory hotplug: our own machine, a real kernel, a recording of one, a stranger's program.
/// One thread at a time.
/// </summary>
public interface IMachine : IDisposable
{
    /// <summary>Who this is, and what it implements. Constant.</summary>
    MachineIdentity Identity { get; }

    /// <summary>
    /// Starts afresh with this spec: boot memory online, nothing added. Throws <see cref="HarnessException"/> if it
    /// cannot start.
    /// </summary>
    void Reset(MachineSpec spec);

    /// <summary>
    /// Carries out one operation. <paramref name="outcome"/> comes cleared. Never throws for a refused operation: that
    /// is an answer. Names of <paramref name="operation"/> are resolved in <paramref name="target"/>; allocations are
    /// known to the machine by their number.
    /// </summary>
    void Execute(in Operation operation, in Target target, Outcome outcome);

    /// <summary>
    /// Writes what can be seen now into a reused observation: between <see cref="Observation.Begin"/> and
    /// <see cref="Observation.End"/>, touching only what changed since that observation was last written.
    /// </summary>
    void Observe(Observation observation);
}

/// <summary>A machine that can go back to an earlier state: what exploration needs.</summary>
public interface ISnapshots
{
    /// <summary>A copy of the whole state.</summary>
    object Snapshot();

    /// <summary>Goes back to a state that <see cref="Snapshot"/> gave; it may be used again.</summary>
    void Restore(object snapshot);
}

/// <summary>
/// A machine that breaks a rule on purpose, and tells how often: until it did, it is the machine without the fault.
/// </summary>
public interface ISeeded
{
    /// <summary>How often the rule was broken since the machine was made; never goes down.</summary>
    long TimesBroken { get; }
}

/// <summary>A machine that keeps a record of the run at hand: what was seen, to be judged again without it.</summary>
public interface IKeepsRecord
{
    /// <summary>The record, up to now. Of a run that ended badly it holds how.</summary>
    string Record { get; }
}

/// <summary>Who a machine is, and what it implements.</summary>
/// <param name="Name">A word: <c>bitmap</c>, <c>linux</c>, …</param>
/// <param name="Version">Its version, or the kernel's release.</param>
/// <param name="Levels">What it implements.</param>
/// <param name="Visible">What its observations show.</param>
public sealed record MachineIdentity(string Name, string Version, Levels Levels, Visibility Visible)
{
    /// <summary>
    /// Of a machine with <see cref="Levels.Effects"/>: the kinds that it reports. What is not among them may happen
    /// unseen.
    /// </summary>
    public EffectKinds Effects { get; init; } = EffectKinds.All;
}

/// <summary>
/// The harness failed, not the machine: did not start, disk full, killed from outside. Makes the verdict inconclusive.
/// </summary>
public sealed class HarnessException : Exception
{
    /// <summary>With a message that names what failed and what to do next.</summary>
    public HarnessException(string message)
        : base(message)
    {
    }

    /// <summary>With the cause.</summary>
    public HarnessException(string message, Exception cause)
        : base(message, cause)
    {
    }
}

/// <summary>
/// The machine ended through nobody's fault: a guest in which every page was taken. The run is judged up to the
/// operation before.
/// </summary>
public sealed class RunEndedException : Exception
{
    /// <summary>With a message that tells why it ended.</summary>
    public RunEndedException(string message)
        : base(message)
    {
    }
}
