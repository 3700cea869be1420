using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Properties.Lies;

/// <summary>
/// A machine that shows less than the one inside: nothing of what <paramref name="hidden"/> names, and no steps if
/// <paramref name="hidesSteps"/>. What is not shown is gone, not only called hidden. Blocks and zones are always
/// shown: without them there is nothing to judge, and no telling where the next block goes. How far a balloon or a
/// device memory got cannot be followed without its size, nor what drivers of balloons do with memory of their own, or
/// CMM with anybody's, without seeing where it is: then it has no such level.
/// </summary>
internal sealed class BlindMachine(IMachine inner, Visibility hidden, bool hidesSteps) : IMachine
{
    private readonly Observation _truth = new();
    private readonly Outcome _outcome = new();
    private readonly Visibility _hidden = Closed(hidden & ~(Visibility.Blocks | Visibility.Zones | Visibility.ZoneStart));
    private MachineSpec _spec = new();
    private long _stamp;

    public MachineIdentity Identity => inner.Identity with
    {
        Levels = inner.Identity.Levels & ~(hidesSteps ? Levels.Effects : Levels.None)
            & ~(Hides(Visibility.Placement) ? Levels.OnlineCallback : Levels.None)
            & ~(Hides(Visibility.Placement | Visibility.ZoneFree) ? Levels.Cmm : Levels.None)
            & ~(Hides(Visibility.Devices) ? Levels.DeviceMemory : Levels.None)
            & ~(Hides(Visibility.Balloons) ? Levels.Balloon | Levels.OnlineCallback : Levels.None),
        Visible = inner.Identity.Visible & ~_hidden,
    };

    public void Reset(MachineSpec spec)
    {
        _spec = spec;
        inner.Reset(spec);
    }

    public void Execute(in Operation operation, in Target target, Outcome outcome)
    {
        _outcome.Clear();
        inner.Execute(operation, target, _outcome);
        outcome.Answer = _outcome.Answer;
        outcome.Log = _outcome.Log;
        foreach (ref readonly var witness in _outcome.Witness)
            if (!Hides(ShownWith(witness.Role)))
                outcome.Add(witness);
        if (hidesSteps)
            return;
        foreach (ref readonly var effect in _outcome.Effects)
            outcome.Add(effect);
    }

    public void Observe(Observation observation)
    {
        inner.Observe(_truth);
        observation.CopyFrom(_truth);
        observation.Visible &= ~_hidden;
        HideInPages(observation);
        HideInTables(observation);
    }

    public void Dispose() => inner.Dispose();

    // What is of no use without something else goes with it.
    private static Visibility Closed(Visibility hidden)
    {
        if (hidden.HasFlag(Visibility.PageTypes))
            hidden |= Visibility.References | Visibility.Owners | Visibility.BootPages;
        if ((hidden & (Visibility.References | Visibility.Owners | Visibility.BootPages)) != Visibility.None)
            hidden |= Visibility.Placement;
        return hidden;
    }

    // Who does not show which pages are whose has no witness of it either.
    private static Visibility ShownWith(WitnessRole role) => role switch
    {
        WitnessRole.Placed => Visibility.None,
        WitnessRole.Plugged or WitnessRole.Unplugged => Visibility.Owners,
        _ => Visibility.Placement,
    };

    private bool Hides(Visibility what) => (_hidden & what) != Visibility.None;

    private void HideInPages(Observation observation)
    {
        if (!Hides(Visibility.PageTypes | Visibility.BootPages | Visibility.References | Visibility.Owners))
            return;
        foreach (var truth in _truth.Blocks)
        {
            var block = observation.Open(truth.Block);
            block.Stamp = ++_stamp;
            block.Pages.Clear();
            if (!Hides(Visibility.PageTypes) && !(Hides(Visibility.BootPages) && truth.Block < _spec.BootBlocks))
                foreach (ref readonly var run in truth.Pages.Runs)
                    block.Pages.Add(run.Count, Blurred(run.State));
            observation.Close(block);
        }
    }

    private PageState Blurred(PageState page) => page with
    {
        Owner = Hides(Visibility.Owners) ? (byte)0 : page.Owner,
        References = Hides(Visibility.References) ? PageState.Unknown : page.References,
    };

    private void HideInTables(Observation observation)
    {
        observation.Begin(whole: false);
        foreach (ref readonly var zone in _truth.Zones)
            observation.Add(Hides(Visibility.ZoneFree) ? zone with { Free = 0 } : zone);
        if (!Hides(Visibility.Devices))
            foreach (ref readonly var device in _truth.Devices)
                observation.Add(device);
        if (!Hides(Visibility.Nodes))
            foreach (ref readonly var node in _truth.Nodes)
                observation.Add(node);
        if (!Hides(Visibility.Resources))
            foreach (ref readonly var resource in _truth.Resources)
                observation.Add(resource);
        if (!Hides(Visibility.Pcplists))
            foreach (ref readonly var list in _truth.Pcplists)
                observation.Add(list);
        if (!Hides(Visibility.Balloons))
            foreach (ref readonly var balloon in _truth.Balloons)
                observation.Add(balloon);
        observation.Loans = _truth.Loans;   // What has the level shows it.
        if (Hides(Visibility.Callbacks))
            observation.Callbacks = CallbackOwners.None;
        if (Hides(Visibility.Counters))
            (observation.ManagedTotal, observation.PoisonedPages, observation.BootMemmapPages) = (-1, -1, -1);
        observation.End();
    }
}
