using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Wire;

/// <summary>The requests of the protocol.</summary>
public enum WireRequestKind : byte
{
    /// <summary>Who are you?</summary>
    Hello,
    /// <summary>Start afresh with this spec.</summary>
    Reset,
    /// <summary>Carry out one operation.</summary>
    Execute,
    /// <summary>Show what can be seen.</summary>
    Observe,
    /// <summary>End.</summary>
    Bye,
}

/// <summary>One request. Fields that its kind does not use hold their default.</summary>
/// <param name="Kind">Which request.</param>
public readonly record struct WireRequest(WireRequestKind Kind)
{
    /// <summary>Hello: the version that the asker speaks.</summary>
    public int Protocol { get; init; }

    /// <summary>Reset: the machine. Null otherwise.</summary>
    public MachineSpec? Spec { get; init; }

    /// <summary>Execute: what is done.</summary>
    public Operation Operation { get; init; }

    /// <summary>Execute: where its names point.</summary>
    public Target Target { get; init; }

    /// <summary>Observe: everything, not only what changed since the observation before.</summary>
    public bool Whole { get; init; }
}
