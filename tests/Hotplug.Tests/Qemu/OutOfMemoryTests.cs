using System.Text.Json.Nodes;
using Hotplug.Adapters.Qemu;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Xunit;

namespace Hotplug.Tests.Qemu;

/// <summary>
/// What the guest's agent does when the kernel runs out of memory: moom_callback(), drivers/tty/sysrq.c, has the OOM
/// killer choose as it does when memory is gone.
/// </summary>
public sealed class OutOfMemoryTests
{
    private const int MostAsked = 200, Pages = 16_384;

    private static readonly GuestShape s_shape = new(Numa: true, MemmapOnMemory.Off, DeflateOnOom: false);

    [LiveKernelTheory]
    [InlineData("6.1")]
    [InlineData("6.12")]
    public void The_OOM_killer_takes_the_victim_again_and_again_and_the_agent_goes_on(string version)
    {
        using var pool = new GuestPool(LiveKernel.Find(version));
        using var guest = pool.Take(s_shape);
        guest.Run();
        var killed = new HashSet<string>();
        for (var time = 1; time <= 3; time++)
        {
            AwaitVictim(guest.Agent);
            Assert.Equal(0, guest.Agent.Write("/proc/sysrq-trigger", "f"));
            Assert.True(killed.Add(AwaitKill(guest.Agent)), "a process was killed twice");
        }

        Assert.False(guest.Agent.Restarted);
        Assert.Equal(0, Allocate(guest.Agent, id: 1));
    }

    [LiveKernelTheory]
    [InlineData("6.1")]
    [InlineData("6.12")]
    public void An_agent_that_the_OOM_killer_takes_is_started_anew_with_nothing_in_its_hands(string version)
    {
        using var pool = new GuestPool(LiveKernel.Find(version));
        using var guest = pool.Take(s_shape);
        guest.Run();
        Assert.Equal(0, Allocate(guest.Agent, id: 1));
        Assert.Equal(0, guest.Agent.Write("/proc/self/oom_score_adj", "1000"));
        var died = Assert.Throws<DisconnectedException>(() =>
        {
            guest.Agent.Write("/proc/sysrq-trigger", "f");
            AwaitKill(guest.Agent);
            guest.Agent.Ask("list", new JsonObject { ["path"] = "/" });
        });
        Assert.Contains("the guest's agent was killed", died.Message, StringComparison.Ordinal);
        Assert.True(guest.Agent.Restarted);
        Assert.Equal((int)Errno.EINVAL, Free(guest.Agent, id: 1));
        Assert.Equal(0, Allocate(guest.Agent, id: 1));
        Assert.Equal(0, Free(guest.Agent, id: 1));
    }

    // Process 1 starts it again a moment after it was killed.
    private static void AwaitVictim(AgentClient agent)
    {
        for (var asked = 0; asked < MostAsked; asked++)
            foreach (var process in agent.Ask("list", new JsonObject { ["path"] = "/proc" })["names"]!.GetValue<string>().Split('\n'))
                if (char.IsAsciiDigit(process[0]) && agent.Read($"/proc/{process}/oom_score_adj").Trim() == "1000")
                    return;
        throw new InvalidOperationException($"there is no victim, asked {MostAsked} times");
    }

    // The killer works beside us: its words are waited for, asked for so many times at most.
    private static string AwaitKill(AgentClient agent)
    {
        for (var asked = 0; asked < MostAsked; asked++)
            foreach (var line in agent.Ask("dmesg")["dmesg"]!.AsArray())
                if (line!.GetValue<string>() is var text && text.Contains("Killed process", StringComparison.Ordinal))
                    return text[..text.IndexOf(" total-vm", StringComparison.Ordinal)];
        throw new InvalidOperationException($"nobody was killed, asked {MostAsked} times");
    }

    private static int Allocate(AgentClient agent, int id) => agent.Ask("alloc",
        new JsonObject { ["alloc"] = id, ["kind"] = "anon", ["pages"] = Pages, ["node"] = 0 })["rc"]!.GetValue<int>();

    private static int Free(AgentClient agent, int id) =>
        agent.Ask("free", new JsonObject { ["alloc"] = id })["rc"]!.GetValue<int>();
}
