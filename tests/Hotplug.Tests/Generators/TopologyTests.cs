using FsCheck.Xunit;
using Hotplug.Contract.Machines;
using Hotplug.Generators.Topologies;
using Xunit;

namespace Hotplug.Tests.Generators;

public sealed class TopologyTests
{
    [Property(MaxTest = 200)]
    public void A_host_is_a_coherent_machine(ulong seed) =>
        Assert.Null(SpecRules.Check(Topology.Draw(seed).ToSpec()));

    [Property(MaxTest = 200)]
    public void The_DIMMs_fill_the_hot_pluggable_range(ulong seed)
    {
        var host = Topology.Draw(seed);
        Assert.Equal(host.ToSpec().DimmRange.Count, host.AddAll().Sum(static o => o.Amount));
        Assert.All(host.AddAll(), o => Assert.InRange(o.Node, 0, host.Sockets - 1));
    }

    [Property(MaxTest = 200)]
    public void Capacities_are_plausible(ulong seed)
    {
        var host = Topology.Draw(seed);
        Assert.InRange(host.Gigabytes, 16, 16 * 1024);
        Assert.All(host.Dimms, static d => Assert.InRange(d.Gigabytes, 16, 512));
        Assert.Equal(host.Dimms.Length, host.Dimms.Select(static d => d.Slot).Distinct().Count());
        Assert.All(host.Dimms, static d => Assert.Matches("^[0-9A-F]{8}$", d.SerialNumber));
    }

    [Property(MaxTest = 50)]
    public void Equal_seeds_give_equal_hosts(ulong seed) =>
        Assert.Equal(Topology.Draw(seed).ToString(), Topology.Draw(seed).ToString());

    [Fact]
    public void Small_hosts_have_blocks_of_128_MiB_and_large_ones_of_2_GiB()
    {
        var hosts = Enumerable.Range(0, 100).Select(static seed => Topology.Draw((ulong)seed)).ToList();
        Assert.All(hosts, static h => Assert.Equal(
            h.BootGigabytes < 64 ? 32768 : 32768 * 16, h.ToSpec().PagesPerBlock));
        Assert.Contains(hosts, static h => h.SectionsPerBlock == 1);
        Assert.Contains(hosts, static h => h.Gigabytes > 4096);
    }
}
