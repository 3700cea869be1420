using Hotplug.Adapters.Stdio;
using Hotplug.Contract.Machines;
using Xunit;

namespace Hotplug.Tests.Stdio;

/// <summary>Nothing that a peer started outlives the machine.</summary>
public sealed class OrphanTests
{
    // Says in its version which process it started, and cannot be talked to.
    private const string Stubborn = """
        trap '' TERM HUP INT
        sleep 1000 &
        read -r hello
        printf '{"hello":{"protocol":1,"name":"stubborn","version":"%s","levels":["core"],"visible":[]}}\n' $!
        while :; do sleep 1000; done
        """;

    [Fact]
    public void Disposing_of_the_machine_kills_what_its_program_started()
    {
        var machine = Peers.Open(Peers.Command("/bin/sh", "-c", Stubborn));
        var child = int.Parse(machine.Identity.Version);
        Assert.False(IsGone(child));
        machine.Dispose();
        Assert.True(SpinWait.SpinUntil(() => IsGone(child), TimeSpan.FromMinutes(2)),
            $"process {child} is still there");
    }

    [Fact]
    public void A_hang_kills_what_the_program_started()
    {
        var clock = new ImpatientClock();
        using var machine =
            StdioMachine.Open(Peers.Command("/bin/sh", "-c", Stubborn), new StdioOptions { Clock = clock });
        var child = int.Parse(machine.Identity.Version);
        clock.IsImpatient = true;
        Assert.ThrowsAny<Exception>(() => machine.Reset(new MachineSpec()));
        Assert.True(SpinWait.SpinUntil(() => IsGone(child), TimeSpan.FromMinutes(2)),
            $"process {child} is still there");
    }

    // Killed, and perhaps not yet collected by its new parent.
    private static bool IsGone(int process)
    {
        try
        {
            var status = File.ReadAllText($"/proc/{process}/stat");
            return status[(status.LastIndexOf(')') + 2)..].StartsWith('Z');
        }
        catch (IOException)
        {
            return true;
        }
    }
}
