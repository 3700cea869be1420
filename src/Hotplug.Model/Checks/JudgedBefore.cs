using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Checks;

/// <summary>
/// What need not be compared again. Where the operation left the structure of the state alone, nothing is in flight and
/// no declared defect predicts anything, whatever looks as it did before was judged when it was first seen.
/// </summary>
internal readonly ref struct JudgedBefore
{
    private readonly State _next;
    private readonly Transition _seen;

    /// <summary>From the state before the operation, null at the start of a run, and the one after.</summary>
    public JudgedBefore(State? before, State next, Transition seen)
    {
        _next = next;
        _seen = seen;
        Structure = before is not null && before.HasStructureOf(next) && seen.Deviations.Now.Count == 0
            && !seen.AnythingInFlight;
    }

    /// <summary>The state's structure is the same: a block, node or resource that looks as before was judged.</summary>
    public bool Structure { get; }

    /// <summary>Every zone was judged.</summary>
    public bool Zones => Structure && _seen.Changed.IsEmpty && _seen.Before.Zones.SequenceEqual(_seen.After.Zones);

    /// <summary>Every node was judged.</summary>
    public bool Nodes => Structure && _seen.Before.Nodes.SequenceEqual(_seen.After.Nodes);

    /// <summary>Every device was judged.</summary>
    public bool Devices => Structure && _seen.Changed.IsEmpty && _seen.Before.Devices.SequenceEqual(_seen.After.Devices);

    /// <summary>Every resource was judged.</summary>
    public bool Resources => Structure && _seen.Before.Resources.SequenceEqual(_seen.After.Resources);

    /// <summary>This zone was judged: its counters and the sums over its blocks are as before.</summary>
    public bool Zone(in ZoneObservation zone) => Structure && _next.BaseOf(zone.Id).Range.Count == 0
        && _seen.Before.Zone(zone.Id) == zone && _seen.Before.Totals(zone.Id) == _seen.After.Totals(zone.Id);
}
