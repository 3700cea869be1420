using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Rules;
using Hotplug.Generators;
using Hotplug.Generators.Specs;
using Xunit;

namespace Hotplug.Tests.Generators;

public sealed class SpecDrawTests
{
    private const Levels EveryLevel = (Levels)~0;

    [Fact]
    public void Every_drawn_spec_is_coherent() =>
        Assert.All(Drawn(EveryLevel).Concat(Drawn(Levels.Core)), static spec => Assert.Null(SpecRules.Check(spec)));

    [Fact]
    public void A_level_that_is_not_declared_is_not_drawn() => Assert.All(Drawn(Levels.Core), static spec =>
    {
        Assert.Equal(1, spec.Nodes);
        Assert.Equal(MemmapOnMemory.Off, spec.MemmapOnMemory);
        Assert.Empty(spec.DeviceMemories);
        Assert.Empty(spec.Balloons);
    });

    [Fact]
    public void Every_kind_of_machine_is_drawn()
    {
        var specs = Drawn(EveryLevel);
        Assert.Contains(specs, static s => s.Dialect == Dialect.Linux61);
        Assert.Contains(specs, static s => s.Dialect == Dialect.Linux612);
        Assert.Contains(specs, static s => s.PcBoot);
        Assert.Contains(specs, static s => s.Nodes == 2);
        Assert.Contains(specs, static s => s.DeviceMemories.Length == 2);
        Assert.Contains(specs, static s => s.DeviceMemories.Any(m => m.SubBlockPages > s.PagesPerPageblock));
        Assert.Contains(specs, static s => s.Balloons.Any(static b => b.DeflateOnOom));
        Assert.Contains(specs, static s => s.PagesPerBlock == 32768);
        Assert.Contains(specs, static s => s.CanSelfHost(s.MemmapOnMemory) && s.SectionsPerBlock == 2);
        Assert.Contains(specs, static s => s.MemmapOnMemory == MemmapOnMemory.On && !s.CanSelfHost(s.MemmapOnMemory));
        Assert.Contains(specs, static s => s.MemmapOnMemory == MemmapOnMemory.Force
            && !s.CanSelfHost(MemmapOnMemory.On) && s.CanSelfHost(MemmapOnMemory.Force));
        foreach (var policy in Enum.GetValues<AutoOnline>())
            Assert.Contains(specs, s => s.AutoOnline == policy);
    }

    [Fact]
    public void A_steered_campaign_draws_machines_that_suit_the_family()
    {
        var random = new SplitMix(3);
        var sequences = new Sequences(Family.DeviceMemory);
        for (var i = 0; i < 200; i++)
            Assert.NotEmpty(sequences.DrawSpec(ref random, EveryLevel).DeviceMemories);
    }

    private static List<MachineSpec> Drawn(Levels levels)
    {
        var random = new SplitMix(11);
        var specs = new List<MachineSpec>();
        for (var i = 0; i < 2000; i++)
            specs.Add(SpecDraw.Any(ref random, levels));
        return specs;
    }
}
