using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Wire;

namespace Hotplug.Adapters.Stdio;

/// <summary>What a peer has shown so far, and which blocks changed when, so that observers copy those only.</summary>
internal sealed class Mirror
{
    private const int MostEntries = 1 << 12;

    private readonly List<(long Version, int Block)> _journal = [];
    private readonly List<int> _changed = [];
    private Observation _seen = new();
    private long _version;
    private long _since;
    private long _stamp;

    /// <summary>Forgets everything: the next reply is of a machine that starts afresh.</summary>
    internal void Clear()
    {
        _seen = new Observation();
        _journal.Clear();
        _since = ++_version;
    }

    /// <summary>Takes a reply in. After an exception nothing is known until <see cref="Clear"/>.</summary>
    internal void Take(ReplyReader reader, ReadOnlySpan<byte> line, MachineSpec spec)
    {
        reader.ReadObservation(line, spec, _seen, ref _stamp);
        _version++;
        foreach (var block in _seen.Touched!)
            _journal.Add((_version, block));
        if (_journal.Count <= MostEntries)
            return;
        _since = _journal[MostEntries / 2].Version;
        _journal.RemoveRange(0, MostEntries / 2);
    }

    /// <summary>Copies what an observer has not seen yet.</summary>
    /// <param name="to">The observer's buffer.</param>
    /// <param name="visible">What the peer shows.</param>
    /// <param name="ofOperation">
    /// The last reply shows what the last operation changed: nothing else differs from before it.
    /// </param>
    internal void CopyTo(Observation to, Visibility visible, bool ofOperation)
    {
        var whole = !ReferenceEquals(to.Writer, this) || to.Version < _since;
        to.Begin(whole);
        if (whole)
            foreach (var block in _seen.Blocks)
                Copy(block, to);
        else
            CopyChanges(to);
        foreach (ref readonly var zone in _seen.Zones)
            to.Add(zone);
        foreach (ref readonly var device in _seen.Devices)
            to.Add(device);
        foreach (ref readonly var balloon in _seen.Balloons)
            to.Add(balloon);
        foreach (ref readonly var node in _seen.Nodes)
            to.Add(node);
        foreach (ref readonly var resource in _seen.Resources)
            to.Add(resource);
        foreach (ref readonly var list in _seen.Pcplists)
            to.Add(list);
        to.ManagedTotal = _seen.ManagedTotal;
        to.PoisonedPages = _seen.PoisonedPages;
        to.BootMemmapPages = _seen.BootMemmapPages;
        to.Loans = _seen.Loans;
        to.Callbacks = _seen.Callbacks;
        to.Visible = visible;
        to.Writer = this;
        to.Version = _version;
        if (ofOperation)
        {
            to.TracksTouched();
            foreach (var block in _seen.Touched!)
                to.Touch(block);
        }

        to.End();
    }

    private void CopyChanges(Observation to)
    {
        _changed.Clear();
        for (var i = _journal.Count - 1; i >= 0 && _journal[i].Version > to.Version; i--)
            _changed.Add(_journal[i].Block);
        _changed.Sort();
        var last = -1;
        foreach (var number in _changed)
        {
            if (number == last)
                continue;
            last = number;
            if (_seen.Find(number) is { } block)
                Copy(block, to);
            else
                to.Remove(number);
        }
    }

    private static void Copy(BlockObservation from, Observation to)
    {
        var copy = to.Open(from.Block);
        copy.Stamp = from.Stamp;
        copy.State = from.State;
        copy.Node = from.Node;
        copy.Zone = from.Zone;
        copy.OtherZone = from.OtherZone;
        copy.IsRegistered = from.IsRegistered;
        copy.Pages.CopyFrom(from.Pages);
        to.Close(copy);
    }
}
