using System.Text;

namespace Hotplug.Engine.Schedules;

/// <summary>Who holds what and who waits for what, in words.</summary>
internal static class WaitGraph
{
    internal static string Tell(IReadOnlyList<CpuThread> threads, int cpus, LockTable locks)
    {
        var text = new StringBuilder();
        for (var cpu = 0; cpu < cpus; cpu++)
        {
            var thread = threads[cpu];
            if (!thread.IsLive)
                continue;
            text.Append(text.Length == 0 ? "" : "; ").Append("cpu ").Append(cpu);
            var held = string.Join(" and ", locks.HeldBy(cpu));
            if (held.Length > 0)
                text.Append(" holds ").Append(held).Append(" and");
            text.Append(thread.Position.Standing switch
            {
                Standing.BeforeLock => $" waits for {thread.Position.Lock}{Owner(locks.OwnerOf(thread.LockIndex))}",
                Standing.Awaiting => $" waits at {thread.Position} for somebody to change something",
                _ => $" stands at {thread.Position}",
            });
        }

        return text.ToString();
    }

    private static string Owner(int cpu) => cpu < 0 ? "" : $", which cpu {cpu} holds";
}
