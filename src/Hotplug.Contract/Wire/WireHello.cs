using System.Collections.Immutable;
using Hotplug.Contract.Machines;

namespace Hotplug.Contract.Wire;

/// <summary>What a peer says of itself before anything else.</summary>
/// <param name="Protocol">The version that it speaks.</param>
/// <param name="Machine">Who it is, and what it implements and shows.</param>
/// <param name="Capabilities">What it can do beyond the least; words that are not known are kept and ignored.</param>
public sealed record WireHello(int Protocol, MachineIdentity Machine, ImmutableArray<string> Capabilities)
{
    /// <summary>True if the peer has this capability.</summary>
    public bool Can(string capability) => Capabilities.Contains(capability);
}
