using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Properties;

/// <summary>
/// A machine on which everything is done twice: it goes back to how it was before the operation, and comes to the same
/// by it as the first time.
/// </summary>
internal sealed class Rewinder(IMachine inner) : IMachine
{
    private readonly Observation _first = new();
    private readonly Observation _second = new();
    private readonly Outcome _outcome = new();

    public MachineIdentity Identity => inner.Identity;

    public void Reset(MachineSpec spec) => inner.Reset(spec);

    public void Execute(in Operation operation, in Target target, Outcome outcome)
    {
        var before = ((ISnapshots)inner).Snapshot();
        _outcome.Clear();
        inner.Execute(operation, target, _outcome);
        inner.Observe(_first);
        ((ISnapshots)inner).Restore(before);
        inner.Execute(operation, target, outcome);
        inner.Observe(_second);
        Assert.Equal(_outcome.Answer, outcome.Answer);
        Assert.Equal(_outcome.Witness, outcome.Witness);
        Assert.Equal(_outcome.Effects, outcome.Effects);
        Onlookers.AssertSame(_first, _second);
    }

    public void Observe(Observation observation) => inner.Observe(observation);

    public void Dispose() => inner.Dispose();
}
