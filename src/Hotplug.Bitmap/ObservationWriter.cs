using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>Writes observations: of the blocks only those that changed since this buffer was written last.</summary>
internal sealed class ObservationWriter<TRules>(MachineState state, BlockPainter painter, TRules rules)
    where TRules : struct, IRules
{
    private readonly List<int> _changes = [];

    public void Write(Observation observation)
    {
        var journal = state.Journal;
        var isOurs = ReferenceEquals(observation.Writer, journal);
        var isWhole = !isOurs || observation.Version < journal.Since;
        observation.Visible = Visibility.All;
        observation.Begin(isWhole);
        if (isWhole)
            WriteAll(observation, isOurs);
        else
            WriteChanges(observation);
        WriteRest(observation);
        if (journal.Version > journal.Since)
        {
            observation.TracksTouched();
            journal.CopyChangesAfter(journal.Version - 1, _changes);
            foreach (var number in _changes)
                observation.Touch(number);
        }

        observation.Writer = journal;
        observation.Version = journal.Version;
        observation.End();
    }

    private void WriteAll(Observation observation, bool stampsAreOurs)
    {
        foreach (var number in state.Blocks.Numbers)
        {
            var block = state.Blocks[number];
            var seen = observation.Open(number);
            if (!stampsAreOurs || seen.Stamp != block.Stamp)
                painter.Paint(block, seen);
            observation.Close(seen);
        }
    }

    private void WriteChanges(Observation observation)
    {
        state.Journal.CopyChangesAfter(observation.Version, _changes);
        foreach (var number in _changes)
        {
            if (state.Blocks.Find(number) is not { } block)
            {
                observation.Remove(number);
                continue;
            }

            var seen = observation.Open(number);
            painter.Paint(block, seen);
            observation.Close(seen);
        }
    }

    private void WriteRest(Observation observation)
    {
        long managed = 0;
        for (var i = 0; i < state.Zones.Count; i++)
        {
            if (state.Zones.Find(i) is not { } zone)
                continue;
            managed += zone.Managed;
            observation.Add(new ZoneObservation(
                zone.Id, zone.Start, zone.End - zone.Start, zone.Present, zone.Managed, zone.Free, 0));
        }

        observation.ManagedTotal = managed - (state.Cmm?.List.Loaned ?? 0);
        observation.PoisonedPages = state.PoisonedPages;
        observation.BootMemmapPages = state.BootMemmapPages;
        observation.Callbacks = state.Callbacks;
        WriteDevices(observation);
        for (short node = 0; node < state.NodeOnline.Length; node++)
            if (state.NodeOnline[node])
                observation.Add(new NodeObservation(node, true, state.HasMemory(node),
                    rules.Keeps(Fault.NormalMemoryNotMaintained) ? state.HasNormalMemory(node) : node == 0));
        foreach (var range in state.Resources.Ranges)
            observation.Add(range);
        if (state.Pcplists.Exist)
            WritePcplists(observation);
    }

    private void WritePcplists(Observation observation)
    {
        var lists = state.Pcplists;
        for (var i = 0; i < state.Zones.Count; i++)
            if (state.Zones.Find(i) is { } zone)
                for (short cpu = 0; cpu < state.Spec.Cpus; cpu++)
                    observation.Add(new PcplistObservation(
                        zone.Id, cpu, lists.Count(cpu, i), lists.High(i), lists.Batch(i)));
    }

    private void WriteDevices(Observation observation)
    {
        foreach (var dimm in state.Devices.Dimms)
        {
            var pages = (long)dimm.Blocks * state.Layout.PagesPerBlock;
            var plugged = dimm.Driver == CallbackOwner.Generic ? pages : BackedIn(dimm);
            observation.Add(new DeviceObservation(Name.Device(dimm.Id), dimm.Range, plugged, pages, InFlight: false,
                dimm.Driver));
        }

        foreach (var memory in state.Memories)
        {
            var size = memory.Spec.SubBlockPages;
            observation.Add(new DeviceObservation(Name.DeviceMemory(memory.Id), state.Spec.RegionOf(memory.Id),
                memory.Plugged * size, memory.Requested * size, InFlight: false));
        }

        if (state.Cmm is { } cmm)
            observation.Loans = new LoanObservation(cmm.List.Loaned, cmm.List.Count, cmm.Target, cmm.OomFreed,
                cmm.HotplugOccurred, cmm.SecondsToWake, cmm.IsPaused);
        foreach (var balloon in state.Balloons)
            observation.Add(new BalloonObservation(
                balloon.Driver, Ballooning<Faithful>.SizeOf(state, balloon), balloon.Target, InFlight: false));
    }

    private long BackedIn(in Dimm dimm)
    {
        long pages = 0;
        foreach (var number in state.Blocks.In(dimm.Range))
            if (state.Blocks[number] is { Driver: not CallbackOwner.Generic } block && block.Device == dimm.Id)
                pages += BitRanges.Count(block.Backed, 0, state.Layout.PagesPerBlock);
        return pages;
    }
}
