namespace Hotplug.Agent;

/// <summary>
/// A process that the OOM killer takes first. Its end frees what it holds, and process 1 starts it again: so running
/// out of memory costs a process that nobody needs instead of ending in a panic.
/// </summary>
internal static unsafe class Victim
{
    private const long Bytes = 8 << 20;

    internal static int Run()
    {
        Files.Write("/proc/self/oom_score_adj", "1000");
        var memory = Libc.mmap(null, Bytes, Libc.ProtectionReadWrite, Libc.MapPrivate | Libc.MapAnonymous, -1, 0);
        Libc.BindRange(memory, Bytes, Libc.PolicyBind, 0);
        Libc.Advise(memory, Bytes, Libc.AdvisePopulateWrite);
        while (true)
            Libc.Pause(-1);
    }
}
