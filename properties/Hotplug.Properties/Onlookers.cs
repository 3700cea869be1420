using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Properties;

/// <summary>
/// A machine that others look at as well, each after so many operations: who looks seldom sees what is seen by who looks
/// for the first time, and what is not said to be touched is as it was an operation ago.
/// </summary>
internal sealed class Onlookers(IMachine inner, params int[] paces) : IMachine
{
    private readonly Observation[] _seen = [.. paces.Select(static _ => new Observation())];
    private Observation _before = new();
    private Observation _now = new();
    private int _operations;

    public MachineIdentity Identity => inner.Identity;

    public void Reset(MachineSpec spec)
    {
        inner.Reset(spec);
        Look(isStart: true);
    }

    public void Execute(in Operation operation, in Target target, Outcome outcome)
    {
        inner.Execute(operation, target, outcome);
        _operations++;
        Look(isStart: false);
    }

    public void Observe(Observation observation) => inner.Observe(observation);

    public void Dispose() => inner.Dispose();

    /// <summary>Everything that the one shows the other shows.</summary>
    internal static void AssertSame(Observation expected, Observation shown)
    {
        Assert.Equal(expected.Zones, shown.Zones);
        Assert.Equal(expected.Devices, shown.Devices);
        Assert.Equal(expected.Balloons, shown.Balloons);
        Assert.Equal(expected.Nodes, shown.Nodes);
        Assert.Equal(expected.Resources, shown.Resources);
        Assert.Equal(expected.Pcplists, shown.Pcplists);
        Assert.Equal((expected.Visible, expected.ManagedTotal, expected.PoisonedPages, expected.BootMemmapPages, expected.Callbacks, expected.Loans),
            (shown.Visible, shown.ManagedTotal, shown.PoisonedPages, shown.BootMemmapPages, shown.Callbacks, shown.Loans));
        Assert.Equal(expected.Blocks.Length, shown.Blocks.Length);
        foreach (var block in expected.Blocks)
            Assert.True(AreAlike(block, shown.Find(block.Block)), $"{Describe(block)} expected, {Describe(shown.Find(block.Block))} shown");
    }

    private void Look(bool isStart)
    {
        _before = _now;
        _now = new Observation();
        inner.Observe(_now);
        for (var i = 0; i < paces.Length; i++)
            if (_operations % paces[i] == 0)
            {
                inner.Observe(_seen[i]);
                AssertSame(_now, _seen[i]);
            }

        if (isStart || _now.Touched is not { } touched)
            return;
        foreach (var block in _now.Blocks)
            Assert.True(touched.Contains(block.Block) || AreAlike(block, _before.Find(block.Block)), $"block {block.Block} changed untouched");
        foreach (var block in _before.Blocks)
            Assert.True(touched.Contains(block.Block) || _now.Find(block.Block) is not null, $"block {block.Block} went untouched");
    }

    private static string Describe(BlockObservation? block) => block is null ? "nothing"
        : $"block {block.Block}, {block.State}, zones {block.Zone} and {block.OtherZone}, {string.Join(" ", block.Pages.Runs.ToArray().Select(static r => $"{r.Count} {r.State},"))}";

    private static bool AreAlike(BlockObservation one, BlockObservation? other) => other is not null
        && (one.State, one.Node, one.Zone, one.OtherZone, one.IsRegistered)
            == (other.State, other.Node, other.Zone, other.OtherZone, other.IsRegistered)
        && one.Pages.Runs.SequenceEqual(other.Pages.Runs);
}
