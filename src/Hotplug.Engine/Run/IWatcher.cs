using Hotplug.Contract.Machines;
using Hotplug.Contract.Rules;

namespace Hotplug.Engine.Run;

/// <summary>Watches what a runner does, and judges nothing.</summary>
public interface IWatcher
{
    /// <summary>A run of this machine begins.</summary>
    void Begin(MachineSpec spec);

    /// <summary>An operation was carried out and keeps every rule. Valid during the call.</summary>
    void Watch(Transition seen);
}
