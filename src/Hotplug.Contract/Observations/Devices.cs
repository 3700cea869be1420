using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Observations;

/// <summary>A device that brought memory: a DIMM or a device memory.</summary>
/// <param name="Name">Its name: <c>d1</c>, <c>m1</c>.</param>
/// <param name="Range">Its address range; a device memory's whole region.</param>
/// <param name="PluggedPages">Pages plugged: all of a DIMM's; of what a balloon driver added, those that are
/// backed.</param>
/// <param name="RequestedPages">Pages that the host asked for; the plugged ones where there is no request.</param>
/// <param name="InFlight">The machine may still be working on it: what concerns its blocks may lag.</param>
/// <param name="Owner">The balloon driver that added it; generic for none.</param>
public readonly record struct DeviceObservation(Name Name, PageRange Range, long PluggedPages, long RequestedPages,
    bool InFlight, CallbackOwner Owner = CallbackOwner.Generic);

/// <summary>A balloon.</summary>
/// <param name="Driver">Its driver.</param>
/// <param name="Pages">Pages that it holds.</param>
/// <param name="TargetPages">Pages that it was asked to hold; −1 unknown.</param>
/// <param name="InFlight">The machine may still be working on it.</param>
public readonly record struct BalloonObservation(BalloonDriver Driver, long Pages, long TargetPages, bool InFlight);
