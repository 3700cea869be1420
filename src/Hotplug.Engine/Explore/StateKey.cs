using Hotplug.Contract.Observations;

namespace Hotplug.Engine.Explore;

/// <summary>
/// What makes one state of a run: everything that can be seen, as 128 bits, what the specification knows, and the
/// virtual time. Equal keys are one state.
/// </summary>
/// <param name="Seen">Digest of the observation.</param>
/// <param name="Known">The specification's state, which compares by value.</param>
/// <param name="Seconds">Virtual seconds that passed.</param>
internal readonly record struct StateKey(Digest Seen, object Known, long Seconds)
{
    public override int GetHashCode() => Seen.GetHashCode();
}

/// <summary>A hash of 128 bits: so wide that two observations with the same one are the same.</summary>
/// <param name="High">One half.</param>
/// <param name="Low">The other, mixed in another way.</param>
internal readonly record struct Digest(ulong High, ulong Low)
{
    /// <summary>
    /// Everything that an observation shows; not its stamps and versions, which tell how it was written.
    /// </summary>
    internal static Digest Of(Observation seen)
    {
        var digest = default(Digest).With(seen.ManagedTotal).With(seen.PoisonedPages).With(seen.BootMemmapPages)
            .With((long)seen.Callbacks);
        foreach (var block in seen.Blocks)
        {
            digest = digest.With(block.Block).With(block.Node)
                .With((block.IsRegistered ? 1 << 16 : 0)
                    | ((int)block.State << 8) | ((int)block.Zone << 4) | (int)block.OtherZone);
            foreach (ref readonly var run in block.Pages.Runs)
                digest = digest.With(run.Count).With(((long)run.State.References << 32)
                    | ((long)run.State.Owner << 24) | ((long)run.State.Order << 16) | (long)run.State.Flags);
        }

        foreach (ref readonly var zone in seen.Zones)
            digest = digest.With(zone.Id.Node).With((long)zone.Id.Kind).With(zone.Start).With(zone.Spanned)
                .With(zone.Present).With(zone.Managed).With(zone.Free).With(zone.IsolatedPageblocks);
        foreach (ref readonly var device in seen.Devices)
            digest = digest.With(((long)device.Name.Kind << 32) | (uint)device.Name.Id)
                .With(((long)device.Owner << 1) | (device.InFlight ? 1L : 0))
                .With(device.Range.Start).With(device.Range.Count).With(device.PluggedPages)
                .With(device.RequestedPages);
        foreach (ref readonly var balloon in seen.Balloons)
            digest = digest.With((long)balloon.Driver).With(balloon.InFlight ? 1 : 0).With(balloon.Pages)
                .With(balloon.TargetPages);
        foreach (ref readonly var node in seen.Nodes)
            digest = digest.With(node.Node)
                .With((node.Online ? 4 : 0) | (node.HasMemory ? 2 : 0) | (node.HasNormalMemory ? 1 : 0));
        foreach (ref readonly var resource in seen.Resources)
            digest = digest.With(resource.Start).With(resource.Count);
        foreach (ref readonly var list in seen.Pcplists)
            digest = digest.With(((long)list.Zone.Node << 24) | ((long)list.Zone.Kind << 16) | (ushort)list.Cpu)
                .With(list.Pages).With(list.High).With(list.Batch);
        return seen.Loans is not { } loans ? digest
            : digest.With(loans.Pages).With(loans.ListPages).With(loans.TargetPages).With(loans.OomFreedPages)
                .With(loans.SecondsToWake).With((loans.HotplugOccurred ? 2 : 0) | (loans.Paused ? 1 : 0));
    }

    // Two multiplications by odd constants, each followed by what carries high bits down.
    private Digest With(long number)
    {
        unchecked   // Arithmetic modulo 2^64 is what mixes.
        {
            var word = (ulong)number;
            var high = (High ^ word) * 0x9E3779B97F4A7C15;
            var low = (Low + word + 0x632BE59BD9B4E019) * 0xD1B54A32D192ED03;
            return new Digest(high ^ (high >> 32), low ^ (low >> 29));
        }
    }
}
